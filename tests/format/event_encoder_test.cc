#include "format/event_encoder.h"

#include <gtest/gtest.h>

#include "binlogd/v1/event.pb.h"
#include "format/proto_json.h"
#include "tests/format/format_testing.h"

namespace binlogd {
namespace {

constexpr EventFormat kFormats[] = {EventFormat::kJson, EventFormat::kDebeziumJson, EventFormat::kMaxwellJson,
                                    EventFormat::kCanalJson, EventFormat::kProtobuf};

TEST(EventEncoderTest, LengthDelimitedMessagesAreTheLines) {
  for (const Flavor flavor : {Flavor::kMySql, Flavor::kMariaDb}) {
    const RecordBuffer messages = testing::EncodeGoldenLog(EventFormat::kProtobuf, flavor);
    const RecordBuffer lines = testing::EncodeGoldenLog(EventFormat::kJson, flavor);
    ASSERT_EQ(messages.records.size(), lines.count);
    std::string through;
    for (const RecordBuffer::Record& record : messages.records) {
      v1::Event event;
      ASSERT_TRUE(event.ParseFromString(messages.values.substr(record.value_begin, record.value_size)));
      AppendProtoAsJson(event, &through);
    }
    EXPECT_EQ(through, lines.values);
    EXPECT_EQ(testing::EncodeGoldenLog(EventFormat::kProtobuf, flavor).values, messages.values) << "the same again";
  }
}

TEST(EventEncoderTest, FramesAreWalkedRecordByRecord) {
  for (const EventFormat format : kFormats) {
    const RecordBuffer buffer = testing::EncodeGoldenLog(format, Flavor::kMySql);
    absl::string_view rest = buffer.values;
    uint64_t count = 0;
    while (const size_t size = FramedRecordSize(EventFormatFraming(format), rest)) {
      rest.remove_prefix(size);
      ++count;
    }
    EXPECT_EQ(rest, "");
    EXPECT_EQ(count, buffer.count) << EventFormatName(format);
  }
}

TEST(EventEncoderTest, AFrameThatIsNotWholeIsNone) {
  EXPECT_EQ(FramedRecordSize(RecordFraming::kLines, "abc"), 0u);
  EXPECT_EQ(FramedRecordSize(RecordFraming::kLines, "abc\nd"), 4u);
  EXPECT_EQ(FramedRecordSize(RecordFraming::kLengths, ""), 0u);
  EXPECT_EQ(FramedRecordSize(RecordFraming::kLengths,
                             "\x02"
                             "a"),
            0u);
  EXPECT_EQ(FramedRecordSize(RecordFraming::kLengths,
                             "\x02"
                             "abc"),
            3u);
  EXPECT_EQ(FramedRecordSize(RecordFraming::kLengths, "\x80"), 0u);
  EXPECT_EQ(FramedRecordSize(RecordFraming::kLengths, "\xff\xff\xff\xff\xff\xff"), 0u);
  const std::string two_bytes = "\x80\x01" + std::string(128, 'x');
  EXPECT_EQ(FramedRecordSize(RecordFraming::kLengths, two_bytes), 130u);
}

TEST(EventEncoderTest, WhatIsNotDeliveredIsNotWritten) {
  for (const EventFormat format : kFormats) {
    const RecordBuffer none =
        testing::EncodeGoldenLog(format, Flavor::kMySql, {}, [](const DecodedEvent&) { return false; });
    EXPECT_EQ(none.values, "") << EventFormatName(format);
    EXPECT_EQ(none.count, 0u);
  }
}

// Where the record itself says that its event ends.
std::string PlaceTold(EventFormat format, const nlohmann::json& record) {
  if (format == EventFormat::kMaxwellJson) return record["position"];
  const nlohmann::json& offset = format == EventFormat::kCanalJson ? record["id"] : record["position"]["position"];
  return "binlog.000001:" + offset.dump();
}

TEST(EventEncoderTest, RecordsTellTheirOrigin) {
  for (const EventFormat format : {EventFormat::kJson, EventFormat::kMaxwellJson, EventFormat::kCanalJson}) {
    const RecordBuffer buffer = testing::EncodeGoldenLog(format, Flavor::kMySql);
    const std::vector<nlohmann::json> records = testing::Parse(buffer);
    ASSERT_EQ(records.size(), buffer.records.size());
    for (size_t i = 0; i < records.size(); ++i) {
      const RecordOrigin& origin = buffer.origins.at(buffer.records[i].origin);
      EXPECT_EQ("binlog.000001:" + std::to_string(origin.end_offset), PlaceTold(format, records[i]));
      EXPECT_EQ(origin.database, records[i].value("database", ""));
      EXPECT_EQ(origin.table, records[i].value("table", ""));
      EXPECT_EQ(origin.gtid, records[i].value("gtid", ""));
    }
  }
}

TEST(EventEncoderTest, AChangeAndItsTombstoneAreOfOneEvent) {
  const RecordBuffer buffer = testing::EncodeGoldenLog(EventFormat::kDebeziumJson, Flavor::kMySql);
  size_t tombstones = 0;
  for (size_t i = 0; i < buffer.records.size(); ++i) {
    if (!buffer.records[i].tombstone) continue;
    ++tombstones;
    ASSERT_GT(i, 0u);
    EXPECT_EQ(buffer.records[i].origin, buffer.records[i - 1].origin);
  }
  EXPECT_GT(tombstones, 0u);
}

TEST(EventEncoderTest, NothingBesideTheValuesUnlessItIsWanted) {
  const std::unique_ptr<EventEncoder> encoder = MakeEventEncoder(EventFormat::kJson, {});
  DecodedEvent event;
  RecordBuffer out;
  ASSERT_TRUE(encoder->Append(event, {"f", 9}, true, &out).ok());
  EXPECT_EQ(out.count, 1u);
  EXPECT_TRUE(out.records.empty() && out.origins.empty());
}

}  // namespace
}  // namespace binlogd
