// What every target must keep, whatever it writes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "target/decoded_file_target.h"
#include "target/raw_file_target.h"
#include "tests/target/target_testing.h"

namespace binlogd {
namespace {

using testing::AppendGarbage;
using testing::BlocksOf;
using testing::FolderContent;
using testing::Hand;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;
using testing::StartOf;

using Blocks = std::vector<std::shared_ptr<const Block>>;

struct Kind {
  const char* name;
  std::unique_ptr<Target> (*make)(const std::string& path);
};

constexpr uint64_t kRotateBytes = 1500;  // Several files, and records that are moved to the next.

std::unique_ptr<Target> MakeDecoded(const std::string& path, EventFormat format) {
  DecodedFileTarget::Options options;
  options.path = path;
  options.format = format;
  options.rotate_bytes = kRotateBytes;
  options.owner = "streamer \"orders\", target \"t\"";
  return std::make_unique<DecodedFileTarget>("t", options);
}

// -1 when the bytes are not whole framed records.
int CountRecords(RecordFraming framing, absl::string_view bytes) {
  int count = 0;
  for (; const size_t size = FramedRecordSize(framing, bytes); ++count) bytes.remove_prefix(size);
  return bytes.empty() ? count : -1;
}

const Kind kKinds[] = {
    {"Raw",
     [](const std::string& path) -> std::unique_ptr<Target> {
       return std::make_unique<RawFileTarget>("t", path, "streamer \"orders\", target \"t\"");
     }},
    {"Json", [](const std::string& path) { return MakeDecoded(path, EventFormat::kJson); }},
    {"Protobuf", [](const std::string& path) { return MakeDecoded(path, EventFormat::kProtobuf); }},
};

class TargetContractTest : public ::testing::TestWithParam<Kind> {
 protected:
  TargetContractTest() {
    for (int file = 0; file < 3; ++file) {
      if (file > 0) log_.Rotate();
      log_.Ddl("CREATE TABLE t (id INT, name VARCHAR(200))");
      log_.Transaction({{1, "one"}, {2, std::string(180, 'x')}, {3, "three"}});
      log_.Transaction({{file, "one more"}});
    }
    blocks_ = BlocksOf(log_, Limits(4));  // Transactions have more events than that.
  }

  std::unique_ptr<Target> Make() const { return GetParam().make(path_); }

