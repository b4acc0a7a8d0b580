#include "tests/target/target_contract.h"

#include <set>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd::testing {
namespace {

using Blocks = TargetContractTest::Blocks;

// Whole records that are not split; -1 when the bytes are something else.
int CountRecords(RecordFraming framing, absl::string_view bytes) {
  int count = 0;
  for (; const size_t size = FramedRecordSize(framing, bytes); ++count) bytes.remove_prefix(size);
  return bytes.empty() ? count : -1;
}

std::string AllOf(const std::map<std::string, std::string>& delivered) {
  std::string all;
  for (const auto& [name, bytes] : delivered) all += bytes;
  return all;
}

std::string EncodeLog(const Blocks& blocks, EventFormat format) {
  std::string all;
  for (const auto& block : blocks) {
    all += EncodeBlock(*block, BlockRange(), EventFilter(FilterSpec()), format, "orders")->bytes;
  }
  return all;
}

// Hands blocks over and commits every third, until the store fails. Returns the failure.
absl::Status DeliverUntilFailure(Target& target, const Blocks& blocks) {
  const auto opened = target.Open();
  if (!opened.ok()) return opened.status();
  const DurablePosition start = StartOf(*MakeEpoch());
  if (!*opened) {
    if (absl::Status begun = target.Begin(start, *MakeEpoch()); !begun.ok()) return begun;
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    if (absl::Status handed = Hand(target, *blocks[i], opened->value_or(start), 400); !handed.ok()) return handed;
    if (i % 3 != 2) continue;
    if (absl::Status committed = target.Commit(); !committed.ok()) return committed;
  }
  return target.Commit();
}

}  // namespace

TargetContractTest::TargetContractTest() {
  for (int file = 0; file < 3; ++file) {
    if (file > 0) log_.Rotate();
    log_.Ddl("CREATE TABLE t (id INT, name VARCHAR(200))");
    log_.Transaction({{1, "one"}, {2, std::string(180, 'x')}, {3, "three"}});
    log_.Transaction({{file, "one more"}});
  }
  blocks_ = BlocksOf(log_, Limits(4));
}

void TargetContractTest::SetUp() {
  if (const std::string missing = GetParam().missing(); !missing.empty()) GTEST_SKIP() << missing;
  store_ = MakeStore();
  golden_ = Expected(log_);
}

std::map<std::string, std::string> TargetContractTest::Expected(const LogWriter& log) const {
  const std::unique_ptr<Target> target = store_->Make(kOwner);
  std::map<std::string, std::string> expected;
  if (target->decodes()) {
    expected["records"] = EncodeLog(BlocksOf(log, Limits(1000000)), *target->format());
    return expected;
  }
  for (const std::string& file : log.files()) expected[absl::StrCat("0001-6f1c2a9e/", file)] = log.FileBytes(file);
  return expected;
}

void TargetContractTest::OpenNew(Target& target) {
  const auto opened = target.Open();
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_FALSE(opened->has_value());
  const absl::Status begun = target.Begin(Start(), *MakeEpoch());
  ASSERT_TRUE(begun.ok()) << begun;
}

void TargetContractTest::Finish(Target& target, const Blocks& blocks) {
  const auto had = target.Open();
  ASSERT_TRUE(had.ok()) << had.status();
  if (!*had) {
    const absl::Status begun = target.Begin(Start(), *MakeEpoch());
    ASSERT_TRUE(begun.ok()) << begun;
  }
  for (const auto& block : blocks) {
    const absl::Status handed = Hand(target, *block, had->value_or(Start()));
    ASSERT_TRUE(handed.ok()) << handed;
  }
  const absl::Status committed = target.Commit();
  ASSERT_TRUE(committed.ok()) << committed;
  target.Close();
}

void TargetContractTest::ExpectBetween(const DurablePosition& had, const DurablePosition& committed,
                                       const Position& written) const {
  if (!GetParam().may_commit_early) {
    EXPECT_EQ(ToString(had.position), ToString(committed.position));
    EXPECT_EQ(had.position.gtid_set, committed.position.gtid_set);
    return;
  }
  EXPECT_GE(ComparePositions(had.position, committed.position), 0) << ToString(had.position);
  EXPECT_LE(ComparePositions(had.position, written), 0) << ToString(had.position);
}

TEST_P(TargetContractTest, HoldsWhatItWasGiven) {
  Finish(*Make());
  EXPECT_EQ(store_->Delivered(), golden_);
}

