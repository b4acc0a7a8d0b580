#include "config/spec_file.h"
#include "tests/client/fixture.h"

namespace binlogd::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class StreamerCommandsTest : public ClientTest {};

TEST_F(StreamerCommandsTest, StartAndStop) {
  server_.Put(MakeStreamer("orders"));
  EXPECT_EQ(Run({"start", "orders"}).output,
            "streamer \"orders\" started; watch it with: binlogctl status orders --watch\n");
  const CommandResult again = Run({"start", "orders"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_EQ(again.output, "");
  EXPECT_EQ(again.error_output,
            "binlogctl: cannot start streamer \"orders\": it runs already (FAILED_PRECONDITION, ALREADY_RUNNING)\n");
  EXPECT_THAT(Run({"stop", "orders", "-o", "json"}).output, HasSubstr("\"state\": \"STOPPED\""));
  EXPECT_THAT(Run({"stop", "orders"}).error_output, HasSubstr("(FAILED_PRECONDITION, ALREADY_STOPPED)"));
}

TEST_F(StreamerCommandsTest, StopAndDelete) {
  v1::Streamer streamer = MakeStreamer("orders");
  streamer.mutable_status()->set_desired_state(v1::DESIRED_STATE_RUNNING);
  server_.Put(streamer);
  EXPECT_EQ(Run({"stop", "orders"}).output, "streamer \"orders\" stopped\n");
  EXPECT_EQ(Run({"delete", "orders"}).output, "streamer \"orders\" deleted; what its targets hold stays\n");
  const CommandResult again = Run({"delete", "orders"});
  EXPECT_EQ(again.exit_code, 1);
  EXPECT_EQ(
      again.error_output,
      "binlogctl: cannot delete streamer \"orders\": there is none of that name (NOT_FOUND, STREAMER_NOT_FOUND)\n");
}

TEST_F(StreamerCommandsTest, GetTable) {
  server_.Put(MakeStreamer("orders"));
  server_.Put(MakeStreamer("users"));
  EXPECT_EQ(Run({"get"}).output,
            "NAME    DESIRED  STATE    FLAVOR  SOURCE    TARGETS          CREATED\n"
            "orders  STOPPED  STOPPED  MYSQL   db1:3306  archive,changes  2024-02-29 23:59:59\n"
            "users   STOPPED  STOPPED  MYSQL   db1:3306  archive,changes  2024-02-29 23:59:59\n");
  EXPECT_EQ(Run({"get", "-o", "name"}).output, "orders\nusers\n");
  EXPECT_EQ(Run({"get", "users", "-o", "name"}).output, "users\n");
  EXPECT_THAT(Run({"get", "absent"}).error_output, HasSubstr("(NOT_FOUND, STREAMER_NOT_FOUND)"));
}

TEST_F(StreamerCommandsTest, GetFollowsThePagesOfAFilter) {
  std::string all;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    server_.Put(MakeStreamer(name));
    all += std::string(name) + "\n";
  }
  EXPECT_EQ(Run({"get", "-o", "name"}).output, all);
  EXPECT_EQ(server_.list_filter().SerializeAsString(), "");
  EXPECT_EQ(Run({"get", "-o", "name", "-l", "team=data,env!=prod", "--state", "running,FAILED", "s*"}).output, all);
  EXPECT_EQ(server_.list_filter().selector(), "team=data,env!=prod");
  EXPECT_EQ(server_.list_filter().name(), "s*");
  ASSERT_EQ(server_.list_filter().states_size(), 2);
  EXPECT_EQ(server_.list_filter().states(0), v1::RUNNING);
  EXPECT_EQ(server_.list_filter().states(1), v1::FAILED);
  EXPECT_EQ(Run({"status", "--selector", "x", "-o", "json"}).exit_code, 0);
  EXPECT_EQ(server_.list_filter().selector(), "x");
}

TEST_F(StreamerCommandsTest, SelectionsThatMakeNoSense) {
  const CommandResult named = Run({"get", "orders", "-l", "team=data"});
  EXPECT_EQ(named.exit_code, 2);
  EXPECT_THAT(named.error_output, HasSubstr("takes neither --selector nor --state"));
  const CommandResult unknown = Run({"status", "--state", "dancing"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.error_output, HasSubstr("\"dancing\" is not one of STOPPED|STARTING|RUNNING"));
}

TEST_F(StreamerCommandsTest, GetOfNothing) {
  const CommandResult result = Run({"get"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.error_output, HasSubstr("binlogctl apply -f FILE"));
  EXPECT_EQ(Run({"get", "-o", "json"}).output, "[]\n");
  EXPECT_THAT(Run({"get", "-l", "a=b"}).error_output, HasSubstr("there are no such streamers"));
}

TEST_F(StreamerCommandsTest, WhatGetPrintsCanBeApplied) {
  server_.Put(MakeStreamer("orders"));
  server_.Put(MakeStreamer("users"));
  for (const char* format : {"json", "yaml"}) {
    const auto one = ParseSpecs(Run({"get", "orders", "-o", format}).output, format);
    ASSERT_TRUE(one.ok()) << one.status();
    EXPECT_EQ(one->front().SerializeAsString(), MakeStreamer("orders").spec().SerializeAsString());
    const auto all = ParseSpecs(Run({"get", "-o", format}).output, format);
    ASSERT_TRUE(all.ok()) << all.status();
    EXPECT_EQ(all->size(), 2u);
  }
}

TEST_F(StreamerCommandsTest, Metrics) {
  server_.Put(MakeStreamer("orders"));
  EXPECT_EQ(Run({"metrics", "orders"}).output,
            "METRIC                LABELS                 VALUE\n"
            "binlogd_events_total  streamer=orders  12345678901\n"
            "binlogd_lag_seconds   -                       0.25\n");
  EXPECT_THAT(Run({"metrics", "orders", "-o", "json"}).output, HasSubstr("\"name\": \"binlogd_lag_seconds\""));
  EXPECT_THAT(Run({"metrics", "orders", "-o", "yaml"}).output,
              StartsWith("metrics:\n  - name: binlogd_events_total\n"));
  EXPECT_EQ(Run({"metrics", "absent"}).exit_code, 1);
}

TEST_F(StreamerCommandsTest, LogLevel) {
  EXPECT_EQ(Run({"log-level", "debug"}).output, "debug\n");
  EXPECT_EQ(Run({"log-level"}).output, "debug\n");
  EXPECT_THAT(Run({"log-level", "warning", "-o", "json"}).output, HasSubstr("\"level\": \"WARNING\""));
  EXPECT_EQ(Run({"log-level"}).output, "warning\n");
  EXPECT_EQ(Run({"log-level", "loud"}).exit_code, 2);
}

}  // namespace
}  // namespace binlogd::testing