  // Opens, begins if the store is new, hands everything over and commits.
  void Finish(Target& target) const {
    const auto had = target.Open();
    ASSERT_TRUE(had.ok()) << had.status();
    if (!*had) {
      ASSERT_TRUE(target.Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
    }
    for (const auto& block : blocks_) ASSERT_TRUE(Hand(target, *block, had->value_or(StartOf(*MakeEpoch()))).ok());
    const absl::Status committed = target.Commit();
    ASSERT_TRUE(committed.ok()) << committed;
    target.Close();
  }

  // What a store that was never disturbed holds.
  std::map<std::string, std::string> Golden() const {
    const testing::TempDir dir;
    const std::string path = dir / "golden";
    const std::unique_ptr<Target> target = GetParam().make(path);
    Finish(*target);
    return FolderContent(path);
  }

  void ExpectGolden() const { EXPECT_EQ(FolderContent(path_), Golden()); }

  testing::TempDir dir_;
  const std::string path_ = dir_ / "folder/target";
  LogWriter log_;
  Blocks blocks_;
};

TEST_P(TargetContractTest, HoldsWhatItWasGiven) {
  const std::unique_ptr<Target> target = Make();
  Finish(*target);
  const auto golden = FolderContent(path_);
  if (!target->decodes()) {
    EXPECT_EQ(golden.size(), 4u);
    for (const std::string& file : log_.files()) EXPECT_EQ(golden.at("0001-6f1c2a9e/" + file), log_.FileBytes(file));
    return;
  }
  // A record for each event that is one, in order and never split over files.
  std::string all, uncut;
  for (const auto& [name, bytes] : golden) {
    EXPECT_GT(CountRecords(EventFormatFraming(*target->format()), bytes), 0) << name;
    EXPECT_LE(bytes.size(), kRotateBytes);
    all += bytes;
  }
  for (const auto& block : BlocksOf(log_, Limits(1000000))) {
    uncut += testing::EncodeBlock(*block, BlockRange(), EventFilter(FilterSpec()), *target->format(), "orders")->bytes;
  }
  EXPECT_EQ(all, uncut);
  EXPECT_GT(golden.size(), 2u);
}

TEST_P(TargetContractTest, ANewStoreHasNoPosition) {
  const std::unique_ptr<Target> target = Make();
  EXPECT_FALSE((*target->Open()).has_value());
  target->Close();
  EXPECT_FALSE((*target->Open()).has_value()) << "opening is no beginning";
}

TEST_P(TargetContractTest, NothingWithoutOpen) {
  const std::unique_ptr<Target> target = Make();
  EXPECT_FALSE(target->Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
  EXPECT_FALSE(target->Commit().ok());
  EXPECT_FALSE(target->Write(*blocks_[0], 0, nullptr).ok());
}

TEST_P(TargetContractTest, BeginIsDurable) {
  DurablePosition start = StartOf(*MakeEpoch());
  start.held_gtid_set = absl::StrCat(LogWriter::kServerUuid, ":1-7");
  {
    const std::unique_ptr<Target> target = Make();
    ASSERT_TRUE(target->Open().ok());
    ASSERT_TRUE(target->Begin(start, *MakeEpoch()).ok());
  }
  const std::unique_ptr<Target> target = Make();
  const auto had = target->Open();
  ASSERT_TRUE(had.ok() && had->has_value());
  EXPECT_EQ((*had)->epoch, start.epoch);
  EXPECT_EQ(ToString((*had)->position), "binlog.000001:4");
  EXPECT_EQ((*had)->held_gtid_set, start.held_gtid_set);
}

TEST_P(TargetContractTest, ReopenedAfterEachStep) {
  DurablePosition had = StartOf(*MakeEpoch());
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
    } else {
      ASSERT_TRUE(target->Begin(had, *MakeEpoch()).ok());
    }
    // A decoding target that stands before the block's beginning gets what is in between again.
    for (const auto& earlier : blocks_) {
      ASSERT_TRUE(Hand(*target, *earlier, had).ok());
      if (earlier == block) break;
    }
    ASSERT_TRUE(target->Commit().ok());
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
  ExpectGolden();
}

// Dies after `steps` writes, of which every third is committed, then goes on.
TEST_P(TargetContractTest, CrashAfterEveryStep) {
  const auto golden = Golden();
  for (size_t steps = 0; steps <= blocks_.size() * 2; ++steps) {
    SCOPED_TRACE(absl::StrCat("after ", steps, " steps"));
    const testing::TempDir dir;
    const std::string path = dir / "t";
    DurablePosition committed = StartOf(*MakeEpoch());
    {
      const std::unique_ptr<Target> target = GetParam().make(path);
      ASSERT_TRUE(target->Open().ok());
      ASSERT_TRUE(target->Begin(committed, *MakeEpoch()).ok());
      for (size_t step = 0; step < steps; ++step) {
        if (step % 2 == 0) {
          ASSERT_TRUE(Hand(*target, *blocks_[step / 2], StartOf(*MakeEpoch())).ok());
        } else if (step % 3 == 0) {
          ASSERT_TRUE(target->Commit().ok());
          committed = target->durable();
        }
      }
    }
    const std::unique_ptr<Target> target = GetParam().make(path);
    const auto had = target->Open();
    ASSERT_TRUE(had.ok() && had->has_value());
    EXPECT_EQ(ToString((**had).position), ToString(committed.position));
    for (const auto& block : blocks_) ASSERT_TRUE(Hand(*target, *block, **had).ok());
    ASSERT_TRUE(target->Commit().ok());
    EXPECT_EQ(FolderContent(path), golden);
  }
}

// A target that takes bytes has no pieces, and passes as it does elsewhere.
TEST_P(TargetContractTest, PiecesAreAsGoodAsTheWhole) {
  const auto golden = Golden();
  const Blocks large = BlocksOf(log_, Limits(11));
  for (const size_t piece_bytes : {1u, 300u, 2000u}) {
    for (const bool commits : {false, true}) {
      const testing::TempDir dir;
      const std::unique_ptr<Target> target = GetParam().make(dir / "t");
      ASSERT_TRUE(target->Open().ok());
      const DurablePosition start = StartOf(*MakeEpoch());
      ASSERT_TRUE(target->Begin(start, *MakeEpoch()).ok());
      const auto commit = [&]() -> absl::Status { return commits ? target->Commit() : absl::OkStatus(); };
      for (const auto& block : large) ASSERT_TRUE(Hand(*target, *block, start, piece_bytes, commit).ok());
      ASSERT_TRUE(target->Commit().ok());
      EXPECT_EQ(ToString(target->durable().position), ToString(large.back()->end));
      EXPECT_EQ(FolderContent(dir / "t"), golden) << piece_bytes;
    }
  }
}

TEST_P(TargetContractTest, CrashAfterEveryPiece) {
  const auto golden = Golden();
  const Blocks large = BlocksOf(log_, Limits(11));
  const absl::Status crash = absl::AbortedError("crash");
  for (int pieces = 1, last = 0; last < pieces; ++pieces) {
    SCOPED_TRACE(absl::StrCat("after ", pieces, " pieces"));
    const testing::TempDir dir;
    const DurablePosition start = StartOf(*MakeEpoch());
    DurablePosition committed = start;
    last = 0;
    {
      const std::unique_ptr<Target> target = GetParam().make(dir / "t");
      ASSERT_TRUE(target->Open().ok());
      ASSERT_TRUE(target->Begin(start, *MakeEpoch()).ok());
      absl::Status status;
      const auto count = [&]() -> absl::Status {
        if (++last == pieces) return crash;
        if (last % 3 != 0) return absl::OkStatus();
        const absl::Status done = target->Commit();
        committed = target->durable();
        return done;
      };
      for (size_t i = 0; i < large.size() && status.ok(); ++i) status = Hand(*target, *large[i], start, 200, count);
      ASSERT_TRUE(status.ok() || status == crash) << status;
      if (status.ok()) break;
    }
    const std::unique_ptr<Target> target = GetParam().make(dir / "t");
    const auto had = target->Open();
    ASSERT_TRUE(had.ok() && had->has_value());
    EXPECT_EQ(ToString((**had).position), ToString(committed.position));
    EXPECT_EQ((**had).position.gtid_set, committed.position.gtid_set);
    for (const auto& block : blocks_) ASSERT_TRUE(Hand(*target, *block, **had, 500).ok());
    ASSERT_TRUE(target->Commit().ok());
    EXPECT_EQ(FolderContent(dir / "t"), golden);
  }
}

TEST_P(TargetContractTest, GarbageBehindWhatIsDurableIsCutOff) {
  const size_t half = blocks_.size() / 2;
  {
    const std::unique_ptr<Target> target = Make();
    ASSERT_TRUE(target->Open().ok());
    ASSERT_TRUE(target->Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
    for (size_t i = 0; i < half; ++i) ASSERT_TRUE(Hand(*target, *blocks_[i], StartOf(*MakeEpoch())).ok());
    ASSERT_TRUE(target->Commit().ok());
  }
  const auto before = FolderContent(path_);
  std::string newest;
  for (const auto& [name, bytes] : before) {
    if (name.find("epoch.json") == std::string::npos) newest = name;
  }
  AppendGarbage(path_ + "/" + newest, "\n{\"half a line");
  const std::unique_ptr<Target> target = Make();
  ASSERT_TRUE(target->Open().ok());
  target->Close();
  Finish(*target);
  ExpectGolden();
}

TEST_P(TargetContractTest, AShorterFileOrNoFileIsDamage) {
  Finish(*Make());
  const auto golden = FolderContent(path_);
  std::string newest;
  for (const auto& [name, bytes] : golden) {
    if (name.find("epoch.json") == std::string::npos) newest = path_ + "/" + name;
  }
  ASSERT_EQ(truncate(newest.c_str(), static_cast<off_t>(std::filesystem::file_size(newest) - 1)), 0);
  const std::unique_ptr<Target> target = Make();
  for (const bool gone : {false, true}) {
    if (gone) std::filesystem::remove(newest);
    const absl::Status refused = target->Open().status();
    EXPECT_EQ(ErrorReason(refused), "TARGET_DAMAGED") << refused;
    EXPECT_TRUE(absl::IsDataLoss(refused));
    EXPECT_TRUE(IsPermanent(refused));
  }
}

TEST_P(TargetContractTest, ATornPositionLogComesBackEarlierNeverLater) {
  {
    const std::unique_ptr<Target> target = Make();
    ASSERT_TRUE(target->Open().ok());
    ASSERT_TRUE(target->Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
    for (size_t i = 0; i < blocks_.size(); ++i) {
      ASSERT_TRUE(Hand(*target, *blocks_[i], StartOf(*MakeEpoch())).ok());
      if (i % 5 == 4) {
        ASSERT_TRUE(target->Commit().ok());
      }
    }
    ASSERT_TRUE(target->Commit().ok());
  }
  const auto golden = Golden();
  const std::string log = *ReadWholeFile(path_ + "/.binlogd/position.log");
  std::vector<size_t> ends;
  for (size_t at = log.find('\n'); at != std::string::npos; at = log.find('\n', at + 1)) ends.push_back(at + 1);
  ASSERT_GT(ends.size(), 3u);
  // Every byte of it is cut in the test of PositionLog; here, what the target does with what comes back.
  std::vector<size_t> lengths = {0, ends[0] - 1};
  for (const size_t end : ends) lengths.insert(lengths.end(), {end, std::min(end + 100, log.size())});
  for (const size_t length : lengths) {
    const testing::TempDir dir;
    const std::string copy = dir / "t";
    std::filesystem::copy(path_, copy, std::filesystem::copy_options::recursive);
    ASSERT_EQ(truncate((copy + "/.binlogd/position.log").c_str(), static_cast<off_t>(length)), 0);
    const std::unique_ptr<Target> target = GetParam().make(copy);
    const auto had = target->Open();
    if (length < ends[0]) {  // Data, but no record: refused rather than written over.
      EXPECT_EQ(ErrorReason(had.status()), "TARGET_NOT_EMPTY") << length;
      continue;
    }
    ASSERT_TRUE(had.ok() && had->has_value()) << length << " " << had.status();
    for (const auto& block : blocks_) ASSERT_TRUE(Hand(*target, *block, **had).ok());
    ASSERT_TRUE(target->Commit().ok());
    ASSERT_EQ(FolderContent(copy), golden) << length;
  }
}

TEST_P(TargetContractTest, ACrashInTheFirstBeginIsNoForeignData) {
  for (int step = 0; step < 3; ++step) {
    const testing::TempDir dir;
    const std::string path = dir / "t";
    ASSERT_TRUE(GetParam().make(path)->Open().ok());
    // What Begin does before its record is durable.
    if (step > 0) std::filesystem::create_directories(path + "/0001-6f1c2a9e");
    if (step > 1) AppendGarbage(path + "/0001-6f1c2a9e/binlog.000001", "\xfe");
    const std::unique_ptr<Target> target = GetParam().make(path);
    const auto had = target->Open();
    ASSERT_TRUE(had.ok()) << had.status();
    EXPECT_FALSE(had->has_value());
    EXPECT_TRUE(target->Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
    target->Close();
    // With a record it is new no more: should the record be lost, nothing is written over.
    std::filesystem::remove(path + "/.binlogd/position.log");
    AppendGarbage(path + "/events-00000001.jsonl", "data");
    EXPECT_EQ(ErrorReason(target->Open().status()), "TARGET_NOT_EMPTY");
  }
}

TEST_P(TargetContractTest, ANewEpochKeepsTheOldOnesFiles) {
  const std::unique_ptr<Target> target = Make();
  Finish(*target);
  const auto first = FolderContent(path_);
  LogWriter other("binlog.000001", 1800000000);  // The same names again.
  other.Transaction({{77, "after the reset"}});
  const auto second = MakeEpoch(2, "aaaaaaaa");
  ASSERT_TRUE(target->Open().ok());
  ASSERT_TRUE(target->Begin(StartOf(*second), *second).ok());
  for (const auto& block : BlocksOf(other, Limits(3), second))
    ASSERT_TRUE(Hand(*target, *block, StartOf(*second)).ok());
  ASSERT_TRUE(target->Commit().ok());
  const DurablePosition durable = target->durable();
  target->Close();
  const auto reopened = target->Open();
  ASSERT_TRUE(reopened.ok() && reopened->has_value());
  EXPECT_EQ((**reopened).epoch, second->epoch);
  EXPECT_EQ(ToString((**reopened).position), ToString(durable.position));
  const auto now = FolderContent(path_);
  std::string before_all, now_all;
  for (const auto& [name, bytes] : first) before_all += bytes;
  for (const auto& [name, bytes] : now) now_all += bytes;
  EXPECT_EQ(now_all.substr(0, before_all.size()), before_all);
  EXPECT_NE(now_all.find("after the reset"), std::string::npos);
  if (!target->decodes()) {
    EXPECT_EQ(now.at("0002-aaaaaaaa/binlog.000001"), other.FileBytes("binlog.000001"));
  }
}

TEST_P(TargetContractTest, OneUserAtATime) {
  const std::unique_ptr<Target> target = Make();
  ASSERT_TRUE(target->Open().ok());
  const std::unique_ptr<Target> other = Make();
  const absl::Status refused = other->Open().status();
  EXPECT_EQ(ErrorReason(refused), "TARGET_IN_USE");
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_NE(refused.message().find("streamer \"orders\", target \"t\""), absl::string_view::npos) << refused;
  target->Close();
  EXPECT_TRUE(other->Open().ok());
}

TEST_P(TargetContractTest, AnotherFormatsFolderIsRefused) {
  Finish(*Make());
  for (const Kind& kind : kKinds) {
    if (std::string(kind.name) == GetParam().name) continue;
    const absl::Status refused = kind.make(path_)->Open().status();
    EXPECT_EQ(ErrorReason(refused), "TARGET_FORMAT_MISMATCH");
    EXPECT_TRUE(IsPermanent(refused));
  }
  ExpectGolden();
}

TEST_P(TargetContractTest, AFolderWithOtherThingsIsRefused) {
  std::filesystem::create_directories(path_);
  AppendGarbage(path_ + "/precious.txt", "mine");
  const std::unique_ptr<Target> target = Make();
  const absl::Status refused = target->Open().status();
  EXPECT_EQ(ErrorReason(refused), "TARGET_NOT_EMPTY");
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_EQ(*ReadWholeFile(path_ + "/precious.txt"), "mine");
  std::filesystem::rename(path_ + "/precious.txt", path_ + "/lost+found");
  EXPECT_TRUE(target->Open().ok());
}

TEST_P(TargetContractTest, PathsThatCannotBeAFolder) {
  AppendGarbage(dir_ / "file", "x");
  for (const std::string& path : {dir_ / "file", dir_ / "file/below"}) {
    const absl::Status refused = GetParam().make(path)->Open().status();
    EXPECT_EQ(ErrorReason(refused), "TARGET_PATH_INVALID") << refused;
    EXPECT_TRUE(IsPermanent(refused));
  }
  EXPECT_FALSE(GetParam().make("/proc/binlogd")->Open().ok());
  EXPECT_FALSE(GetParam().make(dir_ / std::string(10000, 'x'))->Open().ok());
}

TEST_P(TargetContractTest, GiantTransaction) {
  LogWriter giant;
  std::vector<std::pair<int32_t, std::string>> rows;
  for (int i = 0; i < 3000; ++i) rows.emplace_back(i, "row");
  giant.Transaction(rows);
  const std::unique_ptr<Target> target = Make();
  ASSERT_TRUE(target->Open().ok());
  ASSERT_TRUE(target->Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
  const Blocks blocks = BlocksOf(giant, Limits(100));
  for (size_t i = 0; i + 1 < blocks.size(); ++i) {
    ASSERT_TRUE(Hand(*target, *blocks[i], StartOf(*MakeEpoch())).ok());
    ASSERT_TRUE(target->Commit().ok());
  }
  // Without its end a decoding target's position stays before it, and a crash takes it all back.
  if (target->decodes()) {
    EXPECT_LE(target->durable().position.offset, blocks[0]->end.offset);
  }
  target->Close();
  const auto had = target->Open();
  ASSERT_TRUE(had.ok() && had->has_value());
  for (const auto& block : blocks) ASSERT_TRUE(Hand(*target, *block, **had).ok());
  ASSERT_TRUE(target->Commit().ok());
  std::string all;
  for (const auto& [name, bytes] : FolderContent(path_)) all += bytes;
  if (target->decodes()) {
    EXPECT_EQ(CountRecords(EventFormatFraming(*target->format()), all), 3000 + 4);
  } else {
    EXPECT_EQ(all, giant.FileBytes("binlog.000001"));
  }
}

INSTANTIATE_TEST_SUITE_P(Kinds, TargetContractTest, ::testing::ValuesIn(kKinds),
                         [](const ::testing::TestParamInfo<Kind>& info) { return info.param.name; });

}  // namespace
}  // namespace binlogd