TEST_P(TargetContractTest, ANewStoreHasNoPosition) {
  const std::unique_ptr<Target> target = Make();
  EXPECT_FALSE((*target->Open()).has_value());
  target->Close();
  EXPECT_FALSE((*target->Open()).has_value()) << "opening is no beginning";
}

TEST_P(TargetContractTest, NothingWithoutOpen) {
  const std::unique_ptr<Target> target = Make();
  EXPECT_FALSE(target->Begin(Start(), *MakeEpoch()).ok());
  EXPECT_FALSE(target->Commit().ok());
  EXPECT_FALSE(target->Write(*blocks_[0], 0, nullptr).ok());
}

TEST_P(TargetContractTest, BeginIsDurable) {
  DurablePosition start = Start();
  start.held_gtid_set = absl::StrCat(LogWriter::kServerUuid, ":1-7");
  {
    const std::unique_ptr<Target> target = Make();
    ASSERT_TRUE(target->Open().ok());
    ASSERT_TRUE(target->Begin(start, *MakeEpoch()).ok());
  }
  const std::unique_ptr<Target> target = Make();
  const auto had = target->Open();
  ASSERT_TRUE(had.ok() && had->has_value()) << had.status();
  EXPECT_EQ((*had)->epoch, start.epoch);
  EXPECT_EQ(ToString((*had)->position), "binlog.000001:4");
  EXPECT_EQ((*had)->held_gtid_set, start.held_gtid_set);
}

// What the others need to know of the end of a log: of the epoch before, as long as this one goes on, and of the last
// whole transaction where a position lies within one.
TEST_P(TargetContractTest, RemembersHowALogEnds) {
  DurablePosition start = Start();
  start.before.epoch = Epoch{7, "0badcafe"};
  start.before.position = Position{"binlog.000042", 4711, ""};
  {
    const std::unique_ptr<Target> target = Make();
    ASSERT_TRUE(target->Open().ok());
    ASSERT_TRUE(target->Begin(start, *MakeEpoch()).ok());
  }
  Position boundary = start.position;
  for (const auto& block : blocks_) {
    const std::unique_ptr<Target> target = Make();
    const auto had = target->Open();
    ASSERT_TRUE(had.ok() && had->has_value()) << had.status();
    ASSERT_TRUE(Hand(*target, *block, **had).ok());
    ASSERT_TRUE(target->Commit().ok());
    target->Close();
    for (const BlockEvent& event : block->events) {
      if (!event.ends_transaction) continue;
      boundary = Position{block->start.file, block->start.offset + event.begin + event.size, ""};
    }
    const auto has = target->Open();
    ASSERT_TRUE(has.ok() && has->has_value()) << has.status();
    EXPECT_EQ(ToString((**has).at_boundary ? (**has).position : (**has).boundary), ToString(boundary));
    EXPECT_EQ((**has).before.epoch, start.before.epoch);
    EXPECT_EQ(ToString((**has).before.position), ToString(start.before.position));
  }
}

TEST_P(TargetContractTest, ReopenedAfterEachStep) {
  DurablePosition had = Start();
  for (const auto& block : blocks_) {
    const std::unique_ptr<Target> target = Make();
    const auto opened = target->Open();
    ASSERT_TRUE(opened.ok()) << opened.status();
    if (*opened) {
      EXPECT_EQ(ToString((**opened).position), ToString(had.position));
      EXPECT_EQ((**opened).position.gtid_set, had.position.gtid_set);
      EXPECT_EQ((**opened).at_boundary, had.at_boundary);
      EXPECT_EQ((**opened).source_time, had.source_time);
      EXPECT_EQ((**opened).log_created, had.log_created);
      EXPECT_EQ((**opened).log_server_id, had.log_server_id);
      EXPECT_EQ((**opened).last_event, had.last_event);
    } else {
      ASSERT_TRUE(target->Begin(had, *MakeEpoch()).ok());
    }
    // A decoding target that stands before the block's beginning gets what is in between again.
    for (const auto& earlier : blocks_) {
      const absl::Status handed = Hand(*target, *earlier, had);
      ASSERT_TRUE(handed.ok()) << handed;
      if (earlier == block) break;
    }
    const absl::Status committed = target->Commit();
    ASSERT_TRUE(committed.ok()) << committed;
    if (block->has_boundary()) {
      EXPECT_EQ(target->uncommitted_bytes(), 0u);
    }
    had = target->durable();
    EXPECT_EQ(had.position.file, block->end.file);
    EXPECT_LE(had.position.offset, block->end.offset);
    if (target->decodes()) {
      EXPECT_TRUE(had.at_boundary);
    } else {
      EXPECT_EQ(had.position.offset, block->end.offset);
    }
  }
  EXPECT_EQ(store_->Delivered(), golden_);
}

