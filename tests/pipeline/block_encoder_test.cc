#include "pipeline/block_encoder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/binlog/events.h"
#include "tests/harness/log_blocks.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::EncodeBlock;
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

TEST(BlockEncoderTest, PiecesAreTheWhole) {
  LogWriter log;
  log.Ddl("CREATE TABLE t (a INT)");
  log.PayloadTransaction({{1, "one"}, {2, "two"}, {3, "three"}});
  log.Transaction({{4, "four"}});
  const uint64_t boundary = log.offset();
  log.Gtid();
  log.Query("BEGIN");
  const auto block = BlocksOf(log, Limits(1000))[0];
  for (const EventFormat format : {EventFormat::kJson, EventFormat::kDebeziumJson, EventFormat::kMaxwellJson,
                                   EventFormat::kCanalJson, EventFormat::kProtobuf}) {
    SCOPED_TRACE(EventFormatName(format));
    const EncodedBlock whole = *EncodeBlock(*block, BlockRange(), kAll, format, "orders");
    EXPECT_GT(whole.events, 3u);
    for (const size_t piece_bytes : {size_t{1}, size_t{100}, size_t{1000}, whole.bytes.size() + 1}) {
      BlockEncoder encoder(*block, BlockRange(), kAll, format, "orders", /*wants_records=*/true);
      std::string all;
      uint64_t events = 0;
      uint64_t records = 0;
      int boundaries = 0;
      while (!encoder.done()) {
        const absl::StatusOr<EncodedBlock> piece = encoder.Next(piece_bytes);
        ASSERT_TRUE(piece.ok());
        if (piece->boundary_offset != 0) {
          ++boundaries;
          EXPECT_EQ(piece->boundary_offset, boundary);
          EXPECT_EQ(all.size() + piece->boundary_bytes, whole.boundary_bytes);
        } else {
          EXPECT_EQ(piece->boundary_bytes, 0u);
        }
        for (size_t i = 0; i < piece->records.size(); ++i) {
          const RecordBuffer::Record& record = piece->records[i];
          EXPECT_LE(record.value_begin + record.value_size, piece->bytes.size());
          EXPECT_EQ(record.value_begin < piece->boundary_bytes, i < piece->boundary_records);
          EXPECT_LE(piece->origins.at(record.origin).end_offset, block->end.offset);
        }
        records += piece->records.size();
        all += piece->bytes;
        events += piece->events;
      }
      EXPECT_EQ(all, whole.bytes) << piece_bytes;
      EXPECT_EQ(events, whole.events);
      EXPECT_EQ(records, whole.events);
      EXPECT_EQ(boundaries, 1);
    }
  }
}

TEST(BlockEncoderTest, ABlockOfOnlyABoundaryIsOnePiece) {
  LogWriter log;
  log.Transaction({{1, "one"}});
  FilterSpec none;
  none.events = {EventKind::kDelete};
  const auto block = BlocksOf(log, Limits(1000))[0];
  const EventFilter filter(none);
  BlockEncoder encoder(*block, BlockRange(), filter, EventFormat::kJson, "");
  const absl::StatusOr<EncodedBlock> piece = encoder.Next(1);
  ASSERT_TRUE(piece.ok());
  EXPECT_TRUE(encoder.done());
  EXPECT_EQ(piece->bytes, "");
  EXPECT_EQ(piece->boundary_offset, log.offset());
}

TEST(BlockEncoderTest, ACompressedTransactionIsTheSameAsAnUncompressedOne) {
  LogWriter plain;
  plain.Transaction({{1, "one"}, {2, "two"}});
  LogWriter payload;
  payload.PayloadTransaction({{1, "one"}, {2, "two"}});
  std::vector<std::string> kinds[2];
  std::vector<uint64_t> ends;
  for (const LogWriter* log : {&plain, &payload}) {
    const auto block = BlocksOf(*log, Limits(1000))[0];
    BlockCursor cursor(*block, BlockRange(), kAll);
    for (;;) {
      const DecodedEvent* event = nullptr;
      ASSERT_TRUE(cursor.Next(&event).ok());
      if (event == nullptr) break;
      EXPECT_TRUE(cursor.passes());
      kinds[log == &payload].push_back(absl::StrCat(EventKindName(event->kind), " ", event->gtid));
      if (log == &payload) ends.push_back(cursor.end_offset());
    }
  }
  EXPECT_EQ(kinds[0], kinds[1]);
  ASSERT_EQ(ends.size(), 6u);
  for (size_t i = 2; i < ends.size(); ++i) EXPECT_EQ(ends[i], payload.offset()) << "they end where the payload ends";
}

