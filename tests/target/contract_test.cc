// The contract over file targets, and what of it only folders have.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "target/decoded_file_target.h"
#include "target/raw_file_target.h"
#include "tests/codec/keys.h"
#include "tests/harness/torn_file.h"
#include "tests/target/file_reading.h"
#include "tests/target/target_contract.h"

namespace binlogd {
namespace {

using testing::AppendGarbage;
using testing::ContractKind;
using testing::ContractStore;
using testing::FolderContent;
using testing::Hand;
using testing::MakeEpoch;
using testing::TargetContractTest;

constexpr uint64_t kRotateBytes = 1500;  // Several files, and records that are moved to the next.

// What a file target writes.
struct Form {
  std::optional<EventFormat> format;
  Compression compression = Compression::kNone;
  bool encrypted = false;
};

std::unique_ptr<Target> MakeFileTarget(const std::string& path, const Form& form, const std::string& owner) {
  static const testing::TempDir* const keys = new testing::TempDir();
  DecodedFileTarget::Options options;
  options.path = path;
  options.owner = owner;
  options.compression = form.compression;
  if (form.encrypted) options.key_files = {testing::WriteKey(*keys, 'k')};
  if (!form.format) return std::make_unique<RawFileTarget>("t", options);
  options.format = *form.format;
  options.rotate_bytes = kRotateBytes;
  return std::make_unique<DecodedFileTarget>("t", options);
}

// A folder. It fails by a limit on the length of every file that is written.
class FolderStore : public ContractStore {
 public:
  explicit FolderStore(const Form& form) : form_(form) {}
  ~FolderStore() override { Heal(); }

  const std::string& path() const { return path_; }
  // A target of the form on another folder.
  std::unique_ptr<Target> MakeOn(const std::string& path) const {
    return MakeFileTarget(path, form_, TargetContractTest::kOwner);
  }

  std::unique_ptr<Target> Make(const std::string& owner) override { return MakeFileTarget(path_, form_, owner); }

  std::map<std::string, std::string> Delivered() override {
    std::map<std::string, std::string> delivered;
    if (!std::filesystem::exists(path_)) return delivered;
    for (const auto& [name, content] : testing::ReadFolder(path_, testing::MakeKeyRing("k"))) {
      if (!form_.format) {
        delivered[name] = content;
        continue;
      }
      EXPECT_LE(content.size(), kRotateBytes) << name;
      delivered["records"] += content;
    }
    return delivered;
  }
  void TearTail() override { AppendGarbage(Newest(), "\n{\"half a line"); }
  std::vector<std::function<void()>> Damages() override {
    return {
        [this] {
          const std::string newest = Newest();
          ASSERT_EQ(truncate(newest.c_str(), static_cast<off_t>(std::filesystem::file_size(newest) - 1)), 0);
        },
        [this] { std::filesystem::remove(Newest()); },
    };
  }
  void PutForeign() override {
    std::filesystem::create_directories(path_);
    AppendGarbage(path_ + "/precious.txt", "mine");
  }
  bool ForeignIsIntact() override { return *ReadWholeFile(path_ + "/precious.txt") == "mine"; }
  void FailAfter(int operations, int) override {
    constexpr rlim_t kStep = 300;
    std::signal(SIGXFSZ, SIG_IGN);
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &unlimited_), 0);
    rlimit limited = unlimited_;
    limited.rlim_cur = kStep * static_cast<rlim_t>(operations);
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limited), 0);
    limited_ = true;
  }
  void Heal() override {
    if (limited_) setrlimit(RLIMIT_FSIZE, &unlimited_);
    limited_ = false;
  }

 private:
  // The file that was written last.
  std::string Newest() const {
    std::string newest;
    for (const auto& [name, bytes] : FolderContent(path_)) newest = name;
    return absl::StrCat(path_, "/", newest);
  }

  const Form form_;
  const testing::TempDir dir_;
  const std::string path_ = dir_ / "folder/target";
  rlimit unlimited_{};
  bool limited_ = false;
};

ContractKind MakeKind(const char* name, const Form& form) {
  ContractKind kind;
  kind.name = name;
  kind.make = [form] { return std::make_unique<FolderStore>(form); };
  kind.of_other_formats = [form](ContractStore& store) {
    std::vector<std::unique_ptr<Target>> others;
    for (const std::optional<EventFormat> format :
         {std::optional<EventFormat>(), std::optional(EventFormat::kJson), std::optional(EventFormat::kProtobuf)}) {
      Form other = form;
      other.format = format;
      if (format == form.format) continue;
      others.push_back(MakeFileTarget(static_cast<FolderStore&>(store).path(), other, TargetContractTest::kOwner));
    }
    return others;
  };
  return kind;
}

const ContractKind kFolders[] = {
    MakeKind("RawFiles", {}),
    MakeKind("RawZstdFiles", {std::nullopt, Compression::kZstd}),
    MakeKind("RawGzipEncryptedFiles", {std::nullopt, Compression::kGzip, true}),
    MakeKind("RawEncryptedFiles", {std::nullopt, Compression::kNone, true}),
    MakeKind("JsonFiles", {EventFormat::kJson}),
    MakeKind("JsonGzipFiles", {EventFormat::kJson, Compression::kGzip}),
    MakeKind("JsonEncryptedFiles", {EventFormat::kJson, Compression::kNone, true}),
    MakeKind("ProtobufFiles", {EventFormat::kProtobuf}),
    MakeKind("ProtobufZstdEncryptedFiles", {EventFormat::kProtobuf, Compression::kZstd, true}),
};