// Dies after `steps` writes, of which every third is committed, then goes on.
TEST_P(TargetContractTest, CrashAfterEveryStep) {
  for (size_t steps = 0; steps <= blocks_.size() * 2; ++steps) {
    SCOPED_TRACE(absl::StrCat("after ", steps, " steps"));
    store_ = MakeStore();
    DurablePosition committed = Start();
    Position written = committed.position;
    {
      const std::unique_ptr<Target> target = Make();
      OpenNew(*target);
      for (size_t step = 0; step < steps; ++step) {
        if (step % 2 == 0) {
          ASSERT_TRUE(Hand(*target, *blocks_[step / 2], Start()).ok());
          written = blocks_[step / 2]->end;
        } else if (step % 3 == 0) {
          ASSERT_TRUE(target->Commit().ok());
          committed = target->durable();
        }
      }
    }
    const std::unique_ptr<Target> target = Make();
    const auto had = target->Open();
    ASSERT_TRUE(had.ok() && had->has_value()) << had.status();
    ExpectBetween(**had, committed, written);
    target->Close();
    Finish(*target);
    EXPECT_EQ(store_->Delivered(), golden_);
  }
}

// A target that takes bytes has no pieces, and passes as it does elsewhere.
TEST_P(TargetContractTest, PiecesAreAsGoodAsTheWhole) {
  const Blocks large = BlocksOf(log_, Limits(11));
  for (const size_t piece_bytes : {1u, 300u, 2000u}) {
    for (const bool commits : {false, true}) {
      store_ = MakeStore();
      const std::unique_ptr<Target> target = Make();
      OpenNew(*target);
      const auto commit = [&]() -> absl::Status { return commits ? target->Commit() : absl::OkStatus(); };
      for (const auto& block : large) ASSERT_TRUE(Hand(*target, *block, Start(), piece_bytes, commit).ok());
      ASSERT_TRUE(target->Commit().ok());
      EXPECT_EQ(ToString(target->durable().position), ToString(large.back()->end));
      EXPECT_EQ(store_->Delivered(), golden_) << piece_bytes;
    }
  }
}

TEST_P(TargetContractTest, CrashAfterEveryPiece) {
  const Blocks large = BlocksOf(log_, Limits(11));
  const absl::Status crash = absl::AbortedError("crash");
  for (int pieces = 1, last = 0; last < pieces; ++pieces) {
    SCOPED_TRACE(absl::StrCat("after ", pieces, " pieces"));
    store_ = MakeStore();
    DurablePosition committed = Start();
    last = 0;
    {
      const std::unique_ptr<Target> target = Make();
      OpenNew(*target);
      absl::Status status;
      const auto count = [&]() -> absl::Status {
        if (++last == pieces) return crash;
        if (last % 3 != 0) return absl::OkStatus();
        const absl::Status done = target->Commit();
        committed = target->durable();
        return done;
      };
      for (size_t i = 0; i < large.size() && status.ok(); ++i) status = Hand(*target, *large[i], Start(), 200, count);
      ASSERT_TRUE(status.ok() || status == crash) << status;
      if (status.ok()) break;
    }
    const std::unique_ptr<Target> target = Make();
    const auto had = target->Open();
    ASSERT_TRUE(had.ok() && had->has_value()) << had.status();
    ExpectBetween(**had, committed, large.back()->end);
    for (const auto& block : blocks_) ASSERT_TRUE(Hand(*target, *block, **had, 500).ok());
    ASSERT_TRUE(target->Commit().ok());
    EXPECT_EQ(store_->Delivered(), golden_);
  }
}

TEST_P(TargetContractTest, WhatACrashLeftBehindWhatIsDurableIsGone) {
  {
    const std::unique_ptr<Target> target = Make();
    OpenNew(*target);
    for (size_t i = 0; i < blocks_.size() / 2; ++i) ASSERT_TRUE(Hand(*target, *blocks_[i], Start()).ok());
    ASSERT_TRUE(target->Commit().ok());
  }
  store_->TearTail();
  const std::unique_ptr<Target> target = Make();
  ASSERT_TRUE(target->Open().ok());
  target->Close();
  Finish(*target);
  EXPECT_EQ(store_->Delivered(), golden_);
}

