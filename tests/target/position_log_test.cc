#include "target/position_log.h"

#include <gtest/gtest.h>
#include <libdeflate.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/error.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

class PositionLogTest : public ::testing::Test {
 protected:
  static PositionRecord Record(uint64_t offset) {
    PositionRecord record;
    record.format = "JSON";
    record.durable.epoch = Epoch{3, "0123abcd"};
    record.durable.position = Position{"binlog.000007", offset, "0-1-5"};
    record.durable.at_boundary = false;
    record.durable.read_whole_file = true;
    record.durable.log_created = 4000000000;
    record.durable.log_server_id = 4294967295;
    record.durable.last_event = EventMark{4294967293, 4294967292, 4294967291};
    record.durable.source_time = 4100000000;
    record.durable.held_gtid_set = "0-1-4";
    record.durable.boundary = Position{"binlog.000006", uint64_t{3} << 33, ""};
    EpochEnd& before = record.durable.before;
    before.epoch = Epoch{2, "89abcdef"};
    before.position = Position{"binlog.000041", uint64_t{9} << 32, ""};
    before.boundary = Position{"binlog.000040", 4321, ""};
    before.log_created = 3900000000;
    before.log_server_id = 4294967294;
    before.next_file = "binlog.000003";
    record.output_file = "events-00000001.jsonl";
    record.output_length = uint64_t{5} << 32;
    record.output_content = uint64_t{7} << 40;
    record.output_began = 4200000000;
    record.owner = "streamer \"orders\", target \"t\"";
    record.take = StoreTake{uint64_t{6} << 40, "00112233", "db1", "2026-01-02T03:04:05Z"};
    return record;
  }
  static std::string Line(const std::string& body) {
    return absl::StrFormat("%08x %s\n", libdeflate_crc32(0, body.data(), body.size()), body);
  }
  testing::TempDir dir_;
  const std::string path_ = dir_ / "position.log";
};

TEST_F(PositionLogTest, EveryFieldComesBack) {
  {
    auto log = PositionLog::Open(path_);
    ASSERT_TRUE(log.ok());
    EXPECT_FALSE(log->last().has_value());
    ASSERT_TRUE(log->Append(Record(uint64_t{1} << 60)).ok());
  }
  const auto log = PositionLog::Open(path_);
  ASSERT_TRUE(log.ok() && log->last().has_value());
  const PositionRecord& last = *log->last();
  const PositionRecord expected = Record(uint64_t{1} << 60);
  EXPECT_EQ(last.format, expected.format);
  EXPECT_EQ(last.durable.epoch, expected.durable.epoch);
  EXPECT_EQ(last.durable.position.file, expected.durable.position.file);
  EXPECT_EQ(last.durable.position.offset, expected.durable.position.offset);
  EXPECT_EQ(last.durable.position.gtid_set, expected.durable.position.gtid_set);
  EXPECT_EQ(last.durable.at_boundary, expected.durable.at_boundary);
  EXPECT_EQ(last.durable.read_whole_file, expected.durable.read_whole_file);
  EXPECT_EQ(last.durable.log_created, expected.durable.log_created);
  EXPECT_EQ(last.durable.log_server_id, expected.durable.log_server_id);
  EXPECT_EQ(last.durable.last_event, expected.durable.last_event);
  EXPECT_EQ(last.durable.source_time, expected.durable.source_time);
  EXPECT_EQ(last.durable.held_gtid_set, expected.durable.held_gtid_set);
  EXPECT_EQ(ToString(last.durable.boundary), ToString(expected.durable.boundary));
  const EpochEnd& before = last.durable.before;
  EXPECT_EQ(before.epoch, expected.durable.before.epoch);
  EXPECT_EQ(ToString(before.position), ToString(expected.durable.before.position));
  EXPECT_EQ(ToString(before.boundary), ToString(expected.durable.before.boundary));
  EXPECT_EQ(before.log_created, expected.durable.before.log_created);
  EXPECT_EQ(before.log_server_id, expected.durable.before.log_server_id);
  EXPECT_EQ(before.next_file, expected.durable.before.next_file);
  EXPECT_EQ(last.output_file, expected.output_file);
  EXPECT_EQ(last.output_length, expected.output_length);
  EXPECT_EQ(last.output_content, expected.output_content);
  EXPECT_EQ(last.output_began, expected.output_began);
  EXPECT_EQ(last.owner, expected.owner);
  EXPECT_EQ(last.take.generation, expected.take.generation);
  EXPECT_EQ(last.take.instance, expected.take.instance);
  EXPECT_EQ(last.take.host, expected.take.host);
  EXPECT_EQ(last.take.since, expected.take.since);
}

