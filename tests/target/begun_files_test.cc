// What stands in a file target's folder and is not its own is never removed nor written over.
#include "target/begun_files.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/error.h"
#include "target/checked_line.h"
#include "target/decoded_file_target.h"
#include "target/raw_file_target.h"
#include "tests/harness/torn_file.h"
#include "tests/target/file_reading.h"

namespace binlogd {
namespace {

using testing::AppendGarbage;
using testing::BlocksOf;
using testing::FolderContent;
using testing::Hand;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;
using testing::MakeTorn;
using testing::StartOf;

using Content = std::map<std::string, std::string>;

constexpr absl::string_view kEpoch = "0001-6f1c2a9e/";

class BegunFilesTest : public ::testing::Test {
 protected:
  BegunFilesTest() { std::filesystem::create_directories(path_ + "/.binlogd"); }

  BegunFiles Open() const {
    absl::StatusOr<BegunFiles> begun = BegunFiles::Open(path_);
    EXPECT_TRUE(begun.ok()) << begun.status();
    return *std::move(begun);
  }
  static absl::Status Create(BegunFiles& begun, const std::string& stem, const FileForm& form = {}) {
    return begun.Create(stem, form, nullptr).status();
  }
  std::string Names() const {
    std::string names;
    for (const auto& [name, content] : FolderContent(path_)) absl::StrAppend(&names, name, " ");
    return names;
  }

  const testing::TempDir dir_;
  const std::string path_ = dir_ / "t";
  const std::string record_ = path_ + "/.binlogd/begun";
};

TEST_F(BegunFilesTest, RemovesWhatItBeganAfterAFileAndNothingElse) {
  {
    BegunFiles begun = Open();
    for (const char* name : {"a", "b", "c", "d"}) ASSERT_TRUE(Create(begun, name).ok());
  }
  AppendGarbage(path_ + "/e", "mine");
  for (const auto& [last, left] : {std::pair("c", "a b c e "), std::pair("a", "a e "), std::pair("older", "e ")}) {
    BegunFiles begun = Open();
    ASSERT_TRUE(begun.RemoveAfter(last).ok());
    EXPECT_EQ(Names(), left);
  }
  // They are forgotten: what comes under these names is not ours.
  for (const char* name : {"a", "b", "c", "d"}) AppendGarbage(path_ + "/" + name, "mine");
  ASSERT_TRUE(Open().RemoveAfter("").ok());
  EXPECT_EQ(Names(), "a b c d e ");
}

TEST_F(BegunFilesTest, EveryCutOfTheRecordKnowsWholeLinesOnly) {
  {
    BegunFiles begun = Open();
    for (const char* name : {"a", "b", "c"}) ASSERT_TRUE(Create(begun, name).ok());
  }
  const std::string whole = *ReadWholeFile(record_);
  const size_t line = whole.size() / 3;
  for (size_t length = 0; length <= whole.size(); ++length) {
    ASSERT_TRUE(ReplaceFile(record_, whole.substr(0, length), 0640).ok());
    for (const char* name : {"a", "b", "c"}) AppendGarbage(path_ + "/" + name, "");
    ASSERT_TRUE(Open().RemoveAfter("").ok());
    EXPECT_EQ(Names(), absl::string_view("a b c ").substr(2 * (length / line))) << length;
  }
  // And goes on behind them.
  std::string damaged = whole;
  damaged[line + 3] ^= 1;
  ASSERT_TRUE(ReplaceFile(record_, damaged, 0640).ok());
  BegunFiles begun = Open();
  ASSERT_TRUE(Create(begun, "d").ok());
  EXPECT_EQ(*ReadWholeFile(record_), absl::StrCat(whole.substr(0, line), CheckedLine("d"), "\n"));
}

TEST_F(BegunFilesTest, AFileThatIsInTheWayIsNotOursAfterwardsEither) {
  BegunFiles begun = Open();
  AppendGarbage(path_ + "/a.gz", "mine");
  for (const FileForm& form : AllFileForms()) {
    const absl::Status refused = Create(begun, "a", form);
    EXPECT_EQ(ErrorReason(refused), "TARGET_DAMAGED");
    EXPECT_TRUE(IsPermanent(refused));
    EXPECT_NE(refused.message().find(path_ + "/a.gz"), absl::string_view::npos) << refused;
  }
  EXPECT_TRUE(absl::IsNotFound(Create(begun, "none/b")));
  std::filesystem::create_directories(path_ + "/none");
  AppendGarbage(path_ + "/none/b", "mine");
  EXPECT_EQ(ErrorReason(Create(begun, "none/b")), "TARGET_DAMAGED");
  ASSERT_TRUE(Open().RemoveAfter("").ok());
  EXPECT_EQ(Names(), "a.gz none/b ");
  EXPECT_EQ(*ReadWholeFile(record_), "");
}

TEST_F(BegunFilesTest, WhatWasWithdrawnIsForgotten) {
  BegunFiles begun = Open();
  ASSERT_TRUE(Create(begun, "a").ok());
  ASSERT_TRUE(begun.Withdraw("a").ok());
  AppendGarbage(path_ + "/a", "mine");
  ASSERT_TRUE(Open().RemoveAfter("").ok());
  EXPECT_EQ(Names(), "a ");
}

TEST_F(BegunFilesTest, TheRecordStaysSmall) {
  BegunFiles begun = Open();
  uintmax_t largest = 0;
  for (int i = 0; i < 2000; ++i) {
    const std::string name = absl::StrFormat("a-name-that-is-of-some-length-%08d", i);
    ASSERT_TRUE(Create(begun, name).ok());
    // A transaction of three files: what follows the covered one is kept.
    if (i >= 2) {
      ASSERT_TRUE(begun.Cover(absl::StrFormat("a-name-that-is-of-some-length-%08d", i - 2)).ok());
    }
    largest = std::max(largest, std::filesystem::file_size(record_));
  }
  EXPECT_GT(largest, 60000u);
  EXPECT_LT(largest, 70000u);
  ASSERT_TRUE(Open().RemoveAfter("a-name-that-is-of-some-length-00001997").ok());
  EXPECT_EQ(FolderContent(path_).size(), 1998u);
}

// A target of either kind, that holds the first two files of a log or what they became.
class ForeignFileTest : public ::testing::TestWithParam<bool> {
 protected:
  ForeignFileTest() {
    options_.path = path_;
    for (int file = 0; file < 4; ++file) {
      if (file > 0) log_.Rotate();
      log_.Transaction({{file, "row"}});
    }
    blocks_ = BlocksOf(log_, Limits(1000));  // One a file.
  }

