#include "binlog/mariadb_compression.h"

#include <gtest/gtest.h>

#include "tests/binlog/events.h"

namespace binlogd {
namespace {

// repeat('abc', 60), from MariaDB's compressed columns: without and with zlib's frame.
constexpr char kRaw[] = "89b44b4c4a4e1c6a0800";
constexpr char kZlib[] = "81b4789c4b4c4a4e1c6a08005da844e9";

TEST(MariaDbCompressionTest, AppendsTheText) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "abc";
  for (const char* digits : {kRaw, kZlib}) {
    std::string out = "x";
    ASSERT_TRUE(UncompressMariaDb(FromHex(digits), &out).ok());
    EXPECT_EQ(out, "x" + text);
  }
}

TEST(MariaDbCompressionTest, RefusesWhatIsCutOrLies) {
  std::string zlib = FromHex(kZlib);
  for (size_t size = 0; size < zlib.size(); ++size) {
    std::string out = "x";
    EXPECT_FALSE(UncompressMariaDb(zlib.substr(0, size), &out).ok()) << size;
    EXPECT_EQ(out, "x");
  }
  std::string out;
  zlib[1] = static_cast<char>(0xb3);
  EXPECT_FALSE(UncompressMariaDb(zlib, &out).ok());
  for (const char* digits :
       {"00", "80", "85ffffffffff", "91b400", "84ffffffff00", "8400100000789c", "843fffffff789c4b4c4a4e1c6a0800"}) {
    EXPECT_EQ(UncompressMariaDb(FromHex(digits), &out).code(), absl::StatusCode::kDataLoss) << digits;
  }
  EXPECT_LT(out.capacity(), 4096u);
}

}  // namespace
}  // namespace binlogd
