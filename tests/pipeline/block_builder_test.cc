#include "pipeline/block_builder.h"

#include <gtest/gtest.h>

#include <map>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "binlog/event_mark.h"
#include "tests/harness/log_blocks.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::CollectingSink;
using testing::Limits;
using testing::LoggedEvent;
using testing::LogWriter;
using testing::MakeEpoch;

class BlockBuilderTest : public ::testing::Test {
 protected:
  void Begin(const BatchLimits& limits, const ReadStart& start = ReadStart{Position{"binlog.000001", 4, ""}}) {
    builder_ = std::make_unique<BlockBuilder>(Flavor::kMySql, limits, &sink_);
    builder_->Begin(MakeEpoch(), start);
  }
  absl::Status AddAll(const std::vector<LoggedEvent>& events) {
    for (const LoggedEvent& event : events) {
      if (absl::Status added = builder_->Add(event.bytes); !added.ok()) return added;
    }
    return absl::OkStatus();
  }
  void ExpectRefused(const std::string& event, const std::string& reason) {
    const Position before = builder_->next();
    const absl::Status refused = builder_->Add(event);
    EXPECT_EQ(ErrorReason(refused), reason) << refused;
    EXPECT_TRUE(absl::IsDataLoss(refused));
    EXPECT_TRUE(IsPermanent(refused));
    EXPECT_NE(refused.message().find(ToString(before)), absl::string_view::npos) << refused;
    EXPECT_EQ(ToString(builder_->next()), ToString(before));
  }

  CollectingSink sink_;
  std::unique_ptr<BlockBuilder> builder_;
};

TEST_F(BlockBuilderTest, BlocksAreTheLogWithoutGaps) {
  LogWriter log;
  for (int i = 0; i < 5; ++i) {
    log.Transaction({{i, "x"}, {i, "y"}});
    if (i % 2 == 1) log.Rotate();
  }
  for (uint32_t most = 1; most < 12; ++most) {
    std::map<std::string, std::string> files;
    Position at{"binlog.000001", 4, ""};
    for (const auto& block : BlocksOf(log, Limits(most))) {
      EXPECT_LE(block->events.size(), most);
      if (block->start.file != at.file) at = Position{block->start.file, 4, ""};
      EXPECT_EQ(ToString(block->start), ToString(at));
      EXPECT_EQ(block->end.offset, block->start.offset + block->bytes.size());
      EXPECT_EQ(block->end.file, block->start.file);
      size_t begin = 0;
      for (const BlockEvent& event : block->events) {
        EXPECT_EQ(event.begin, begin);
        begin += event.size;
      }
      EXPECT_EQ(begin, block->bytes.size());
      files[block->start.file] += block->bytes;
      at = block->end;
    }
    for (const std::string& file : log.files()) EXPECT_EQ(std::string(kFileMagic) + files[file], log.FileBytes(file));
    EXPECT_EQ(at.gtid_set, log.gtid_set());
  }
}

TEST_F(BlockBuilderTest, SealsByBytesAndLetsALargeEventGoAlone) {
  LogWriter log;
  log.Transaction({{1, "small"}, {2, std::string(5000, 'L')}, {3, "small"}, {4, "small"}});
  const auto blocks = BlocksOf(log, Limits(1000, 400));
  bool alone = false;
  for (const auto& block : blocks) {
    if (block->bytes.size() <= 400) continue;
    EXPECT_EQ(block->events.size(), 1u);
    alone = true;
  }
  EXPECT_TRUE(alone);
  EXPECT_GE(blocks.size(), 3u);
}

TEST_F(BlockBuilderTest, BoundariesAndGtidSets) {
  LogWriter log;
  log.Transaction({{1, "x"}});
  log.Ddl("CREATE TABLE t (a INT)");
  std::vector<bool> starts, ends;
  for (const auto& block : BlocksOf(log, Limits(1))) {
    starts.push_back(block->starts_at_boundary);
    ends.push_back(block->events[0].ends_transaction);
  }
  // Format; GTID, BEGIN, table map, rows, XID; GTID, DDL.
  EXPECT_EQ(ends, (std::vector<bool>{true, false, false, false, false, true, false, true}));
  EXPECT_EQ(starts, (std::vector<bool>{true, true, false, false, false, false, true, false}));
  Begin(Limits(1000));
  ASSERT_TRUE(AddAll(log.events()).ok());
  EXPECT_EQ(builder_->next().gtid_set, absl::StrCat(LogWriter::kServerUuid, ":1-2"));
  EXPECT_TRUE(builder_->at_boundary());
}

