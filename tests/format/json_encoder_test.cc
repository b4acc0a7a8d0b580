#include "format/json_encoder.h"

#include <gtest/gtest.h>

#include "absl/strings/str_split.h"
#include "tests/binlog/events.h"
#include "tests/binlog/golden_log.h"

namespace binlogd {
namespace {

// Every captured event as a JSON line, with the offset of its end.
std::string Encode(const GoldenLog& log) {
  EventDecoder decoder(log.flavor, nullptr);
  JsonEncoder encoder;
  RecordBuffer out;
  uint64_t offset = kFirstEventOffset;
  for (const std::string& bytes : log.events) {
    offset += bytes.size();
    const DecodedEvent* event = nullptr;
    absl::Status status = decoder.Feed(bytes, &event);
    while (status.ok() && event != nullptr) {
      status = encoder.Append(*event, {"binlog.000001", offset}, true, &out);
      if (status.ok()) status = decoder.Next(&event);
    }
    EXPECT_TRUE(status.ok()) << status;
  }
  return out.values;
}

TEST(JsonEncoderTest, CapturedLogsComeOutAsTheServersTellThem) {
  for (const GoldenLog& log : ReadGoldenLogs()) {
    const std::vector<std::string> lines = absl::StrSplit(Encode(log), '\n');
    const std::vector<std::string> expected = absl::StrSplit(ReadGoldenFile(log.name + ".jsonl"), '\n');
    ASSERT_EQ(lines.size(), expected.size());
    for (size_t i = 0; i < lines.size(); ++i) EXPECT_EQ(lines[i], expected[i]) << log.name << " line " << i + 1;
  }
}

TEST(JsonEncoderTest, ColumnsWithoutNamesAreNumbered) {
  EventDecoder decoder(Flavor::kMySql, nullptr);
  const DecodedEvent* event = nullptr;
  const std::string map = MakeTableMap();
  const std::string rows = MakeWriteRows(42);
  ASSERT_TRUE(decoder.Feed(map, &event).ok());
  ASSERT_TRUE(decoder.Feed(rows, &event).ok());
  RecordBuffer out(true);
  ASSERT_TRUE(JsonEncoder().Append(*event, {"binlog.000001", 99}, false, &out).ok());
  EXPECT_EQ(out.count, 0u) << "not delivered";
  ASSERT_TRUE(JsonEncoder().Append(*event, {"binlog.000001", 99}, true, &out).ok());
  EXPECT_EQ(out.count, 1u);
  EXPECT_EQ(out.records[0].value_size, out.values.size() - 1);
  EXPECT_EQ(out.values,
            "{\"type\":\"write\",\"timestamp\":1700000000,\"database\":\"shop\",\"table\":\"t\",\"position\":{\"file\":"
            "\"binlog.000001\","
            "\"position\":99},\"rows\":[{\"@1\":42}],\"extra\":{\"server_id\":\"1\"}}\n");
}

TEST(JsonEncoderTest, AnErrorLeavesTheOutputAsItWas) {
  EventDecoder decoder(Flavor::kMySql, nullptr);
  const DecodedEvent* event = nullptr;
  const std::string map = MakeTableMap();
  // A whole row, then one that is cut short.
  const std::string rows = MakeEvent(EventType::kWriteRowsV1, absl::StrCat(Little(7, 6), Little(1, 2),
                                                                           FromHex("0101"
                                                                                   "002a000000"
                                                                                   "002a")));
  ASSERT_TRUE(decoder.Feed(map, &event).ok());
  ASSERT_TRUE(decoder.Feed(rows, &event).ok());
  for (const EventFormat format : {EventFormat::kJson, EventFormat::kDebeziumJson, EventFormat::kMaxwellJson,
                                   EventFormat::kCanalJson, EventFormat::kProtobuf}) {
    RecordBuffer out(true);
    out.values = "before\n";
    const std::unique_ptr<EventEncoder> encoder = MakeEventEncoder(format, EncoderOptions());
    EXPECT_EQ(encoder->Append(*event, {"binlog.000001", 99}, true, &out).code(), absl::StatusCode::kDataLoss);
    encoder->Finish(&out);
    EXPECT_EQ(out.values, "before\n") << EventFormatName(format);
    EXPECT_EQ(out.keys, "");
    EXPECT_TRUE(out.records.empty());
    EXPECT_EQ(out.count, 0u);
  }
}

}  // namespace
}  // namespace binlogd
