#include "base/byte_reader.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace binlogd {
namespace {

using std::string_literals::operator""s;

// A read of a certain width, whose result is widened.
struct Read {
  const char* name;
  size_t width;
  std::function<bool(ByteReader*, uint64_t*)> read;
  uint64_t expected;
};

const std::string kBytes = "\x01\x82\x03\x84\x05\x86\x07\x88"s;

template <typename T>
std::function<bool(ByteReader*, uint64_t*)> Widened(bool (ByteReader::*method)(T*)) {
  return [method](ByteReader* reader, uint64_t* value) {
    T narrow = 0;
    if (!(reader->*method)(&narrow)) return false;
    *value = narrow;
    return true;
  };
}

std::vector<Read> Reads() {
  std::vector<Read> reads = {
      {"U8", 1, Widened(&ByteReader::ReadU8), 0x01},
      {"U16", 2, Widened(&ByteReader::ReadU16), 0x8201},
      {"U24", 3, Widened(&ByteReader::ReadU24), 0x038201},
      {"U32", 4, Widened(&ByteReader::ReadU32), 0x84038201},
      {"U48", 6, Widened(&ByteReader::ReadU48), 0x860584038201},
      {"U64", 8, Widened(&ByteReader::ReadU64), 0x8807860584038201},
  };
  const uint64_t little[] = {0x01,         0x8201,         0x038201,         0x84038201,
                             0x0584038201, 0x860584038201, 0x07860584038201, 0x8807860584038201};
  const uint64_t big[] = {0x01,         0x0182,         0x018203,         0x01820384,
                          0x0182038405, 0x018203840586, 0x01820384058607, 0x0182038405860788};
  for (size_t width = 1; width <= 8; ++width) {
    reads.push_back({"Unsigned", width, [width](ByteReader* r, uint64_t* v) { return r->ReadUnsigned(width, v); },
                     little[width - 1]});
    reads.push_back({"BigEndian", width, [width](ByteReader* r, uint64_t* v) { return r->ReadBigEndian(width, v); },
                     big[width - 1]});
  }
  return reads;
}

TEST(ByteReaderTest, EveryReadAtEveryTruncation) {
  for (const Read& read : Reads()) {
    for (size_t length = 0; length <= kBytes.size(); ++length) {
      ByteReader reader(absl::string_view(kBytes).substr(0, length));
      uint64_t value = 42;
      const bool fits = length >= read.width;
      EXPECT_EQ(read.read(&reader, &value), fits) << read.name << " " << read.width << " of " << length;
      EXPECT_EQ(value, fits ? read.expected : 42) << read.name << " " << read.width << " of " << length;
      EXPECT_EQ(reader.remaining(), fits ? length - read.width : length);
    }
  }
}

TEST(ByteReaderTest, RefusesWidthsBeyondEight) {
  const std::string bytes(16, 'x');
  ByteReader reader(bytes);
  uint64_t value = 42;
  EXPECT_FALSE(reader.ReadUnsigned(9, &value));
  EXPECT_FALSE(reader.ReadBigEndian(9, &value));
  EXPECT_EQ(value, 42);
  EXPECT_EQ(reader.remaining(), 16);
}

TEST(ByteReaderTest, LengthEncodedAtEveryTruncation) {
  const struct {
    std::string bytes;
    uint64_t value;
  } cases[] = {{"\x00"s, 0},
               {"\xfa"s, 0xfa},
               {"\xfc\xfb\x00"s, 0xfb},
               {"\xfd\x01\x02\x03"s, 0x030201},
               {"\xfe\x01\x02\x03\x04\x05\x06\x07\x08"s, 0x0807060504030201}};
  for (const auto& c : cases) {
    for (size_t length = 0; length < c.bytes.size(); ++length) {
      ByteReader cut(absl::string_view(c.bytes).substr(0, length));
      uint64_t value = 42;
      EXPECT_FALSE(cut.ReadLengthEncoded(&value));
      EXPECT_EQ(value, 42);
      EXPECT_EQ(cut.remaining(), length);
    }
    const std::string longer = c.bytes + "z";
    ByteReader whole(longer);
    uint64_t value = 42;
    EXPECT_TRUE(whole.ReadLengthEncoded(&value));
    EXPECT_EQ(value, c.value);
    EXPECT_EQ(whole.rest(), "z");
  }
  for (const std::string& bad : {"\xfb"s + kBytes, "\xff"s + kBytes}) {
    ByteReader reader(bad);
    uint64_t value = 42;
    EXPECT_FALSE(reader.ReadLengthEncoded(&value));
    EXPECT_EQ(reader.remaining(), bad.size());
  }
}

TEST(ByteReaderTest, BytesAndSkip) {
  ByteReader reader("abcdef");
  absl::string_view run = "untouched";
  EXPECT_FALSE(reader.ReadBytes(7, &run));
  EXPECT_FALSE(reader.Skip(7));
  EXPECT_EQ(run, "untouched");
  EXPECT_TRUE(reader.ReadBytes(2, &run));
  EXPECT_EQ(run, "ab");
  EXPECT_TRUE(reader.Skip(3));
  EXPECT_EQ(reader.rest(), "f");
  EXPECT_FALSE(reader.ReadBytes(SIZE_MAX, &run));
  EXPECT_TRUE(reader.ReadBytes(1, &run));
  EXPECT_TRUE(reader.empty());
  EXPECT_TRUE(reader.ReadBytes(0, &run));
  EXPECT_TRUE(reader.Skip(0));
}

}  // namespace
}  // namespace binlogd
