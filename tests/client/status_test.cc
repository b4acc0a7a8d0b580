#include <algorithm>
#include <csignal>

#include "absl/time/clock.h"
#include "tests/client/fixture.h"

namespace binlogd::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class StatusTest : public ClientTest {
 protected:
  // Waits until `process` has written `text`.
  static bool AwaitOutput(const Subprocess& process, const std::string& text) {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    while (process.output().find(text) == std::string::npos) {
      if (absl::Now() > deadline) return false;
      absl::SleepFor(absl::Milliseconds(20));
    }
    return true;
  }

  static void ExpectQuietEnd(Subprocess* process) {
    const auto code = process->Wait(absl::Seconds(20));
    ASSERT_TRUE(code.ok()) << code.status();
    EXPECT_EQ(*code, 0);
    EXPECT_EQ(process->error_output(), "");
  }
};

TEST_F(StatusTest, Tables) {
  server_.Put(MakeStreamer("orders"));
  server_.Put(MakeStreamer("users"));
  EXPECT_EQ(Run({"status"}).output,
            "NAME    STATE    LAG  POSITION  EVENTS  BYTES  TARGETS  ERROR\n"
            "orders  STOPPED    -  -              0    0 B      2/2  -\n"
            "users   STOPPED    -  -              0    0 B      2/2  -\n");
  EXPECT_THAT(Run({"status", "orders"}).output, HasSubstr("NAME     TYPE  STATE  REQUIRED  LAG  POSITION  WRITTEN\n"));
  EXPECT_EQ(Run({"status", "absent"}).exit_code, 1);
}

TEST_F(StatusTest, JsonIsAnObjectWithANameAndAnArrayWithout) {
  server_.Put(MakeStreamer("orders"));
  EXPECT_THAT(Run({"status", "orders", "-o", "json"}).output,
              AllOf(StartsWith("{\n  \"name\": \"orders\""), HasSubstr("\"events_read\": 0")));
  EXPECT_THAT(Run({"status", "-o", "json"}).output, StartsWith("[\n  {\n    \"name\": \"orders\""));
  EXPECT_THAT(Run({"status", "orders", "-o", "yaml"}).output,
              StartsWith("name: orders\ndesired_state: DESIRED_STATE_STOPPED\n"));
}

TEST_F(StatusTest, WatchPrintsABlockForEachChange) {
  v1::Streamer streamer = MakeStreamer("orders");
  server_.Put(streamer);
  const auto process = Start({"status", "--watch"});
  ASSERT_TRUE(AwaitOutput(*process, "STOPPED"));
  streamer.mutable_status()->set_state(v1::RUNNING);
  server_.Put(streamer);
  ASSERT_TRUE(AwaitOutput(*process, "RUNNING"));
  process->Signal(SIGINT);
  ExpectQuietEnd(process.get());
  EXPECT_EQ(process->output(),
            "NAME    STATE    LAG  POSITION  EVENTS  BYTES  TARGETS  ERROR\n"
            "orders  STOPPED    -  -              0    0 B      2/2  -\n"
            "\n"
            "NAME    STATE    LAG  POSITION  EVENTS  BYTES  TARGETS  ERROR\n"
            "orders  RUNNING   0s  -              0    0 B      2/2  -\n");
}

TEST_F(StatusTest, WatchAsJsonPrintsALineForEachChange) {
  server_.Put(MakeStreamer("orders"));
  const auto process = Start({"status", "-o", "json", "--watch"});
  ASSERT_TRUE(AwaitOutput(*process, "\n"));
  v1::Streamer other = MakeStreamer("users");
  server_.Put(other);
  ASSERT_TRUE(AwaitOutput(*process, "users"));
  process->Signal(SIGTERM);
  ExpectQuietEnd(process.get());
  const std::string output = process->output();
  EXPECT_EQ(std::count(output.begin(), output.end(), '\n'), 2);
}

TEST_F(StatusTest, WatchOfOneEndsWithIt) {
  server_.Put(MakeStreamer("orders"));
  const auto process = Start({"status", "orders", "--watch"});
  ASSERT_TRUE(AwaitOutput(*process, "STOPPED"));
  EXPECT_EQ(server_.watch_request().filter().name(), "orders");
  server_.Remove("orders");
  const auto code = process->Wait(absl::Seconds(20));
  ASSERT_TRUE(code.ok()) << code.status();
  EXPECT_EQ(*code, 1);
  EXPECT_EQ(process->error_output(), "binlogctl: there is no streamer \"orders\" (NOT_FOUND, STREAMER_NOT_FOUND)\n");
  EXPECT_EQ(Run({"status", "absent", "--watch"}).exit_code, 1);
}

TEST_F(StatusTest, WatchGoesOnWhenBinlogdIsBack) {
  v1::Streamer streamer = MakeStreamer("orders");
  server_.Put(streamer);
  const auto process = Start({"status", "--watch", "--selector", "team=data"});
  ASSERT_TRUE(AwaitOutput(*process, "STOPPED"));
  server_.EndWatches(true);
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (process->error_output().find("SHUTTING_DOWN") == std::string::npos && absl::Now() < deadline) {
    absl::SleepFor(absl::Milliseconds(20));
  }
  streamer.mutable_status()->set_state(v1::RUNNING);
  server_.Put(streamer);
  server_.EndWatches(false);
  ASSERT_TRUE(AwaitOutput(*process, "RUNNING"));
  EXPECT_GT(server_.watch_request().revision(), 0u) << "from where it was";
  EXPECT_EQ(server_.watch_request().filter().selector(), "team=data");
  process->Signal(SIGINT);
  EXPECT_EQ(*process->Wait(absl::Seconds(20)), 0);
}

TEST_F(StatusTest, WatchEndsWhenTheReaderIsGone) {
  server_.Put(MakeStreamer("orders"));
  const CommandResult result = Shell("$binlogctl status --watch | head -1; echo ${PIPESTATUS[0]}");
  EXPECT_EQ(result.output, "NAME    STATE    LAG  POSITION  EVENTS  BYTES  TARGETS  ERROR\n0\n");
  EXPECT_EQ(result.error_output, "");
}

TEST_F(StatusTest, ColoursOnlyOnATerminalThatHasThem) {
  server_.Put(MakeStreamer("orders"));
  EXPECT_THAT(Shell("TERM=xterm script -qec '$binlogctl status' /dev/null </dev/null").output,
              HasSubstr("\x1b[1mNAME"));
  EXPECT_THAT(Shell("NO_COLOR=1 TERM=xterm script -qec '$binlogctl status' /dev/null </dev/null").output,
              Not(HasSubstr("\x1b[")));
  EXPECT_THAT(Shell("TERM=dumb script -qec '$binlogctl status' /dev/null </dev/null").output, Not(HasSubstr("\x1b[")));
}

}  // namespace
}  // namespace binlogd::testing
