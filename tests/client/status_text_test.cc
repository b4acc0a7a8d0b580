#include "client/status_text.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace binlogd {
namespace {

v1::StreamerStatus Parse(const std::string& text) {
  v1::StreamerStatus status;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &status)) << text;
  return status;
}

v1::StreamerStatus Retrying() {
  return Parse(R"(name: "orders" state: RETRYING desired_state: DESIRED_STATE_RUNNING lag_seconds: 192.5
                  error { reason: "SOURCE_UNREACHABLE" message: "cannot connect to db1:3306: connection refused; "
                                  "check that the server runs"
                          since { seconds: 940 } }
                  next_retry { seconds: 1004 } retries: 3
                  position { file: "binlog.000007" position: 4711 gtid: "0-1-5" }
                  source { endpoint: "db1:3306" version: "10.11.6-MariaDB" server_id: 1 epoch: "0001-6f1c2a9e" }
                  targets { name: "archive" type: "file" healthy: true bytes_written: 1288490189 required: true state: FOLLOWING
                            position { file: "binlog.000007" position: 4711 } }
                  targets { name: "changes" type: "kafka" state: DETACHED lag_seconds: 192.5
                            error { reason: "DISK_FULL" message: "no space left on /x" } }
                  events_read: 1234567 bytes_read: 2048)");
}

TEST(StatusTextTest, TableHasOneLineAStreamer) {
  EXPECT_EQ(
      StatusTable({Retrying(), Parse("name: 'b' state: STOPPED")}, false),
      "NAME    STATE       LAG  POSITION            EVENTS    BYTES  TARGETS  ERROR\n"
      "orders  RETRYING  3m12s  binlog.000007:4711   1.23M  2.0 KiB      1/2  SOURCE_UNREACHABLE: cannot connect to "
      "db1:3306: connection …\n"
      "b       STOPPED       -  -                        0      0 B      0/0  -\n");
}

TEST(StatusTextTest, DetailsSayEverything) {
  const std::string text = StatusDetails(Retrying(), absl::FromUnixSeconds(1000), false);
  EXPECT_EQ(text.substr(text.find("\n\n") + 2),
            "NAME     TYPE   STATE      REQUIRED    LAG  POSITION            WRITTEN\n"
            "archive  file   FOLLOWING  yes          0s  binlog.000007:4711  1.2 GiB\n"
            "changes  kafka  DETACHED   no        3m12s  -                       0 B\n"
            "\n"
            "source: db1:3306, version 10.11.6-MariaDB, id 1, not connected, epoch 0001-6f1c2a9e\n"
            "gtid: 0-1-5\n"
            "\n"
            "error: cannot connect to db1:3306: connection refused; check that the server runs (SOURCE_UNREACHABLE, "
            "for 1m0s)\n"
            "target changes: no space left on /x (DISK_FULL)\n"
            "next try in 4.0s, after 3 that failed\n");
}

TEST(StatusTextTest, StatesOfANewerServerAreShownByNumber) {
  EXPECT_EQ(StateText(static_cast<v1::State>(99)), "99");
  EXPECT_EQ(StateText(v1::DESIRED_STATE_RUNNING), "RUNNING");
}

}  // namespace
}  // namespace binlogd