TEST_P(TargetContractTest, DamageIsRefused) {
  const size_t damages = store_->Damages().size();
  for (size_t i = 0; i < damages; ++i) {
    SCOPED_TRACE(absl::StrCat("damage ", i));
    store_ = MakeStore();
    // Committed block by block, so that a store of objects has many.
    {
      const std::unique_ptr<Target> target = Make();
      OpenNew(*target);
      for (const auto& block : blocks_) {
        ASSERT_TRUE(Hand(*target, *block, Start()).ok());
        ASSERT_TRUE(target->Commit().ok());
      }
    }
    store_->Damages()[i]();
    const auto before = store_->Delivered();
    for (int again = 0; again < 2; ++again) {
      const absl::Status refused = Make()->Open().status();
      EXPECT_EQ(ErrorReason(refused), "TARGET_DAMAGED") << refused;
      EXPECT_TRUE(absl::IsDataLoss(refused));
      EXPECT_TRUE(IsPermanent(refused));
    }
    EXPECT_EQ(store_->Delivered(), before) << "left as it is";
  }
}

// Fails at every operation in turn, then goes on.
TEST_P(TargetContractTest, AFailingStoreLosesAndDoublesNothing) {
  for (int way = 0; way < store_->ways_to_fail(); ++way) {
    bool failed = true;
    for (int operations = 0; failed; ++operations) {
      SCOPED_TRACE(absl::StrCat("way ", way, ", after ", operations, " operations"));
      ASSERT_LT(operations, 1000);
      store_ = MakeStore();
      std::unique_ptr<Target> target = Make();
      store_->FailAfter(operations, way);
      const absl::Status failure = DeliverUntilFailure(*target, blocks_);
      store_->Heal();
      failed = !failure.ok();
      EXPECT_FALSE(IsPermanent(failure)) << failure;
      // The same target goes on, or another after a crash.
      if (operations % 2 == 1) {
        target.reset();
        target = Make();
      }
      Finish(*target);
      ASSERT_EQ(store_->Delivered(), golden_);
    }
  }
}

TEST_P(TargetContractTest, ANewEpochKeepsTheOldOnes) {
  const std::unique_ptr<Target> target = Make();
  Finish(*target);
  LogWriter other("binlog.000001", 1800000000);  // The same names again.
  other.Transaction({{77, "after the reset"}});
  const auto second = MakeEpoch(2, "aaaaaaaa");
  const Blocks blocks = BlocksOf(other, Limits(3), second);
  ASSERT_TRUE(target->Open().ok());
  ASSERT_TRUE(target->Begin(StartOf(*second), *second).ok());
  for (const auto& block : blocks) ASSERT_TRUE(Hand(*target, *block, StartOf(*second)).ok());
  ASSERT_TRUE(target->Commit().ok());
  const DurablePosition durable = target->durable();
  target->Close();
  const auto reopened = target->Open();
  ASSERT_TRUE(reopened.ok() && reopened->has_value()) << reopened.status();
  EXPECT_EQ((**reopened).epoch, second->epoch);
  EXPECT_EQ(ToString((**reopened).position), ToString(durable.position));
  auto expected = golden_;
  if (target->decodes()) {
    expected["records"] += EncodeLog(blocks, *target->format());
  } else {
    expected["0002-aaaaaaaa/binlog.000001"] = other.FileBytes("binlog.000001");
  }
  EXPECT_EQ(store_->Delivered(), expected);
}

// Before it ever had the store, whoever is in it came first: a crashed one, that has to be taken over.
TEST_P(TargetContractTest, WhoNeverHadTheStoreTakesItOver) {
  for (int way = 0; way < store_->ways_to_fail(); ++way) {
    bool failed = true;
    for (int operations = 0; failed; ++operations) {
      SCOPED_TRACE(absl::StrCat("way ", way, ", after ", operations, " operations"));
      ASSERT_LT(operations, 1000);
      store_ = MakeStore();
      {
        const std::unique_ptr<Target> crashed = Make();
        OpenNew(*crashed);
        ASSERT_TRUE(Hand(*crashed, *blocks_[0], Start()).ok());
        ASSERT_TRUE(crashed->Commit().ok());
      }
      const std::unique_ptr<Target> target = Make();
      store_->FailAfter(operations, way);
      failed = !target->Open().ok();
      store_->Heal();
      Finish(*target);
      EXPECT_EQ(store_->Delivered(), golden_);
    }
  }
}

TEST_P(TargetContractTest, AnotherFormatIsRefused) {
  Finish(*Make());
  for (const std::unique_ptr<Target>& other : GetParam().of_other_formats(*store_)) {
    const absl::Status refused = other->Open().status();
    EXPECT_EQ(ErrorReason(refused), "TARGET_FORMAT_MISMATCH") << refused;
    EXPECT_TRUE(IsPermanent(refused));
  }
  EXPECT_EQ(store_->Delivered(), golden_);
}

