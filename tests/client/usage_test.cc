#include "tests/client/fixture.h"

namespace binlogd::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class UsageTest : public ClientTest {};

TEST_F(UsageTest, WrongCommandLinesExitWith2) {
  const std::vector<std::vector<std::string>> lines = {{},
                                                       {"frobnicate"},
                                                       {"start"},
                                                       {"start", "a", "b"},
                                                       {"apply"},
                                                       {"get", "--frob"},
                                                       {"get", "-o", "xml"},
                                                       {"start", "a", "-o", "name"},
                                                       {"get", "--timeout", "soon"},
                                                       {"get", "--timeout", "-1s"},
                                                       {"tap", "a", "--count", "-1"},
                                                       {"tap", "a", "--events", "write,frob"},
                                                       {"decode"},
                                                       {"decode", "x", "--format", "xml"},
                                                       {"decode", "x", "--start-position", "3"},
                                                       {"decode", "x", "--stop-position", "end"},
                                                       {"decode", "x", "--start-datetime", "yesterday"},
                                                       {"decode", "x", "--stop-datetime", "2026-02-30 00:00:00"},
                                                       {"decode", "x", "--start-gtid", ""},
                                                       {"decode", "x", "--include-gtids", "7"},
                                                       {"decode", "x", "--flavor", "postgres"},
                                                       {"decode", "x", "--events", "frob"},
                                                       {"decode", "x", "--verify", "--summary"},
                                                       {"completion"},
                                                       {"completion", "tcsh"},
                                                       {"version", "extra"}};
  for (const std::vector<std::string>& line : lines) {
    const CommandResult result = Run(line);
    EXPECT_EQ(result.exit_code, 2) << ::testing::PrintToString(line);
    EXPECT_EQ(result.output, "");
    EXPECT_THAT(result.error_output, StartsWith("binlogctl: "));
    EXPECT_THAT(result.error_output, HasSubstr("--help\n"));
  }
  EXPECT_THAT(Run({"frobnicate"}).error_output, HasSubstr("unknown command \"frobnicate\""));
}

TEST_F(UsageTest, HelpIsData) {
  for (const std::vector<std::string>& line : {std::vector<std::string>{"--help"}, {"tap", "--help"}, {"get", "-h"}}) {
    const CommandResult result = Run(line);
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_THAT(result.output, HasSubstr("Usage: binlogctl"));
    EXPECT_EQ(result.error_output, "");
  }
}

TEST_F(UsageTest, Version) {
  EXPECT_THAT(Run({"version"}).output, ::testing::MatchesRegex("binlogctl [0-9][0-9a-z.~+]+\n"));
  EXPECT_THAT(Run({"version", "-o", "json"}).output, StartsWith("{\"version\": \""));
}

TEST_F(UsageTest, GlobalOptionsStandBeforeOrAfterTheVerb) {
  server_.Put(MakeStreamer("a"));
  EXPECT_EQ(Run({"-o", "name", "get"}).output, "a\n");
  EXPECT_EQ(Run({"get", "-o", "name"}).output, "a\n");
  EXPECT_EQ(Run({"get", "a", "--output=name", "--timeout", "5s"}).output, "a\n");
}

TEST_F(UsageTest, AStreamerMayBeNamedLikeAVerb) {
  server_.Put(MakeStreamer("status"));
  EXPECT_EQ(Run({"get", "status", "-o", "name"}).output, "status\n");
}

TEST_F(UsageTest, OptionsComeFromTheEnvironmentToo) {
  server_.Put(MakeStreamer("a"));
  EXPECT_THAT(Shell("BINLOGCTL_OUTPUT=json $binlogctl get").output, StartsWith("["));
  EXPECT_EQ(Shell("BINLOGCTL_OUTPUT=json $binlogctl get -o name").output, "a\n");
  EXPECT_EQ(Shell("BINLOGCTL_OUTPUT=xml $binlogctl get").exit_code, 2);
  EXPECT_EQ(Shell("BINLOGCTL_TIMEOUT=never $binlogctl get").exit_code, 2);
  EXPECT_EQ(Shell("BINLOGCTL_SERVER=127.0.0.1:1 $binlogctl get -o name").exit_code, 1);
  EXPECT_EQ(Shell("S=$BINLOGCTL_SERVER; BINLOGCTL_SERVER=127.0.0.1:1 $binlogctl --server $S get -o name").output,
            "a\n");
}

TEST_F(UsageTest, AServerThatIsNotThereIsNamed) {
  const CommandResult result = Run({"get", "--server", "127.0.0.1:1"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.error_output,
            "binlogctl: cannot reach binlogd at 127.0.0.1:1: Connection refused; is it running? set --server or "
            "BINLOGCTL_SERVER (UNAVAILABLE)\n");
  EXPECT_THAT(Run({"tap", "a", "--server", "127.0.0.1:1"}).error_output,
              HasSubstr("cannot reach binlogd at 127.0.0.1:1"));
}

TEST_F(UsageTest, AServerThatIsNoAddressIsNotCalled) {
  for (const char* address : {"db-tools", "db-tools:72606", "http://db-tools:7070", "db-tools:0"}) {
    const CommandResult result = Run({"get", "--server", address});
    EXPECT_EQ(result.exit_code, 1) << address;
    EXPECT_THAT(result.error_output,
                AllOf(HasSubstr(address), HasSubstr("write HOST:PORT, for example"), HasSubstr("ADDRESS_INVALID")));
  }
}

TEST_F(UsageTest, ADurationOutOfBoundsIsADurationAllTheSame) {
  EXPECT_THAT(Run({"get", "--timeout", "5ms"}).error_output, HasSubstr("\"5ms\" is not within 10ms and 24h"));
  EXPECT_THAT(Run({"get", "--timeout", "never"}).error_output, HasSubstr("\"never\" is not a duration such as 500ms"));
  EXPECT_EQ(Run({"get", "--timeout", "25h"}).exit_code, 2);
}

TEST_F(UsageTest, AServerThatDoesNotAnswerIsNamed) {
  server_.Hang();
  const CommandResult result = Run({"get", "--timeout", "300ms"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output, HasSubstr("cannot list the streamers: no answer from binlogd at 127.0.0.1:"));
  EXPECT_THAT(result.error_output, HasSubstr("within 300ms; --timeout gives it longer (DEADLINE_EXCEEDED)"));
}

TEST_F(UsageTest, ManualPagesAreClean) {
  const std::string pages = directory_ / "pages";
  ASSERT_EQ(Run({"man", pages}).exit_code, 0);
  EXPECT_EQ(Shell("test -s " + pages + "/binlogctl.1 && test -s " + pages + "/binlogctl-edit.1").exit_code, 0);
  if (Shell("command -v groff").exit_code == 0) {
    EXPECT_EQ(Shell("cd " + pages + "; for page in *; do groff -ww -man -Tutf8 $page 2>&1 >/dev/null; done").output,
              "");
  }
}

}  // namespace
}  // namespace binlogd::testing
