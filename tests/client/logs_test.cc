#include <algorithm>
#include <csignal>

#include "absl/time/clock.h"
#include "base/error.h"
#include "tests/client/fixture.h"

namespace binlogd::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class LogsTest : public ClientTest {
 protected:
  LogsTest() { server_.Put(MakeStreamer("orders")); }

  static v1::LogEntry Entry(uint64_t number, const std::string& text, v1::LogEntry::Level level = v1::LogEntry::INFO) {
    v1::LogEntry entry;
    entry.set_number(number);
    entry.mutable_time()->set_seconds(43424);
    entry.set_level(level);
    entry.set_text(text);
    return entry;
  }
  static bool AwaitOutput(const Subprocess& process, const std::string& text) {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while ((process.output() + process.error_output()).find(text) == std::string::npos) {
      if (absl::Now() > deadline) return false;
      absl::SleepFor(absl::Milliseconds(20));
    }
    return true;
  }
};

TEST_F(LogsTest, ShowsWhatHappened) {
  v1::LogEntry trouble = Entry(8, "source db1:3306: gone\x1b[2J", v1::LogEntry::WARNING);
  trouble.mutable_position()->set_file("binlog.000007");
  trouble.mutable_position()->set_position(4711);
  server_.SetLogs({Entry(7, "starting"), trouble});
  const CommandResult result = Run({"logs", "orders", "--last", "9"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.error_output, "");
  EXPECT_EQ(result.output,
            "1970-01-01 12:03:44 INFO     starting\n"
            "1970-01-01 12:03:44 WARNING  source db1:3306: gone\\x1b[2J  (binlog.000007:4711)\n");
  EXPECT_EQ(server_.logs_request().last(), 9u);
  EXPECT_THAT(Run({"logs", "orders", "-o", "json"}).output,
              AllOf(StartsWith("{\"number\":7"), HasSubstr("\"level\":\"WARNING\"")));
}

TEST_F(LogsTest, FollowsOverARestartOfBinlogdAndTellsOfMissingLines) {
  server_.SetLogs({Entry(7, "starting")});
  const auto process = Start({"logs", "orders", "--follow"});
  ASSERT_TRUE(AwaitOutput(*process, "starting"));
  server_.SetLogs({Entry(10, "ten")});
  ASSERT_TRUE(AwaitOutput(*process, "ten"));
  EXPECT_EQ(process->error_output(), "binlogctl: 2 lines came too fast and are missing\n");
  server_.EndLogs(MakeError(absl::StatusCode::kUnavailable, "SHUTTING_DOWN", "binlogd is shutting down"));
  ASSERT_TRUE(AwaitOutput(*process, "SHUTTING_DOWN"));
  server_.SetLogs({Entry(5000, "of the next")});
  server_.EndLogs(absl::OkStatus());
  ASSERT_TRUE(AwaitOutput(*process, "of the next"));
  EXPECT_EQ(server_.logs_request().after(), 10u);
  process->Signal(SIGINT);
  EXPECT_EQ(*process->Wait(absl::Seconds(20)), 0);
}

TEST_F(LogsTest, EndsWithTheStreamer) {
  const auto process = Start({"logs", "orders", "-f"});
  server_.SetLogs({Entry(7, "starting")});
  ASSERT_TRUE(AwaitOutput(*process, "starting"));
  server_.Remove("orders");
  EXPECT_EQ(*process->Wait(absl::Seconds(20)), 1);
  EXPECT_THAT(process->error_output(),
              HasSubstr("cannot read the log of streamer \"orders\": there is none of that name"));
  EXPECT_EQ(Run({"logs", "absent"}).exit_code, 1);
}

TEST_F(LogsTest, AReaderThatGoesAwayEndsItQuietly) {
  server_.SetLogs({Entry(7, "starting"), Entry(8, "following")});
  const CommandResult result = Shell("$binlogctl logs orders --follow | head -1; echo ${PIPESTATUS[0]}");
  EXPECT_EQ(result.output, "1970-01-01 12:03:44 INFO     starting\n0\n");
  EXPECT_EQ(result.error_output, "");
}

TEST_F(LogsTest, DescribeShowsTheNewest) {
  server_.SetLogs({Entry(7, "starting")});
  const CommandResult result = Run({"describe", "orders"});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_THAT(result.output,
              AllOf(StartsWith("Name:       orders\n"), HasSubstr("Recent\n  1970-01-01 12:03:44 INFO     starting\n"),
                    HasSubstr("start it with: binlogctl start orders\n")));
  EXPECT_EQ(server_.logs_request().last(), 10u);
  EXPECT_THAT(Run({"describe", "orders", "-o", "json"}).output, HasSubstr("\"text\": \"starting\""));
  EXPECT_EQ(Run({"describe", "absent"}).exit_code, 1);
}

TEST_F(LogsTest, NoLinesAreNoNumberOfThem) {
  for (const std::string last : {"0", "-1"}) {
    const CommandResult result = Run({"logs", "orders", "--last", last});
    EXPECT_EQ(result.exit_code, 2) << last;
    EXPECT_THAT(result.error_output, HasSubstr("not in range 1 to 1000000"));
  }
}

TEST_F(LogsTest, ExplainTellsTheWayOut) {
  EXPECT_THAT(Run({"explain", "stale_etag"}).output,
              AllOf(StartsWith("STALE_ETAG (ABORTED)\n  "), HasSubstr("get it again")));
  EXPECT_EQ(Run({"explain", "NO_SUCH"}).exit_code, 1);
}

TEST_F(LogsTest, AChangeWhoseConnectionBreaksIsSentAgainWithItsId) {
  server_.BreakChanges(2);
  const CommandResult result = Run({"start", "orders"});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  const std::vector<std::string> ids = server_.request_ids();
  ASSERT_EQ(ids.size(), 3u);
  EXPECT_FALSE(ids[0].empty());
  EXPECT_EQ(std::count(ids.begin(), ids.end(), ids[0]), 3);
  server_.BreakChanges(9);
  const CommandResult broken = Run({"apply", "-f", "-"}, "name: a\ntargets: [{name: a}]\n");
  EXPECT_EQ(broken.exit_code, 1);
  EXPECT_THAT(broken.error_output, HasSubstr("Socket closed"));
  EXPECT_EQ(server_.request_ids().size(), 6u);
  EXPECT_NE(server_.request_ids()[3], ids[0]);
}

}  // namespace
}  // namespace binlogd::testing