TEST_F(BlockBuilderTest, HeartbeatsAndArtificialEventsAreInNoBlock) {
  LogWriter log;
  log.Heartbeat();
  log.Ddl("CREATE TABLE t (a INT)");
  log.Heartbeat();
  Begin(Limits(1000));
  ASSERT_TRUE(builder_->Add(log.events()[0].bytes).ok());
  EXPECT_EQ(builder_->last_taken(), BlockBuilder::Taken::kArtificial);
  EXPECT_FALSE(builder_->has_open_block());
  ASSERT_TRUE(builder_->Add(log.events()[1].bytes).ok());
  EXPECT_EQ(builder_->last_taken(), BlockBuilder::Taken::kFileEvent);
  ASSERT_TRUE(builder_->Add(log.events()[2].bytes).ok());
  EXPECT_EQ(builder_->last_taken(), BlockBuilder::Taken::kHeartbeat);
  ASSERT_TRUE(AddAll({log.events().begin() + 3, log.events().end()}).ok());
  ASSERT_TRUE(builder_->Seal().ok());
  EXPECT_EQ(std::string(kFileMagic) + sink_.blocks[0]->bytes, log.FileBytes("binlog.000001"));
}

TEST_F(BlockBuilderTest, ResumesInsideAFile) {
  LogWriter log;
  log.Ddl("CREATE TABLE t (a INT)");
  const uint64_t at = log.offset();
  const size_t count = log.events().size();
  log.ArtificialRotate(log.file(), at);
  log.ArtificialFormat();
  log.Transaction({{1, "x"}});
  Begin(Limits(1000),
        ReadStart{Position{"binlog.000001", at, absl::StrCat(LogWriter::kServerUuid, ":1")}, true, 1700000000, 1});
  ASSERT_TRUE(AddAll({log.events().begin() + static_cast<std::ptrdiff_t>(count), log.events().end()}).ok());
  ASSERT_TRUE(builder_->Seal().ok());
  ASSERT_EQ(sink_.blocks.size(), 1u);
  EXPECT_EQ(sink_.blocks[0]->start.offset, at);
  EXPECT_EQ(sink_.blocks[0]->end.gtid_set, log.gtid_set());
  EXPECT_NE(sink_.blocks[0]->format, nullptr);
}

// MariaDB tells the key of an encrypted file again to a dump from inside it.
TEST_F(BlockBuilderTest, TheKeyOfAnEncryptedFileStandsOnceInIt) {
  LogWriter log;
  const std::string body = absl::StrCat(std::string(1, '\x01'), std::string(16, 'x'));
  log.Add(EventType::kMariaDbStartEncryption, body);
  log.Ddl("CREATE TABLE t (a INT)");
  Begin(Limits(1000));
  ASSERT_TRUE(AddAll(log.events()).ok());
  EXPECT_EQ(builder_->next().offset, log.offset());
  const std::string again = testing::WithEndPosition(log.events()[2].bytes, 0);
  ASSERT_EQ(log.events()[2].type, EventType::kMariaDbStartEncryption);
  ASSERT_TRUE(builder_->Add(again).ok());
  EXPECT_EQ(builder_->last_taken(), BlockBuilder::Taken::kArtificial);
  EXPECT_EQ(builder_->next().offset, log.offset());
}

TEST_F(BlockBuilderTest, AnotherFileOfTheNameIsAReset) {
  LogWriter log("binlog.000001", 1800000000);
  log.ArtificialFormat();
  for (const bool known : {true, false}) {
    Begin(Limits(1000), ReadStart{Position{"binlog.000001", 500, ""}, true, known ? 1700000000u : 0, known ? 1u : 0});
    const absl::Status reset = builder_->Add(log.events().back().bytes);
    EXPECT_EQ(reset.ok(), !known);
    if (!known) continue;
    EXPECT_EQ(ErrorReason(reset), "LOG_RESET");
    EXPECT_FALSE(IsPermanent(reset)) << "a new epoch begins by itself";
  }
}

TEST_F(BlockBuilderTest, AnotherFileOfTheNameIsAResetAlsoFromItsBeginningOn) {
  LogWriter log("binlog.000001", 1800000000);
  log.Transaction({{1, "x"}});
  Begin(Limits(1000), ReadStart{Position{"binlog.000001", 4, ""}, true, 1700000000, 1});
  EXPECT_EQ(ErrorReason(AddAll(log.events())), "LOG_RESET");
  ASSERT_TRUE(builder_->Seal().ok());
  EXPECT_TRUE(sink_.blocks.empty()) << "nothing of it is taken";
  EXPECT_EQ(ToString(builder_->place()), "binlog.000001:4");
  Begin(Limits(1000), ReadStart{Position{"binlog.000001", 4, ""}, true, 1800000000, 1});
  EXPECT_TRUE(AddAll(log.events()).ok());
}