TEST_F(PositionLogTest, IsWrittenAnewBeyondAMebibyteAndStaysRight) {
  uint64_t largest = 0;
  bool shrank = false;
  for (uint64_t round = 0; round < 3; ++round) {
    auto log = PositionLog::Open(path_);
    ASSERT_TRUE(log.ok());
    PositionRecord record = Record(round);
    record.durable.held_gtid_set = std::string(100000, 'x');
    for (uint64_t i = 0; i < 15; ++i) {
      record.durable.position.offset = round * 100 + i;
      ASSERT_TRUE(log->Append(record).ok());
      const uint64_t size = std::filesystem::file_size(path_);
      shrank = shrank || size < largest;
      largest = std::max(largest, size);
    }
    const auto again = PositionLog::Open(path_);
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(again->last()->durable.position.offset, round * 100 + 14);
  }
  EXPECT_TRUE(shrank);
  EXPECT_LT(largest, 1400000u);
}

TEST_F(PositionLogTest, ATornLastLineIsWrittenOver) {
  { ASSERT_TRUE(PositionLog::Open(path_)->Append(Record(1)).ok()); }
  for (const std::string& torn : {std::string("a"), std::string("0000"), std::string(5000, '\0'),
                                  std::string("00000000 {}\n"), std::string("not a line\n"), std::string("\n")}) {
    const std::string good = *ReadWholeFile(path_);
    ASSERT_TRUE(ReplaceFile(path_, good + torn, 0640).ok());
    auto log = PositionLog::Open(path_);
    ASSERT_TRUE(log.ok()) << torn << log.status();
    EXPECT_EQ(log->last()->durable.position.offset, 1u);
    EXPECT_EQ(*ReadWholeFile(path_), good);
  }
}

TEST_F(PositionLogTest, CutAnywhereTheLastWholeRecordCounts) {
  {
    auto log = PositionLog::Open(path_);
    for (int i = 1; i <= 3; ++i) ASSERT_TRUE(log->Append(Record(i)).ok());
  }
  const std::string bytes = *ReadWholeFile(path_);
  for (size_t length = 0; length <= bytes.size(); ++length) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes.substr(0, length);
    const auto whole = std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length), '\n');
    auto log = PositionLog::Open(path_);
    ASSERT_TRUE(log.ok()) << length << log.status();
    ASSERT_EQ(log->last() ? log->last()->durable.position.offset : 0, static_cast<uint64_t>(whole)) << length;
  }
}

TEST_F(PositionLogTest, OneThatSomebodyCutOrRemovedIsWrittenAnew) {
  for (const bool cut : {true, false}) {
    std::filesystem::remove(path_);
    auto log = PositionLog::Open(path_);
    ASSERT_TRUE(log.ok() && log->Append(Record(1)).ok());
    cut ? std::filesystem::resize_file(path_, 0) : (void)std::filesystem::remove(path_);
    for (uint64_t i = 2; i <= 3; ++i) {
      ASSERT_TRUE(log->Append(Record(i)).ok());
      const auto again = PositionLog::Open(path_);
      ASSERT_TRUE(again.ok()) << again.status();
      ASSERT_TRUE(again->last().has_value()) << cut;
      EXPECT_EQ(again->last()->durable.position.offset, i);
    }
  }
}

TEST_F(PositionLogTest, DamageBeforeTheLastRecordIsRefused) {
  {
    auto log = PositionLog::Open(path_);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(log->Append(Record(i)).ok());
  }
  std::string bytes = *ReadWholeFile(path_);
  bytes[bytes.size() / 2] ^= 1;
  ASSERT_TRUE(ReplaceFile(path_, bytes, 0640).ok());
  const absl::Status refused = PositionLog::Open(path_).status();
  EXPECT_EQ(ErrorReason(refused), "TARGET_DAMAGED");
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_EQ(*ReadWholeFile(path_), bytes) << "and left as it is";
}

TEST_F(PositionLogTest, AnotherVersionsRecordIsRefusedNotForgotten) {
  for (const char* body : {R"({"version":2,"epoch":"0001-6f1c2a9e"})", R"({"version":1,"epoch":7})",
                           R"({"version":1,"epoch":"x"})", "[]", "{"}) {
    ASSERT_TRUE(ReplaceFile(path_, Line(body), 0640).ok());
    const absl::Status refused = PositionLog::Open(path_).status();
    EXPECT_EQ(ErrorReason(refused), "TARGET_FORMAT_MISMATCH") << body;
    EXPECT_TRUE(IsPermanent(refused));
    EXPECT_EQ(*ReadWholeFile(path_), Line(body));
  }
}

}  // namespace
}  // namespace binlogd
