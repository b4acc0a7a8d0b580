#include "codec/key_ring.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/file.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

class KeyRingTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& content, int mode = 0600) const {
    const std::string path = dir_ / name;
    EXPECT_TRUE(ReplaceFile(path, content, mode).ok());
    return path;
  }
  static absl::Status LoadError(const std::string& path) { return KeyRing::Load({path}).status(); }

  testing::TempDir dir_;
  const std::string digits_ = "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
  const std::string bytes_ = [] {
    std::string bytes;
    for (char c = 0; c < 32; ++c) bytes += c;
    return bytes;
  }();
};

TEST_F(KeyRingTest, DigitsAndBytesAreTheSameKey) {
  const auto ring = KeyRing::Load({Write("digits", digits_ + "\n"), Write("bytes", bytes_, 0440)});
  ASSERT_TRUE(ring.ok()) << ring.status();
  EXPECT_EQ(ring->first().bytes(), bytes_);
  EXPECT_EQ(ring->Find(EncryptionKey(bytes_).id())->bytes(), bytes_);
  EXPECT_EQ(ring->first().name().size(), 16u);
  EXPECT_NE(ring->first().name(), EncryptionKey(std::string(32, 'x')).name());
  EXPECT_EQ(ring->Find("12345678"), nullptr);
}

TEST_F(KeyRingTest, TheFirstWritesAllRead) {
  const EncryptionKey old(std::string(32, 'o'));
  const auto ring = KeyRing::Load({Write("new", bytes_), Write("old", std::string(32, 'o'))});
  ASSERT_TRUE(ring.ok());
  EXPECT_EQ(ring->first().bytes(), bytes_);
  EXPECT_NE(ring->Find(old.id()), nullptr);
  EXPECT_TRUE(KeyRing::Load({})->empty());
}

TEST_F(KeyRingTest, FilesOpenToEverybodyAreRefused) {
  for (const int mode : {0604, 0602, 0644, 0666}) {
    const std::string path = Write("key", digits_);
    ASSERT_EQ(chmod(path.c_str(), static_cast<mode_t>(mode)), 0);
    const absl::Status refused = LoadError(path);
    EXPECT_EQ(ErrorReason(refused), "ENCRYPTION_KEY_INVALID") << mode;
    EXPECT_TRUE(IsPermanent(refused));
    EXPECT_NE(refused.message().find(path), absl::string_view::npos);
  }
}

TEST_F(KeyRingTest, OtherContentIsRefusedAndNotTold) {
  for (const std::string& content : {std::string(), std::string("secret"), digits_.substr(1), digits_ + "0",
                                     std::string(64, 'g'), bytes_ + "\n", bytes_.substr(1), std::string(100000, '0')}) {
    const absl::Status refused = LoadError(Write("key", content));
    ASSERT_FALSE(refused.ok()) << content.size();
    EXPECT_TRUE(IsPermanent(refused));
    if (!content.empty()) {
      EXPECT_EQ(refused.message().find(content.substr(0, 5)), absl::string_view::npos) << refused;
    }
  }
}

TEST_F(KeyRingTest, WhatCannotBeReadIsNamed) {
  for (const std::string& path : {dir_ / "none", dir_.path()}) {
    const absl::Status refused = LoadError(path);
    EXPECT_EQ(ErrorReason(refused), "ENCRYPTION_KEY_UNREADABLE");
    EXPECT_NE(refused.message().find(path), absl::string_view::npos) << refused;
  }
}

}  // namespace
}  // namespace binlogd
