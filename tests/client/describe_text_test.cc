#include "client/describe_text.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <string>

namespace binlogd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// At 1970-01-01 01:00:00.
std::string TextOf(const std::string& description_text) {
  v1::StreamerDescription description;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(description_text, &description)) << description_text;
  return DescriptionText(description, absl::FromUnixSeconds(3600), absl::UTCTimeZone(), false);
}

constexpr char kRetrying[] = R"(
  streamer {
    spec {
      name: "orders"
      labels { key: "team" value: "data" }
      labels { key: "env" value: "prod" }
      source { flavor: MARIADB endpoints: "db1:3306" endpoints: "db2:3306" user: "repl" gtid: true }
      filter { databases: "shop" events: WRITE include_ddl: false }
      targets { name: "archive" file { path: "/data/archive" } }
      targets { name: "bus" kafka { topic: "cdc" format: DEBEZIUM_JSON } }
    }
    create_time { seconds: 1 }
    status {
      name: "orders" desired_state: DESIRED_STATE_RUNNING state: RETRYING retries: 3 reconnects: 2 lag_seconds: 61
      next_retry { seconds: 3605 }
      error { reason: "SOURCE_UNREACHABLE" message: "source db1:3306: connection refused" since { seconds: 3570 } }
      position { file: "binlog.000007" position: 4000 gtid: "0-1-5" }
      read_position { file: "binlog.000007" position: 4711 }
      source { endpoint: "db1:3306" version: "10.11" server_id: 1 epoch: "0001-6f1c2a9e" }
      checkpoint_time { seconds: 3590 }
      targets { name: "archive" type: "file" healthy: true required: true state: FOLLOWING
                position { file: "binlog.000007" position: 4000 } last_write { seconds: 3598 } bytes_written: 2048 }
      targets { name: "bus" type: "kafka" state: DETACHED
                error { reason: "KAFKA_UNREACHABLE" message: "no broker answers" } }
    }
  }
  recent { time { seconds: 3570 } level: WARNING text: "retrying in 5s" position { file: "binlog.000007" position: 9 } })";

TEST(DescribeTextTest, EverythingOnOnePage) {
  EXPECT_EQ(TextOf(kRetrying),
            "Name:       orders\n"
            "Labels:     env=prod, team=data\n"
            "Source:     MARIADB db1:3306, db2:3306 as repl, by GTID\n"
            "Filter:     databases shop; events WRITE; no DDL\n"
            "Created:    1970-01-01 00:00:01 (59m59s ago)\n"
            "State:      RETRYING, desired RUNNING\n"
            "Next try:   in 5.0s, after 3 that failed\n"
            "Server:     db1:3306, version 10.11, id 1, not connected, epoch 0001-6f1c2a9e\n"
            "Reconnects: 2 since binlogd started\n"
            "Lag:        1m1s\n"
            "Read:       binlog.000007:4711, 0 events and 0 B since binlogd started\n"
            "Durable:    binlog.000007:4000\n"
            "GTID:       0-1-5\n"
            "Checkpoint: 10s ago\n"
            "\n"
            "Targets\n"
            "  NAME     TYPE   STATE      REQUIRED  LAG  DURABLE             LAST WRITE  WRITTEN  WHERE\n"
            "  archive  file   FOLLOWING  yes        0s  binlog.000007:4000  2.0s ago    2.0 KiB  /data/archive RAW\n"
            "  bus      kafka  DETACHED   no         0s  -                   -               0 B  cdc DEBEZIUM_JSON\n"
            "\n"
            "Recent\n"
            "  1970-01-01 00:59:30 WARNING  retrying in 5s  (binlog.000007:9)\n"
            "\n"
            "What to do\n"
            "  the streamer: source db1:3306: connection refused (SOURCE_UNREACHABLE, for 30s)\n"
            "    SOURCE_UNREACHABLE: no connection: unknown host, refused, timed out\n"
            "  target bus: no broker answers (KAFKA_UNREACHABLE)\n"
            "  target bus is left behind; it catches up by itself, from the source's log, when it works again\n"
            "  it tries again by itself; follow it with: binlogctl logs orders -f\n");
}

TEST(DescribeTextTest, OneThatIsWellHasNothingToDo) {
  const std::string text = TextOf(
      "streamer { spec { name: 'a' } status { name: 'a' desired_state: DESIRED_STATE_RUNNING state: RUNNING } }");
  EXPECT_THAT(text, Not(HasSubstr("What to do")));
  EXPECT_THAT(text, Not(HasSubstr("Recent")));
  EXPECT_THAT(TextOf("streamer { spec { name: 'a' } status { name: 'a' state: STOPPED } }"),
              HasSubstr("it is stopped, as desired; start it with: binlogctl start a\n"));
  EXPECT_THAT(
      TextOf("streamer { spec { name: 'a' } status { name: 'a' state: FAILED error { reason: 'X' message: 'm' } } }"),
      HasSubstr("it waits for a person; once that is mended: binlogctl start a\n"));
}

}  // namespace
}  // namespace binlogd