TEST_P(TargetContractTest, OtherThingsInTheStoreAreLeftAlone) {
  store_->PutForeign();
  if (GetParam().shares_its_store) {
    Finish(*Make());
    EXPECT_EQ(store_->Delivered(), golden_);
    EXPECT_TRUE(store_->ForeignIsIntact());
    return;
  }
  const absl::Status refused = Make()->Open().status();
  EXPECT_EQ(ErrorReason(refused), "TARGET_NOT_EMPTY") << refused;
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_TRUE(store_->ForeignIsIntact());
}

TEST_P(TargetContractTest, GiantTransaction) {
  LogWriter giant;
  std::vector<std::pair<int32_t, std::string>> rows;
  for (int i = 0; i < 3000; ++i) rows.emplace_back(i, "row");
  giant.Transaction(rows);
  const std::unique_ptr<Target> target = Make();
  OpenNew(*target);
  const Blocks blocks = BlocksOf(giant, Limits(100));
  for (size_t i = 0; i + 1 < blocks.size(); ++i) {
    ASSERT_TRUE(Hand(*target, *blocks[i], Start()).ok());
    ASSERT_TRUE(target->Commit().ok());
  }
  // Without its end a decoding target's position stays before it, and a crash takes it all back.
  if (target->decodes()) {
    EXPECT_LE(target->durable().position.offset, blocks[0]->end.offset);
  }
  target->Close();
  Finish(*target, blocks);
  EXPECT_EQ(store_->Delivered(), Expected(giant));
  if (target->decodes()) {
    EXPECT_EQ(CountRecords(EventFormatFraming(*target->format()), AllOf(store_->Delivered())), 3000 + 4);
  }
}

// Whoever reads the store at any time sees whole transactions of a decoded format.
TEST_P(NetworkTargetContractTest, OnlyWholeTransactionsAreSeen) {
  const std::unique_ptr<Target> target = Make();
  std::set<size_t> boundaries = {0};
  if (target->decodes()) {
    size_t at = 0;
    for (const auto& block : BlocksOf(log_, Limits(1))) {
      const auto encoded = EncodeBlock(*block, BlockRange(), EventFilter(FilterSpec()), *target->format(), "orders");
      at += encoded->bytes.size();
      if (encoded->boundary_offset != 0) boundaries.insert(at);
    }
  }
  const std::string whole = AllOf(golden_);
  const auto check = [&] {
    const std::string seen = AllOf(store_->Delivered());
    ASSERT_EQ(seen, whole.substr(0, seen.size()));
    if (target->decodes()) {
      ASSERT_TRUE(boundaries.contains(seen.size())) << seen.size();
    }
  };
  OpenNew(*target);
  const auto look = [&]() -> absl::Status {
    check();
    const absl::Status committed = target->Commit();
    check();
    return committed;
  };
  for (const auto& block : blocks_) ASSERT_TRUE(Hand(*target, *block, Start(), 100, look).ok());
}

TEST_P(NetworkTargetContractTest, ASlowStoreIsWaitedFor) {
  const std::unique_ptr<Target> target = Make();
  OpenNew(*target);
  for (const auto& block : blocks_) {
    network().Hold();
    absl::Status done;
    std::thread writer([&] {
      done = Hand(*target, *block, Start());
      if (done.ok()) done = target->Commit();
    });
    if (block->has_boundary() || !target->decodes()) network().AwaitHeld();
    network().Release();
    writer.join();
    ASSERT_TRUE(done.ok()) << done;
  }
  EXPECT_EQ(store_->Delivered(), golden_);
}

TEST_P(NetworkTargetContractTest, AnInterruptEndsTheWait) {
  {
    const std::unique_ptr<Target> target = Make();
    OpenNew(*target);
    network().Hold();
    absl::Status done;
    std::thread writer([&] {
      for (size_t i = 0; i < blocks_.size() && done.ok(); ++i) done = Hand(*target, *blocks_[i], Start());
      if (done.ok()) done = target->Commit();
    });
    network().AwaitHeld();
    target->Interrupt();
    writer.join();
    EXPECT_TRUE(absl::IsCancelled(done)) << done;
    EXPECT_TRUE(absl::IsCancelled(target->Open().status())) << "and from now on";
    network().Release();
  }
  Finish(*Make());
  EXPECT_EQ(store_->Delivered(), golden_);
}

// Which of the suites a binary instantiates is its choice.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TargetContractTest);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(TakenTargetContractTest);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(NetworkTargetContractTest);
}  // namespace binlogd::testing