// What a reconnect's dump sends: the place, the format, and the events from the last one taken on.
TEST_F(BlockBuilderTest, TheLastEventComesAgainAndTellsALogOfTheSameSecond) {
  LogWriter log;
  log.Transaction({{1, "x"}});
  const size_t taken = log.events().size();
  const LoggedEvent last = log.events().back();
  log.Transaction({{2, "y"}});
  Begin(Limits(1000));
  EXPECT_EQ(builder_->BeginDump(), 4u);
  ASSERT_TRUE(AddAll({log.events().begin(), log.events().begin() + taken}).ok());
  ASSERT_TRUE(builder_->Seal().ok());
  const Position end = builder_->next();
  for (int reconnect = 0; reconnect < 2; ++reconnect) {
    EXPECT_EQ(builder_->BeginDump(), last.begin);
    ASSERT_TRUE(AddAll({last}).ok());
    EXPECT_EQ(builder_->last_taken(), BlockBuilder::Taken::kArtificial) << "nobody counts it twice";
    EXPECT_EQ(ToString(builder_->next()), ToString(end));
  }
  builder_->BeginDump();
  ASSERT_TRUE(AddAll({log.events().front()}).ok());
  std::string damaged = last.bytes;
  damaged[kEventHeaderSize] = static_cast<char>(damaged[kEventHeaderSize] + 1);
  EXPECT_EQ(ErrorReason(builder_->Add(damaged)), "CHECKSUM_MISMATCH");
  ASSERT_EQ(log.events().back().bytes.size(), last.bytes.size());
  EXPECT_EQ(ErrorReason(builder_->Add(log.events().back().bytes)), "LOG_RESET") << "of another transaction";
  EXPECT_EQ(ErrorReason(builder_->Add(log.events()[taken].bytes)), "LOG_RESET") << "of another length";
  ASSERT_TRUE(AddAll({log.events().begin() + taken - 1, log.events().end()}).ok());
  ASSERT_TRUE(builder_->Seal().ok());
  EXPECT_EQ(builder_->next().offset, log.offset());
  ASSERT_EQ(sink_.blocks.size(), 2u);
  EXPECT_EQ(sink_.blocks[1]->start.offset, end.offset);
}

TEST_F(BlockBuilderTest, AnotherStartBeginsAtTheEventThatEndsThere) {
  LogWriter log;
  log.Transaction({{1, "x"}});
  const LoggedEvent last = log.events().back();
  ReadStart start{Position{"binlog.000001", log.offset(), ""}, true, 1700000000, 1};
  start.last_event = MarkOf(last.bytes);
  Begin(Limits(1000), start);
  EXPECT_EQ(builder_->BeginDump(), last.begin);
  // Behind the format description alone there is nothing to compare that it does not tell itself.
  start.position.offset = log.events()[1].begin;
  start.last_event = MarkOf(log.events().front().bytes);
  Begin(Limits(1000), start);
  EXPECT_EQ(builder_->BeginDump(), start.position.offset);
  Begin(Limits(1000));
  ASSERT_TRUE(AddAll(log.events()).ok());
  const size_t rotation = log.events().size();
  log.Rotate();
  ASSERT_TRUE(AddAll({log.events().begin() + rotation, log.events().begin() + rotation + 2}).ok());
  EXPECT_EQ(builder_->place().file, "binlog.000002");
  EXPECT_EQ(builder_->BeginDump(), 4u) << "where a file begins";
}

TEST_F(BlockBuilderTest, KnowsTheLastBoundaryAlsoWhereItBeginsBehindIt) {
  LogWriter log;
  log.Transaction({{1, "x"}});
  const Position boundary{"binlog.000001", log.offset(), ""};
  ReadStart start{Position{"binlog.000001", log.offset() + 100, ""}, false};
  start.boundary = boundary;
  Begin(Limits(1000), start);
  EXPECT_EQ(ToString(builder_->boundary()), ToString(boundary));
}

TEST_F(BlockBuilderTest, RefusesWhatIsDamaged) {
  LogWriter log;
  log.Transaction({{1, "x"}});
  for (size_t i = 1; i < log.events().size(); ++i) {
    const LoggedEvent& event = log.events()[i];
    Begin(Limits(1000));
    ASSERT_TRUE(AddAll({log.events().begin(), log.events().begin() + static_cast<std::ptrdiff_t>(i)}).ok());
    ExpectRefused(testing::WithBadChecksum(event.bytes), "CHECKSUM_MISMATCH");
    ExpectRefused(testing::WithEndPosition(event.bytes, static_cast<uint32_t>(event.end() + 1)), "LOG_GAP");
    ExpectRefused(testing::WithEndPosition(event.bytes, static_cast<uint32_t>(event.begin)), "LOG_GAP");
    ExpectRefused(testing::WithSize(event.bytes, static_cast<uint32_t>(event.bytes.size() + 1)), "EVENT_MALFORMED");
    ExpectRefused(testing::WithSize(event.bytes, 3), "EVENT_MALFORMED");
    for (const size_t cut : {size_t{0}, size_t{18}, event.bytes.size() - 1})
      ExpectRefused(event.bytes.substr(0, cut), "EVENT_MALFORMED");
    // The same builder takes the event when it comes as it is.
    EXPECT_TRUE(builder_->Add(event.bytes).ok());
    ASSERT_TRUE(builder_->Seal().ok());
    EXPECT_EQ(sink_.blocks.back()->end.offset, event.end());
  }
}

