#include "pipeline/block_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/harness/log_blocks.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::Limits;
using testing::LogWriter;

const EventFilter kAll{FilterSpec()};

absl::StatusOr<EncodedBlock> EncodeJson(const Block& block, const BlockRange& range, const EventFilter& filter) {
  return EncodeBlock(block, range, filter, EventFormat::kJson, "");
}

std::string Encode(const std::vector<std::shared_ptr<const Block>>& blocks) {
  std::string all;
  for (const auto& block : blocks) {
    const absl::StatusOr<EncodedBlock> encoded = EncodeJson(*block, BlockRange(), kAll);
    EXPECT_TRUE(encoded.ok()) << encoded.status();
    if (encoded.ok()) all += encoded->bytes;
  }
  return all;
}

TEST(BlockEncoderTest, ABlockDecodesOnItsOwnWhereverItIsCut) {
  LogWriter log;
  log.Ddl("CREATE TABLE t (id INT, name VARCHAR(200))");
  log.Transaction({{1, "one"}, {2, "two"}, {3, "three"}, {-4, "minus four"}});
  log.Rotate();
  log.Transaction({{5, "five"}});
  log.Query("BEGIN");
  log.Query("INSERT INTO t VALUES (1)");
  log.Query("COMMIT");
  const std::string uncut = Encode(BlocksOf(log, Limits(1000000)));
  EXPECT_NE(uncut.find(R"("name":"minus four")"), std::string::npos) << uncut;
  EXPECT_NE(uncut.find(R"("id":-4)"), std::string::npos);
  for (uint32_t most = 1; most <= log.events().size(); ++most)
    EXPECT_EQ(Encode(BlocksOf(log, Limits(most))), uncut) << most;
}

TEST(BlockEncoderTest, BoundaryIsTheLastOneInTheBlock) {
  LogWriter log;
  log.Ddl("CREATE TABLE t (a INT)");
  const uint64_t boundary = log.offset();
  log.Gtid();
  log.Query("BEGIN");
  const auto block = BlocksOf(log, Limits(1000))[0];
  const EncodedBlock encoded = *EncodeJson(*block, BlockRange(), kAll);
  EXPECT_EQ(encoded.boundary_offset, boundary);
  EXPECT_EQ(encoded.events, 5u);
  EXPECT_EQ(encoded.bytes[encoded.boundary_bytes - 1], '\n');
  EXPECT_NE(encoded.bytes.substr(0, encoded.boundary_bytes).find("CREATE TABLE"), std::string::npos);
  EXPECT_NE(encoded.bytes.substr(encoded.boundary_bytes).find(R"("type":"gtid")"), std::string::npos);
  const auto inside = BlocksOf(log, Limits(1)).back();
  EXPECT_EQ(EncodeJson(*inside, BlockRange(), kAll)->boundary_offset, 0u);
  EXPECT_EQ(EncodeJson(*inside, BlockRange(), kAll)->boundary_bytes, 0u);
}

TEST(BlockEncoderTest, FromAnyEventOnButNotFromInsideOne) {
  LogWriter log;
  log.Transaction({{1, "one"}, {2, "two"}});
  const auto block = BlocksOf(log, Limits(1000))[0];
  const std::string whole = EncodeJson(*block, BlockRange(), kAll)->bytes;
  for (uint64_t from = block->start.offset; from <= block->end.offset + 1; ++from) {
    const bool begins = from >= block->end.offset ||
                        std::any_of(block->events.begin(), block->events.end(),
                                    [&](const BlockEvent& e) { return block->start.offset + e.begin == from; });
    BlockRange range;
    range.from_offset = from;
    const absl::StatusOr<EncodedBlock> encoded = EncodeJson(*block, range, kAll);
    EXPECT_EQ(encoded.ok(), begins) << from;
    if (encoded.ok()) {
      EXPECT_EQ(whole.substr(whole.size() - encoded->bytes.size()), encoded->bytes) << "a tail of the whole";
    } else {
      EXPECT_EQ(ErrorReason(encoded.status()), "POSITION_INVALID");
      EXPECT_TRUE(IsPermanent(encoded.status()));
    }
  }
}