class FolderContractTest : public TargetContractTest {
 protected:
  std::string path() const { return static_cast<FolderStore&>(*store_).path(); }
  static std::map<std::string, std::string> Read(const std::string& path) {
    return testing::ReadFolder(path, testing::MakeKeyRing("k"));
  }
  // A target of the kind on another folder.
  std::unique_ptr<Target> MakeOn(const std::string& path) const {
    return static_cast<FolderStore&>(*store_).MakeOn(path);
  }

  testing::TempDir dir_;
};

TEST_P(FolderContractTest, ATornPositionLogComesBackEarlierNeverLater) {
  {
    const std::unique_ptr<Target> target = Make();
    OpenNew(*target);
    for (size_t i = 0; i < blocks_.size(); ++i) {
      ASSERT_TRUE(Hand(*target, *blocks_[i], Start()).ok());
      if (i % 5 == 4) {
        ASSERT_TRUE(target->Commit().ok());
      }
    }
    ASSERT_TRUE(target->Commit().ok());
  }
  const auto golden = Read(path());
  const std::string log = *ReadWholeFile(path() + "/.binlogd/position.log");
  std::vector<size_t> ends;
  for (size_t at = log.find('\n'); at != std::string::npos; at = log.find('\n', at + 1)) ends.push_back(at + 1);
  ASSERT_GT(ends.size(), 3u);
  // Every byte of it is cut in the test of PositionLog; here, what the target does with what comes back.
  std::vector<size_t> lengths = {0, ends[0] - 1};
  for (const size_t end : ends) lengths.insert(lengths.end(), {end, std::min(end + 100, log.size())});
  for (const size_t length : lengths) {
    const testing::TempDir dir;
    const std::string copy = dir / "t";
    std::filesystem::copy(path(), copy, std::filesystem::copy_options::recursive);
    ASSERT_EQ(truncate((copy + "/.binlogd/position.log").c_str(), static_cast<off_t>(length)), 0);
    const std::unique_ptr<Target> target = MakeOn(copy);
    const auto had = target->Open();
    if (length < ends[0]) {  // Data, but no record: refused rather than written over.
      EXPECT_EQ(ErrorReason(had.status()), "TARGET_NOT_EMPTY") << length;
      continue;
    }
    ASSERT_TRUE(had.ok() && had->has_value()) << length << " " << had.status();
    for (const auto& block : blocks_) ASSERT_TRUE(Hand(*target, *block, **had).ok());
    ASSERT_TRUE(target->Commit().ok());
    ASSERT_EQ(Read(copy), golden) << length;
  }
}

TEST_P(FolderContractTest, ACrashInTheFirstBeginIsNoForeignData) {
  for (int step = 0; step < 3; ++step) {
    const testing::TempDir dir;
    const std::string path = dir / "t";
    ASSERT_TRUE(MakeOn(path)->Open().ok());
    // What Begin does before its record is durable.
    if (step > 0) std::filesystem::create_directories(path + "/0001-6f1c2a9e");
    if (step > 1) testing::MakeTorn(path, "0001-6f1c2a9e/binlog.000001", "\xfe");
    const std::unique_ptr<Target> target = MakeOn(path);
    const auto had = target->Open();
    ASSERT_TRUE(had.ok()) << had.status();
    EXPECT_FALSE(had->has_value());
    EXPECT_TRUE(target->Begin(Start(), *MakeEpoch()).ok());
    target->Close();
    // With a record it is new no more: should the record be lost, nothing is written over.
    std::filesystem::remove(path + "/.binlogd/position.log");
    AppendGarbage(path + "/events-00000001.jsonl", "data");
    EXPECT_EQ(ErrorReason(target->Open().status()), "TARGET_NOT_EMPTY");
  }
}

// A file system puts it there.
TEST_P(FolderContractTest, LostAndFoundIsNoOtherThing) {
  std::filesystem::create_directories(path() + "/lost+found");
  EXPECT_TRUE(Make()->Open().ok());
}

TEST_P(FolderContractTest, PathsThatCannotBeAFolder) {
  AppendGarbage(dir_ / "file", "x");
  for (const std::string& path : {dir_ / "file", dir_ / "file/below"}) {
    const absl::Status refused = MakeOn(path)->Open().status();
    EXPECT_EQ(ErrorReason(refused), "TARGET_PATH_INVALID") << refused;
    EXPECT_TRUE(IsPermanent(refused));
  }
  EXPECT_FALSE(MakeOn("/proc/binlogd")->Open().ok());
  EXPECT_FALSE(MakeOn(dir_ / std::string(10000, 'x'))->Open().ok());
}

INSTANTIATE_TEST_SUITE_P(Folders, TargetContractTest, ::testing::ValuesIn(kFolders), testing::KindName);
INSTANTIATE_TEST_SUITE_P(Folders, FolderContractTest, ::testing::ValuesIn(kFolders), testing::KindName);

}  // namespace
}  // namespace binlogd
