#include "format/base64.h"

#include <gtest/gtest.h>

#include "absl/strings/escaping.h"

namespace binlogd {
namespace {

std::string Encoded(absl::string_view bytes) {
  std::string out = "x";
  AppendBase64(bytes, &out);
  return out.substr(1);
}

// The examples of RFC 4648.
TEST(Base64Test, Pads) {
  EXPECT_EQ(Encoded(""), "");
  EXPECT_EQ(Encoded("f"), "Zg==");
  EXPECT_EQ(Encoded("fo"), "Zm8=");
  EXPECT_EQ(Encoded("foo"), "Zm9v");
  EXPECT_EQ(Encoded("foobar"), "Zm9vYmFy");
}

TEST(Base64Test, EveryByteAtEveryPlace) {
  std::string bytes;
  for (int i = 0; i < 3 * 256; ++i) {
    bytes.push_back(static_cast<char>(i * 7 + i / 256));
    EXPECT_EQ(Encoded(bytes), absl::Base64Escape(bytes));
  }
}

}  // namespace
}  // namespace binlogd
