#include "format/event_proto.h"

#include <gtest/gtest.h>

#include "format/json_encoder.h"
#include "format/proto_json.h"
#include "tests/binlog/events.h"
#include "tests/binlog/golden_log.h"

namespace binlogd {
namespace {

// The way of an event through a tap: message, wire, message, line.
TEST(EventProtoTest, TheLineIsTheSameThroughAMessage) {
  for (const GoldenLog& log : ReadGoldenLogs()) {
    EventDecoder decoder(log.flavor, nullptr);
    JsonEncoder encoder;
    size_t compared = 0;
    for (const std::string& bytes : log.events) {
      const DecodedEvent* event = nullptr;
      ASSERT_TRUE(decoder.Feed(bytes, &event).ok());
      while (event != nullptr) {
        RecordBuffer line;
        ASSERT_TRUE(encoder.Append(*event, {"binlog.000001", 5000000000}, true, &line).ok());
        v1::Event message;
        ASSERT_TRUE(ToProto(*event, "binlog.000001", 5000000000, &message).ok());
        v1::Event received;
        ASSERT_TRUE(received.ParseFromString(message.SerializeAsString()));
        std::string through;
        AppendProtoAsJson(received, &through);
        EXPECT_EQ(through, line.values);
        ++compared;
        ASSERT_TRUE(decoder.Next(&event).ok());
      }
    }
    EXPECT_GT(compared, 30u) << log.name;
  }
}

TEST(EventProtoTest, TellsNullFromAbsentAndJsonNull) {
  v1::Event nulls;
  bool found = false;
  EventDecoder decoder(Flavor::kMySql, nullptr);
  for (const std::string& bytes : ReadGoldenLog(Flavor::kMySql).events) {
    const DecodedEvent* event = nullptr;
    ASSERT_TRUE(decoder.Feed(bytes, &event).ok());
    if (event == nullptr || event->table != "documents" || found) continue;
    ASSERT_TRUE(ToProto(*event, "f", 1, &nulls).ok());
    found = true;
  }
  ASSERT_EQ(nulls.type(), v1::WRITE);
  EXPECT_EQ(nulls.rows(0).columns(1).value().json_value(), "null");
  EXPECT_EQ(nulls.rows(10).columns(1).value().kind_case(), v1::Value::KIND_NOT_SET);
  EXPECT_EQ(nulls.rows(10).columns(0).value().int_value(), 11);
}

TEST(EventProtoTest, RowsThatCannotBeDecodedAreAnError) {
  EventDecoder decoder(Flavor::kMySql, nullptr);
  const DecodedEvent* event = nullptr;
  const std::string map = MakeTableMap();
  const std::string rows = MakeWriteRows(1).substr(0, 31);
  const std::string cut = MakeEvent(EventType::kWriteRowsV1, rows.substr(kEventHeaderSize));
  ASSERT_TRUE(decoder.Feed(map, &event).ok());
  ASSERT_TRUE(decoder.Feed(cut, &event).ok());
  v1::Event message;
  EXPECT_EQ(ToProto(*event, "f", 1, &message).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace binlogd