TEST_F(BlockBuilderTest, ASkippedOrRepeatedEventIsAGap) {
  LogWriter log;
  log.Transaction({{1, "x"}, {2, "y"}});
  Begin(Limits(1000));
  ASSERT_TRUE(AddAll({log.events().begin(), log.events().begin() + 5}).ok());
  ExpectRefused(log.events()[6].bytes, "LOG_GAP");
  ExpectRefused(log.events()[4].bytes, "LOG_GAP");
}

TEST_F(BlockBuilderTest, AnEventThatCannotBeReadLeavesNoEmptyBlock) {
  LogWriter log;
  log.Add(EventType::kGtid, "x");
  for (const uint32_t most : {1u, 1000u}) {
    sink_.blocks.clear();
    Begin(Limits(most));
    ASSERT_TRUE(AddAll({log.events().begin(), log.events().end() - 1}).ok());
    ExpectRefused(log.events().back().bytes, "EVENT_MALFORMED");
    ASSERT_TRUE(builder_->Seal().ok());
    ASSERT_EQ(sink_.blocks.size(), 1u) << "the format description alone";
    EXPECT_EQ(sink_.blocks[0]->events.size(), 1u);
  }
}

TEST_F(BlockBuilderTest, EventsBeforeTheFormatDescriptionAreRefused) {
  LogWriter log;
  log.Gtid();
  Begin(Limits(1000), ReadStart{Position{"binlog.000001", log.events().back().begin, ""}});
  ExpectRefused(log.events().back().bytes, "EVENT_MALFORMED");
}

TEST_F(BlockBuilderTest, EndPositionZeroIsTaken) {
  LogWriter log;
  log.set_no_end_positions(true);
  log.Transaction({{1, "x"}});
  log.set_no_end_positions(false);
  log.Transaction({{2, "y"}});
  const auto blocks = BlocksOf(log, Limits(1000));
  EXPECT_EQ(blocks.back()->end.offset, log.offset());
}

TEST_F(BlockBuilderTest, OffsetsBeyondFourGibibytes) {
  LogWriter log;
  const uint64_t begin = uint64_t{5} << 30;
  log.SkipTo(begin);
  const size_t skipped = log.events().size();
  log.ArtificialRotate(log.file(), begin);
  log.ArtificialFormat();
  log.Transaction({{1, "x"}});
  log.SkipTo(log.offset());
  // Over the edge of 32 bits, too.
  Begin(Limits(2), ReadStart{Position{"binlog.000001", begin, ""}});
  ASSERT_TRUE(AddAll({log.events().begin() + static_cast<std::ptrdiff_t>(skipped), log.events().end()}).ok());
  EXPECT_EQ(builder_->next().offset, log.offset());
  EXPECT_GT(log.offset(), begin);
  EXPECT_EQ(sink_.blocks[0]->start.offset, begin);

  LogWriter edge;
  const uint64_t before = (uint64_t{1} << 32) - 30;
  edge.SkipTo(before);
  edge.ArtificialFormat();
  edge.Transaction({{1, "x"}});
  Begin(Limits(2), ReadStart{Position{"binlog.000001", before, ""}});
  ASSERT_TRUE(AddAll({edge.events().begin() + 2, edge.events().end()}).ok());
  EXPECT_EQ(builder_->next().offset, edge.offset());
}

TEST_F(BlockBuilderTest, ArtificialRotatesThatMakeNoSense) {
  LogWriter log;
  Begin(Limits(1000));
  ASSERT_TRUE(AddAll(log.events()).ok());
  const size_t count = log.events().size();
  for (const char* name : {"", "../x", "binlog", "binlog.0"}) log.ArtificialRotate(name);
  log.ArtificialRotate("binlog.000002", 100);
  for (size_t i = count; i < log.events().size(); ++i) ExpectRefused(log.events()[i].bytes, "EVENT_MALFORMED");
}

TEST_F(BlockBuilderTest, ErrorsOfTheSinkComeThrough) {
  LogWriter log;
  Begin(Limits(1));
  sink_.answer = absl::CancelledError("stopping");
  EXPECT_TRUE(absl::IsCancelled(AddAll(log.events())));
}

}  // namespace
}  // namespace binlogd
