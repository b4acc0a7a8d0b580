#include "client/unified_diff.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"

namespace binlogd {
namespace {

std::string Diff(const std::string& before, const std::string& after) {
  return UnifiedDiff("a", before, "b", after, false);
}

std::string Lines(int from, int to) {
  std::string lines;
  for (int i = from; i <= to; ++i) absl::StrAppend(&lines, i, "\n");
  return lines;
}

TEST(UnifiedDiffTest, TheSameIsEmpty) {
  EXPECT_EQ(Diff("", ""), "");
  EXPECT_EQ(Diff("x\ny\n", "x\ny\n"), "");
}

TEST(UnifiedDiffTest, FromAndToNothing) {
  EXPECT_EQ(Diff("", "x\ny\n"), "--- a\n+++ b\n@@ -0,0 +1,2 @@\n+x\n+y\n");
  EXPECT_EQ(Diff("x\n", ""), "--- a\n+++ b\n@@ -1 +0,0 @@\n-x\n");
}

TEST(UnifiedDiffTest, HunksWithContext) {
  EXPECT_EQ(Diff(Lines(1, 20), absl::StrCat(Lines(1, 4), "x\n", Lines(6, 20))),
            "--- a\n+++ b\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
  // Six lines that are the same join two changes, seven do not.
  EXPECT_EQ(Diff(Lines(1, 8), absl::StrCat("x\n", Lines(2, 7), "y\n")),
            "--- a\n+++ b\n@@ -1,8 +1,8 @@\n-1\n+x\n 2\n 3\n 4\n 5\n 6\n 7\n-8\n+y\n");
  EXPECT_EQ(Diff(Lines(1, 9), absl::StrCat("x\n", Lines(2, 8), "y\n")),
            "--- a\n+++ b\n@@ -1,4 +1,4 @@\n-1\n+x\n 2\n 3\n 4\n@@ -6,4 +6,4 @@\n 6\n 7\n 8\n-9\n+y\n");
}

TEST(UnifiedDiffTest, KeepsWhatIsTheSame) {
  EXPECT_EQ(Diff("a\nb\nc\n", "b\nx\nc\nd\n"), "--- a\n+++ b\n@@ -1,3 +1,4 @@\n-a\n b\n+x\n c\n+d\n");
}

TEST(UnifiedDiffTest, LargeTextsAreReplacedAsAWhole) {
  const std::string diff = Diff(absl::StrCat("x\n", Lines(1, 5000)), absl::StrCat(Lines(5001, 10000), "y\n"));
  EXPECT_EQ(diff.substr(0, 31), "--- a\n+++ b\n@@ -1,5001 +1,5001 ");
}

TEST(UnifiedDiffTest, Colours) {
  EXPECT_EQ(
      UnifiedDiff("a", "x\n", "b", "y\n", true),
      "\x1b[1m--- a\x1b[0m\n\x1b[1m+++ b\x1b[0m\n\x1b[36m@@ -1 +1 @@\x1b[0m\n\x1b[31m-x\x1b[0m\n\x1b[32m+y\x1b[0m\n");
}

}  // namespace
}  // namespace binlogd
