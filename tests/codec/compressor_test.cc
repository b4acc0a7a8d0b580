#include "codec/compressor.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/harness/uncompressed.h"

namespace binlogd {
namespace {

using testing::Uncompressed;

class CompressorTest : public ::testing::TestWithParam<Compression> {};

TEST_P(CompressorTest, EveryCutAtAFrameReadsBack) {
  const std::unique_ptr<Compressor> compressor = MakeCompressor(GetParam());
  std::string plain, out;
  for (int frame = 0; frame < 20; ++frame) {
    for (int i = 0; i < frame * 7; ++i) {
      const std::string bytes = absl::StrCat("event ", i, std::string(static_cast<size_t>(i) * 50, 'x'));
      plain += bytes;
      ASSERT_TRUE(compressor->Append(bytes, &out).ok());
    }
    ASSERT_TRUE(compressor->EndFrame(&out).ok());
    ASSERT_EQ(Uncompressed(GetParam(), out), plain);
  }
}

TEST_P(CompressorTest, AnEmptyFrameIsNothing) {
  const std::unique_ptr<Compressor> compressor = MakeCompressor(GetParam());
  std::string out;
  ASSERT_TRUE(compressor->EndFrame(&out).ok());
  ASSERT_TRUE(compressor->Append("", &out).ok());
  ASSERT_TRUE(compressor->EndFrame(&out).ok());
  EXPECT_EQ(out, "");
}

TEST_P(CompressorTest, ResetForgetsTheOpenFrame) {
  const std::unique_ptr<Compressor> compressor = MakeCompressor(GetParam());
  std::string out;
  ASSERT_TRUE(compressor->Append("kept", &out).ok());
  ASSERT_TRUE(compressor->EndFrame(&out).ok());
  std::string torn;
  ASSERT_TRUE(compressor->Append(std::string(1 << 20, 'y'), &torn).ok());
  compressor->Reset();
  ASSERT_TRUE(compressor->Append(" again", &out).ok());
  ASSERT_TRUE(compressor->EndFrame(&out).ok());
  EXPECT_EQ(Uncompressed(GetParam(), out), "kept again");
}

TEST_P(CompressorTest, LargeInputInOneCall) {
  std::string plain;
  for (uint32_t i = 0, x = 1; i < 4 << 20; ++i) plain += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  const std::unique_ptr<Compressor> compressor = MakeCompressor(GetParam());
  std::string out;
  ASSERT_TRUE(compressor->Append(plain, &out).ok());
  ASSERT_TRUE(compressor->EndFrame(&out).ok());
  EXPECT_EQ(Uncompressed(GetParam(), out), plain);
}

INSTANTIATE_TEST_SUITE_P(Compressions, CompressorTest,
                         ::testing::Values(Compression::kNone, Compression::kZstd, Compression::kGzip),
                         [](const auto& info) { return std::string(CompressionName(info.param)); });

}  // namespace
}  // namespace binlogd
