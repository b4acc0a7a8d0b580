#include "base/log_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {
namespace {

using ::testing::ElementsAre;
using ::testing::SizeIs;

std::vector<std::string> TextsOf(const std::vector<LogLine>& lines) {
  std::vector<std::string> texts;
  for (const LogLine& line : lines) texts.push_back(line.text);
  return texts;
}

TEST(LogHistoryTest, HoldsWhatIsLoggedAboutItsSubject) {
  const auto history = LogHistory::Of("history-1");
  Log(LogLevel::kInfo, "history-1", "one");
  Log(LogLevel::kInfo, "history-2", "of another");
  Log(LogLevel::kDebug, "history-1", "for debugging");
  history->SetPlace("binlog.000007", 4711);
  Log(LogLevel::kError, "history-1", "two\nlines \xff");
  const std::vector<LogLine> lines = history->Lines(0);
  ASSERT_THAT(TextsOf(lines), ElementsAre("one", "two lines ?"));
  EXPECT_EQ(lines[0].file, "");
  EXPECT_EQ(lines[1].file, "binlog.000007");
  EXPECT_EQ(lines[1].offset, 4711u);
  EXPECT_EQ(lines[1].level, LogLevel::kError);
  EXPECT_EQ(lines[1].number, lines[0].number + 1);
  EXPECT_THAT(TextsOf(history->Lines(lines[0].number)), ElementsAre("two lines ?"));
  EXPECT_THAT(TextsOf(history->Lines(0, 1)), ElementsAre("two lines ?"));
}

TEST(LogHistoryTest, IsSharedWhileSomebodyHasItAndNotClosed) {
  auto history = LogHistory::Of("history-3");
  EXPECT_EQ(LogHistory::Of("history-3"), history);
  history->Close(MakeError(absl::StatusCode::kNotFound, "STREAMER_NOT_FOUND", "deleted"));
  const auto next = LogHistory::Of("history-3");
  EXPECT_NE(next, history);
  Log(LogLevel::kInfo, "history-3", "to the new one");
  EXPECT_THAT(history->Lines(0), SizeIs(0));
  EXPECT_THAT(next->Lines(0), SizeIs(1));
  history.reset();
  EXPECT_EQ(LogHistory::Of("history-3"), next);
}

TEST(LogHistoryTest, IsBoundedInLinesAndBytes) {
  LogHistory history;
  for (size_t i = 0; i < LogHistory::kMostLines + 5; ++i) history.Add(LogLevel::kInfo, absl::StrCat(i));
  EXPECT_THAT(history.Lines(0), SizeIs(LogHistory::kMostLines));
  EXPECT_EQ(history.Lines(0).front().text, "5");
  for (size_t i = 0; i < LogHistory::kMostLines; ++i) history.Add(LogLevel::kInfo, std::string(100'000, 'x'));
  size_t bytes = 0;
  for (const LogLine& line : history.Lines(0)) bytes += line.text.size();
  EXPECT_LE(bytes, LogHistory::kMostBytes);
  EXPECT_GE(bytes, LogHistory::kMostBytes / 2);
}

TEST(LogHistoryTest, ACutLineIsStillUtf8) {
  LogHistory history;
  history.Add(LogLevel::kInfo, std::string(LogHistory::kMostLineBytes - 1, 'x') + "äöü");
  EXPECT_EQ(history.Lines(0)[0].text, std::string(LogHistory::kMostLineBytes - 1, 'x') + "…");
}

TEST(LogHistoryTest, WakesFollowersForLinesAndTheEnd) {
  LogHistory history;
  int woken = 0;
  auto follower = history.Follow([&woken] { ++woken; });
  ASSERT_TRUE(follower.ok());
  history.Add(LogLevel::kInfo, "x");
  EXPECT_EQ(woken, 1);
  history.Close(absl::UnavailableError("the end"));
  EXPECT_EQ(woken, 2);
  EXPECT_TRUE(absl::IsUnavailable(history.closed()));
  follower->reset();
  history.Close(absl::NotFoundError("another"));
  EXPECT_EQ(woken, 2);
  EXPECT_TRUE(absl::IsUnavailable(history.closed()));
}

TEST(LogHistoryTest, TakesOnlySoManyFollowers) {
  LogHistory history;
  std::vector<std::shared_ptr<LogHistory::Follower>> followers;
  for (size_t i = 0; i < LogHistory::kMostFollowers; ++i) followers.push_back(*history.Follow([] {}));
  EXPECT_EQ(ErrorReason(history.Follow([] {}).status()), "TOO_MANY_FOLLOWERS");
  followers.pop_back();
  EXPECT_TRUE(history.Follow([] {}).ok());
}

}  // namespace
}  // namespace binlogd