TEST(BlockEncoderTest, AHeldCompressedTransactionIsNotEvenLookedAt) {
  LogWriter log;
  log.PayloadTransaction({{1, "one"}});
  log.Gtid();
  log.Add(EventType::kTransactionPayload, absl::StrCat(MakePayloadBody(MakeQuery("BEGIN") + "garbage", 255, 52)));
  log.PayloadTransaction({{3, "three"}});
  const auto block = BlocksOf(log, Limits(1000))[0];
  const absl::Status refused = EncodeJson(*block, BlockRange(), kAll).status();
  EXPECT_EQ(ErrorReason(refused), "EVENT_MALFORMED");
  EXPECT_NE(refused.message().find("Transaction_payload: a Transaction_payload event "), absl::string_view::npos)
      << refused;
  const GtidSet held = *GtidSet::Parse(Flavor::kMySql, absl::StrCat(LogWriter::kServerUuid, ":1-2"));
  const absl::StatusOr<EncodedBlock> encoded = EncodeJson(*block, BlockRange{0, &held}, kAll);
  ASSERT_TRUE(encoded.ok()) << encoded.status();
  EXPECT_EQ(encoded->bytes.find("\"one\""), std::string::npos);
  EXPECT_NE(encoded->bytes.find("\"three\""), std::string::npos);
}

TEST(BlockEncoderTest, AnErrorInRowsOfAPayloadNamesThem) {
  LogWriter log;
  log.Gtid();
  const std::string rows = LogWriter::WriteRowsBody(1, "cut", true);
  const std::string events = MakeQuery("BEGIN") + MakeEvent(EventType::kTableMap, LogWriter::TableMapBody()) +
                             MakeEvent(EventType::kWriteRows, rows.substr(0, rows.size() - 1));
  log.Add(EventType::kTransactionPayload, MakePayloadBody(events, 255, events.size()));
  const absl::Status refused = EncodeJson(*BlocksOf(log, Limits(1000))[0], BlockRange(), kAll).status();
  EXPECT_NE(refused.message().find("Transaction_payload: its Write_rows: "), absl::string_view::npos) << refused;
}

TEST(BlockEncoderTest, WhatAFormatHoldsBackStandsBeforeTheBoundaryThatItBelongsTo) {
  LogWriter log;
  log.Ddl("CREATE TABLE t (id INT, name VARCHAR(200))");
  log.Transaction({{1, "first"}, {2, "first"}});
  log.Gtid();
  log.Query("BEGIN");
  const auto block = BlocksOf(log, Limits(1000))[0];
  FilterSpec rows_only;
  rows_only.events = {EventKind::kWrite};
  for (const EventFormat format : {EventFormat::kDebeziumJson, EventFormat::kMaxwellJson, EventFormat::kCanalJson}) {
    const EncodedBlock encoded = *EncodeBlock(*block, BlockRange(), EventFilter(rows_only), format, "orders");
    EXPECT_EQ(encoded.boundary_bytes, encoded.bytes.size()) << EventFormatName(format);
    EXPECT_EQ(encoded.events, 2u) << encoded.bytes;
    EXPECT_EQ(encoded.bytes.find("\"commit\":true") != std::string::npos, format == EventFormat::kMaxwellJson);
  }
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

TEST(BlockEncoderTest, TheFilterDecidesWhatIsWritten) {
  LogWriter log;
  log.Ddl("CREATE TABLE t (a INT)");
  log.Transaction({{1, "one"}});
  const auto block = BlocksOf(log, Limits(1000))[0];
  FilterSpec writes;
  writes.events = {EventKind::kWrite};
  EXPECT_EQ(EncodeJson(*block, BlockRange(), EventFilter(writes))->events, 1u);
}

}  // namespace
}  // namespace binlogd
