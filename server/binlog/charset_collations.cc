// The character sets of the collations' numbers.
// Written by scripts/lib/charset_tables.py.
#include "binlog/charset_tables.h"

namespace binlogd {

// clang-format off
const CollationRun kCollations[] = {
    {1, 1, Charset::kBig5}, {2, 2, Charset::kLatin2}, {3, 3, Charset::kDec8}, {4, 4, Charset::kCp850},
    {5, 5, Charset::kLatin1}, {6, 6, Charset::kHp8}, {7, 7, Charset::kKoi8r}, {8, 8, Charset::kLatin1},
    {9, 9, Charset::kLatin2}, {10, 10, Charset::kSwe7}, {11, 11, Charset::kAscii}, {12, 12, Charset::kUjis},
    {13, 13, Charset::kSjis}, {14, 14, Charset::kCp1251}, {15, 15, Charset::kLatin1}, {16, 16, Charset::kHebrew},
    {18, 18, Charset::kTis620}, {19, 19, Charset::kEuckr}, {20, 20, Charset::kLatin7}, {21, 21, Charset::kLatin2},
    {22, 22, Charset::kKoi8u}, {23, 23, Charset::kCp1251}, {24, 24, Charset::kGb2312}, {25, 25, Charset::kGreek},
    {26, 26, Charset::kCp1250}, {27, 27, Charset::kLatin2}, {28, 28, Charset::kGbk}, {29, 29, Charset::kCp1257},
    {30, 30, Charset::kLatin5}, {31, 31, Charset::kLatin1}, {32, 32, Charset::kArmscii8}, {33, 33, Charset::kUtf8},
    {34, 34, Charset::kCp1250}, {35, 35, Charset::kUcs2}, {36, 36, Charset::kCp866}, {37, 37, Charset::kKeybcs2},
    {38, 38, Charset::kMacce}, {39, 39, Charset::kMacroman}, {40, 40, Charset::kCp852}, {41, 42, Charset::kLatin7},
    {43, 43, Charset::kMacce}, {44, 44, Charset::kCp1250}, {45, 46, Charset::kUtf8}, {47, 49, Charset::kLatin1},
    {50, 52, Charset::kCp1251}, {53, 53, Charset::kMacroman}, {54, 55, Charset::kUtf16}, {56, 56, Charset::kUtf16Le},
    {57, 57, Charset::kCp1256}, {58, 59, Charset::kCp1257}, {60, 61, Charset::kUtf32}, {62, 62, Charset::kUtf16Le},
    {63, 63, Charset::kBinary}, {64, 64, Charset::kArmscii8}, {65, 65, Charset::kAscii}, {66, 66, Charset::kCp1250},
    {67, 67, Charset::kCp1256}, {68, 68, Charset::kCp866}, {69, 69, Charset::kDec8}, {70, 70, Charset::kGreek},
    {71, 71, Charset::kHebrew}, {72, 72, Charset::kHp8}, {73, 73, Charset::kKeybcs2}, {74, 74, Charset::kKoi8r},
    {75, 75, Charset::kKoi8u}, {76, 76, Charset::kUtf8}, {77, 77, Charset::kLatin2}, {78, 78, Charset::kLatin5},
    {79, 79, Charset::kLatin7}, {80, 80, Charset::kCp850}, {81, 81, Charset::kCp852}, {82, 82, Charset::kSwe7},
    {83, 83, Charset::kUtf8}, {84, 84, Charset::kBig5}, {85, 85, Charset::kEuckr}, {86, 86, Charset::kGb2312},
    {87, 87, Charset::kGbk}, {88, 88, Charset::kSjis}, {89, 89, Charset::kTis620}, {90, 90, Charset::kUcs2},
    {91, 91, Charset::kUjis}, {92, 93, Charset::kGeostd8}, {94, 94, Charset::kLatin1}, {95, 96, Charset::kCp932},
    {97, 98, Charset::kEucjpms}, {99, 99, Charset::kCp1250}, {101, 124, Charset::kUtf16}, {128, 151, Charset::kUcs2},
    {159, 159, Charset::kUcs2}, {160, 183, Charset::kUtf32}, {192, 215, Charset::kUtf8}, {223, 247, Charset::kUtf8},
    {248, 250, Charset::kGb18030}, {255, 271, Charset::kUtf8}, {273, 275, Charset::kUtf8}, {277, 294, Charset::kUtf8},
    {296, 298, Charset::kUtf8}, {300, 300, Charset::kUtf8}, {303, 323, Charset::kUtf8}, {576, 579, Charset::kUtf8},
    {608, 611, Charset::kUtf8}, {640, 642, Charset::kUcs2}, {672, 674, Charset::kUtf16}, {736, 738, Charset::kUtf32},
    {2048, 2215, Charset::kUtf8}, {2232, 2247, Charset::kUtf8}, {2304, 2471, Charset::kUtf8}, {2488, 2503, Charset::kUtf8},
    {2560, 2727, Charset::kUcs2}, {2744, 2759, Charset::kUcs2}, {2816, 2983, Charset::kUtf16}, {3000, 3015, Charset::kUtf16},
    {3072, 3239, Charset::kUtf32}, {3256, 3271, Charset::kUtf32},
};
const size_t kCollationCount = 114;
// clang-format on

}  // namespace binlogd