TEST(BlockEncoderTest, HeldTransactionsAreLeftOut) {
  LogWriter log;
  for (int i = 1; i <= 4; ++i) log.Transaction({{i, absl::StrCat("row ", i)}});
  const GtidSet held = *GtidSet::Parse(Flavor::kMySql, absl::StrCat(LogWriter::kServerUuid, ":1:3"));
  for (const uint32_t most : {1u, 3u, 1000u}) {
    std::string all;
    for (const auto& block : BlocksOf(log, Limits(most))) {
      BlockRange range;
      range.held = &held;
      all += EncodeJson(*block, range, kAll)->bytes;
    }
    for (int i = 1; i <= 4; ++i) {
      EXPECT_EQ(all.find(absl::StrCat("row ", i)) != std::string::npos, i % 2 == 0) << i;
      EXPECT_EQ(all.find(absl::StrCat(LogWriter::kServerUuid, ":", i, "\"")) != std::string::npos, i % 2 == 0) << i;
    }
  }
}

TEST(BlockEncoderTest, ATransactionWhoseBeginningWasNotReadIsLeftOut) {
  LogWriter log;
  log.Transaction({{1, "headless"}, {2, "headless"}});
  log.Transaction({{3, "whole"}});
  const size_t at = 5;  // The first rows event.
  ASSERT_EQ(log.events()[at].type, EventType::kWriteRows);
  testing::CollectingSink sink;
  BlockBuilder builder(Flavor::kMySql, Limits(3), &sink);
  builder.Begin(testing::MakeEpoch(), ReadStart{Position{"binlog.000001", log.events()[at].begin, ""}, false});
  LogWriter format;
  format.ArtificialFormat();
  ASSERT_TRUE(builder.Add(format.events().back().bytes).ok());
  for (size_t i = at; i < log.events().size(); ++i) ASSERT_TRUE(builder.Add(log.events()[i].bytes).ok());
  ASSERT_TRUE(builder.Seal().ok());
  const std::string all = Encode(sink.blocks);
  EXPECT_EQ(all.find("headless"), std::string::npos);
  EXPECT_NE(all.find("whole"), std::string::npos);
}

TEST(BlockEncoderTest, WhatCannotBeDecodedIsAnErrorWithItsPlace) {
  LogWriter log;
  log.Gtid();
  log.Query("BEGIN");
  const uint64_t at = log.offset();
  log.WriteRows(1, "without a table map", true);
  const auto block = BlocksOf(log, Limits(1000))[0];
  const absl::Status refused = EncodeJson(*block, BlockRange(), kAll).status();
  EXPECT_EQ(ErrorReason(refused), "TABLE_MAP_MISSING");
  EXPECT_TRUE(absl::IsDataLoss(refused));
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_NE(refused.message().find(absl::StrCat("binlog.000001: offset ", at)), absl::string_view::npos) << refused;
  BlockRange range;
  range.from_offset = block->end.offset;
  EXPECT_TRUE(EncodeJson(*block, range, kAll).ok()) << "what was delivered before need not be decodable any more";
}

TEST(BlockEncoderTest, TheFilterAndTheVisitorsErrors) {
  LogWriter log;
  log.Ddl("CREATE TABLE t (a INT)");
  log.Transaction({{1, "one"}});
  const auto block = BlocksOf(log, Limits(1000))[0];
  FilterSpec writes;
  writes.events = {EventKind::kWrite};
  EXPECT_EQ(EncodeJson(*block, BlockRange(), EventFilter(writes))->events, 1u);
  int visited = 0;
  const absl::Status stopped = VisitBlock(*block, BlockRange(), kAll, [&](const DecodedEvent&, uint64_t, bool) {
    return ++visited == 2 ? absl::AbortedError("enough") : absl::OkStatus();
  });
  EXPECT_TRUE(absl::IsAborted(stopped));
  EXPECT_EQ(visited, 2);
}

}  // namespace
}  // namespace binlogd
