#include <gtest/gtest.h>

#include <cstdlib>

#include "base/error.h"
#include "base/file.h"
#include "streamer/spec.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

TEST(SecretTest, NoneAndValue) {
  EXPECT_EQ(*Secret().Resolve("source.password"), "");
  EXPECT_EQ(*(Secret{Secret::Kind::kValue, "s3cret\n"}.Resolve("source.password")), "s3cret\n");
}

TEST(SecretTest, FileWithoutItsNewlineReadAnewEachTime) {
  const testing::TempDir dir;
  const std::string path = dir / "secret";
  const Secret secret{Secret::Kind::kFile, path};
  const struct {
    const char* content;
    const char* secret;
  } cases[] = {{"s3cret", "s3cret"},       {"s3cret\n", "s3cret"},     {"s3cret\r\n", "s3cret"},
               {"s3cret\n\n", "s3cret\n"}, {" s3 cret ", " s3 cret "}, {"", ""}};
  for (const auto& c : cases) {
    ASSERT_TRUE(ReplaceFile(path, c.content, 0600).ok());
    EXPECT_EQ(*secret.Resolve("source.password"), c.secret);
  }
}

TEST(SecretTest, Environment) {
  setenv("BINLOGD_TEST_SECRET", "from the environment", 1);
  EXPECT_EQ(*(Secret{Secret::Kind::kEnvironment, "BINLOGD_TEST_SECRET"}.Resolve("source.password")),
            "from the environment");
  unsetenv("BINLOGD_TEST_SECRET");
  const absl::Status missing =
      Secret{Secret::Kind::kEnvironment, "BINLOGD_TEST_SECRET"}.Resolve("source.password").status();
  EXPECT_EQ(ErrorReason(missing), "SECRET_UNREADABLE");
  EXPECT_NE(missing.message().find("BINLOGD_TEST_SECRET"), absl::string_view::npos);
}

TEST(SecretTest, UnreadableFilesAreNamedNeverQuoted) {
  const testing::TempDir dir;
  const std::string huge = dir / "huge";
  ASSERT_TRUE(ReplaceFile(huge, std::string(70000, 'S'), 0600).ok());
  for (const std::string& path : {dir / "missing", dir.path(), huge}) {
    const absl::Status unreadable = Secret{Secret::Kind::kFile, path}.Resolve("source.password").status();
    EXPECT_TRUE(absl::IsFailedPrecondition(unreadable)) << path;
    EXPECT_EQ(ErrorReason(unreadable), "SECRET_UNREADABLE");
    EXPECT_NE(unreadable.message().find(path), absl::string_view::npos);
    EXPECT_EQ(unreadable.message().find("SSS"), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace binlogd