  bool raw() const { return GetParam(); }
  std::unique_ptr<Target> Make() const {
    if (raw()) return std::make_unique<RawFileTarget>("t", options_);
    DecodedFileTarget::Options options;
    static_cast<FileTargetOptions&>(options) = options_;
    options.rotate_bytes = 1;  // A file a record.
    return std::make_unique<DecodedFileTarget>("t", options);
  }
  void Begin(Target& target) const {
    ASSERT_TRUE(target.Open().ok());
    ASSERT_TRUE(target.Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
  }
  void DeliverTwo(Target& target) const {
    Begin(target);
    for (size_t i = 0; i < 2; ++i) ASSERT_TRUE(Hand(target, *blocks_[i], StartOf(*MakeEpoch())).ok());
    ASSERT_TRUE(target.Commit().ok());
  }
  // The name of the file that comes `ahead` after those that the folder holds.
  std::string Later(size_t ahead) const {
    const size_t number = FolderContent(path_).size() + ahead;
    return raw() ? absl::StrFormat("%sbinlog.%06d", kEpoch, number) : absl::StrFormat("events-%08d.jsonl", number);
  }
  // Opening is refused, and leaves everything as it is.
  void ExpectRefused(const std::string& name) const {
    const Content before = FolderContent(path_);
    for (int again = 0; again < 2; ++again) {
      const absl::Status refused = Make()->Open().status();
      EXPECT_EQ(ErrorReason(refused), "TARGET_DAMAGED") << refused;
      EXPECT_TRUE(IsPermanent(refused));
      EXPECT_NE(refused.message().find(path_ + "/" + name), absl::string_view::npos) << refused;
      EXPECT_NE(refused.message().find("move it away"), absl::string_view::npos) << refused;
      EXPECT_EQ(FolderContent(path_), before);
    }
  }
  // The rest of the log comes without a gap and without a double.
  void ExpectGoesOn() const {
    const std::unique_ptr<Target> target = Make();
    const auto had = target->Open();
    ASSERT_TRUE(had.ok() && had->has_value()) << had.status();
    for (const auto& block : blocks_) ASSERT_TRUE(Hand(*target, *block, **had).ok());
    ASSERT_TRUE(target->Commit().ok());
    std::string all, expected;
    for (const auto& [name, content] : FolderContent(path_)) all += content;
    for (const auto& block : blocks_) {
      const BlockRange range;
      expected +=
          raw() ? log_.FileBytes(block->start.file)
                : testing::EncodeBlock(*block, range, EventFilter(FilterSpec()), EventFormat::kJson, "orders")->bytes;
    }
    EXPECT_EQ(all, expected);
  }

  const testing::TempDir dir_;
  const std::string path_ = dir_ / "t";
  FileTargetOptions options_;
  LogWriter log_;
  std::vector<std::shared_ptr<const Block>> blocks_;
};

TEST_P(ForeignFileTest, OneThatCameWhileBinlogdWasDownIsRefused) {
  { DeliverTwo(*Make()); }
  for (const size_t ahead : {1u, 2u, 90u}) {
    for (const FileForm& form : AllFileForms()) {
      const std::string name = Later(ahead) + form.suffix();
      AppendGarbage(path_ + "/" + name, "mine");
      ExpectRefused(name);
      std::filesystem::remove(path_ + "/" + name);
    }
  }
  ExpectGoesOn();
}

TEST_P(ForeignFileTest, NothingIsTouchedBeforeAllIsChecked) {
  { DeliverTwo(*Make()); }
  const std::string torn = Later(1), foreign = Later(2);
  AppendGarbage(path_ + "/" + FolderContent(path_).rbegin()->first, "torn tail");
  MakeTorn(path_, torn, "torn");
  AppendGarbage(path_ + "/" + foreign, "mine");
  ExpectRefused(foreign);
  std::filesystem::remove(path_ + "/" + foreign);
  ExpectGoesOn();
}

TEST_P(ForeignFileTest, TornFilesAreRemoved) {
  { DeliverTwo(*Make()); }
  const std::string first = Later(1), second = Later(2) + ".zst", third = Later(3) + ".gz.enc";
  MakeTorn(path_, first, "torn");
  MakeTorn(path_, second, "");
  MakeTorn(path_, third, "torn");
  // The last line may stand alone, or be cut.
  AppendGarbage(path_ + "/.binlogd/begun", CheckedLine("never made") + "\n" + CheckedLine("cut").substr(0, 10));
  ExpectGoesOn();
}

TEST_P(ForeignFileTest, WithoutARecordOfBegunFilesNothingIsRemoved) {
  { DeliverTwo(*Make()); }
  std::filesystem::remove(path_ + "/.binlogd/begun");
  const std::string name = Later(1);
  AppendGarbage(path_ + "/" + name, "torn, or somebody's");
  ExpectRefused(name);
  std::filesystem::remove(path_ + "/" + name);
  ExpectGoesOn();
}

TEST_P(ForeignFileTest, OneThatComesWhileBinlogdRunsIsNotWrittenOver) {
  const std::unique_ptr<Target> target = Make();
  DeliverTwo(*target);
  for (const FileForm& form : AllFileForms()) {
    const std::string name = Later(1) + form.suffix();
    AppendGarbage(path_ + "/" + name, "mine");
    const absl::Status refused = Hand(*target, *blocks_[2], StartOf(*MakeEpoch()));
    EXPECT_EQ(ErrorReason(refused), "TARGET_DAMAGED") << refused;
    EXPECT_TRUE(IsPermanent(refused));
    EXPECT_NE(refused.message().find(path_ + "/" + name), absl::string_view::npos) << refused;
    target->Close();
    ExpectRefused(name);
    EXPECT_EQ(*ReadWholeFile(path_ + "/" + name), "mine");
    std::filesystem::remove(path_ + "/" + name);
    ASSERT_TRUE(target->Open().ok());
  }
  target->Close();
  ExpectGoesOn();
}

TEST_P(ForeignFileTest, OneInTheFolderOfANewTargetIsNotWrittenOver) {
  { ASSERT_TRUE(Make()->Open().ok()); }
  for (const size_t ahead : {1u, 9u}) {
    const std::string name = Later(ahead);
    std::filesystem::create_directories(absl::StrCat(path_, "/", kEpoch));
    AppendGarbage(path_ + "/" + name, "mine");
    const std::unique_ptr<Target> target = Make();
    absl::Status refused = target->Open().status();
    if (refused.ok()) refused = target->Begin(StartOf(*MakeEpoch()), *MakeEpoch());
    EXPECT_EQ(ErrorReason(refused), "TARGET_DAMAGED") << refused;
    EXPECT_EQ(FolderContent(path_), (Content{{name, "mine"}}));
    std::filesystem::remove(path_ + "/" + name);
  }
  { DeliverTwo(*Make()); }
  ExpectGoesOn();
}

INSTANTIATE_TEST_SUITE_P(Kinds, ForeignFileTest, ::testing::Bool(),
                         [](const auto& kind) { return kind.param ? "Raw" : "Decoded"; });

}  // namespace
}  // namespace binlogd
