// What file targets keep beside their data, and what they delete by it.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "target/decoded_file_target.h"
#include "target/raw_file_target.h"
#include "tests/codec/keys.h"
#include "tests/target/file_reading.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::FolderContent;
using testing::Hand;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;
using testing::MakeKeyRing;
using testing::StartOf;

using Json = nlohmann::json;

constexpr char kEpoch[] = "0001-6f1c2a9e";
constexpr uint32_t kBegan = 1700000000;  // The time of the log's first events.

Json ReadJson(const std::string& path) { return Json::parse(*ReadWholeFile(path)); }

// The names of files in a manifest, with their states.
std::string Listed(const Json& manifest) {
  std::string listed;
  for (const Json& file : manifest["files"]) {
    absl::StrAppend(&listed, file["name"].get<std::string>(), ":", file["state"].get<std::string>(), " ");
  }
  return listed;
}

// What was moved aside from there; it is removed.
std::string TakeEdited(const std::string& manifest) {
  const absl::StatusOr<std::string> edited = ReadWholeFile(manifest + ".edited");
  std::filesystem::remove(manifest + ".edited");
  return edited.value_or("nothing");
}

class FileManifestTest : public ::testing::Test {
 protected:
  FileManifestTest() {
    options_.path = path_;
    options_.owner = "streamer \"orders\", target \"t\"";
    options_.clock = [this] { return now_; };
    for (uint32_t file = 0; file < 5; ++file) {
      if (file > 0) log_.Rotate();
      log_.set_time(kBegan + file * 3600);  // An hour each.
      log_.Transaction({{static_cast<int32_t>(file), "row"}});
      log_.Transaction({{100, "another"}});
    }
    blocks_ = BlocksOf(log_, Limits(1000));  // One a file.
  }

  std::unique_ptr<Target> Raw() const { return std::make_unique<RawFileTarget>("t", options_); }
  std::unique_ptr<Target> Decoded() const {
    DecodedFileTarget::Options options;
    static_cast<FileTargetOptions&>(options) = options_;
    options.rotate_bytes = rotate_bytes_;
    options.rotate_age = rotate_age_;
    return std::make_unique<DecodedFileTarget>("t", options);
  }
  // Opens the target, hands it blocks up to `end`, commits after each, and leaves it open.
  void Deliver(Target& target, size_t end, const std::shared_ptr<const EpochStart>& epoch = MakeEpoch()) const {
    const auto had = target.Open();
    ASSERT_TRUE(had.ok()) << had.status();
    DurablePosition start = had->value_or(StartOf(*epoch));
    if (!had->has_value() || !(start.epoch == epoch->epoch)) {
      start = StartOf(*epoch);
      ASSERT_TRUE(target.Begin(start, *epoch).ok());
    }
    for (size_t i = 0; i < end; ++i) {
      ASSERT_TRUE(Hand(target, *blocks_[i], start).ok());
      ASSERT_TRUE(target.Commit().ok());
    }
  }
  std::string Manifest(const std::string& folder = kEpoch) const {
    return absl::StrCat(path_, "/", folder, folder.empty() ? "" : "/", "manifest.json");
  }
  std::string RawNames(const std::string& epoch = kEpoch) const {
    std::string names;
    for (const auto& [name, bytes] : FolderContent(path_)) {
      if (absl::StartsWith(name, epoch)) absl::StrAppend(&names, name.substr(epoch.size() + 1), " ");
    }
    return names;
  }

  const testing::TempDir dir_;
  const std::string path_ = dir_ / "t";
  FileTargetOptions options_;
  uint64_t rotate_bytes_ = 1;  // A file a record.
  absl::Duration rotate_age_ = absl::InfiniteDuration();
  absl::Time now_ = absl::FromUnixSeconds(kBegan + 5 * 3600);
  LogWriter log_;
  std::vector<std::shared_ptr<const Block>> blocks_;
};

TEST_F(FileManifestTest, OfRawFiles) {
  options_.compression = Compression::kZstd;
  const auto target = Raw();
  Deliver(*target, 3);
  const Json manifest = ReadJson(Manifest());
  EXPECT_EQ(Listed(manifest), "binlog.000001.zst:closed binlog.000002.zst:closed binlog.000003.zst:open ");
  EXPECT_EQ(manifest["format"], "RAW");
  const Json& second = manifest["files"][1];
  EXPECT_EQ(second["from"]["epoch"], kEpoch);
  EXPECT_EQ(second["from"]["file"], "binlog.000002");
  EXPECT_EQ(second["from"]["offset"], 0);
  EXPECT_EQ(second["from"]["gtid_set"], absl::StrCat(LogWriter::kServerUuid, ":1-2"));
  EXPECT_EQ(second["to"]["offset"], log_.FileBytes("binlog.000002").size());
  EXPECT_EQ(second["to"]["gtid_set"], absl::StrCat(LogWriter::kServerUuid, ":1-4"));
  EXPECT_EQ(second["content_bytes"], log_.FileBytes("binlog.000002").size());
  EXPECT_EQ(second["compression"], "ZSTD");
  EXPECT_EQ(second["last_event_time"], kBegan + 3600);
  Sha256 sha256;
  sha256.Update(*ReadWholeFile(path_ + "/0001-6f1c2a9e/binlog.000002.zst"));
  EXPECT_EQ(second["sha256"], absl::BytesToHexString(sha256.Finish()));
}

TEST_F(FileManifestTest, OfDecodedFiles) {
  const auto target = Decoded();
  Deliver(*target, 2);
  const Json manifest = ReadJson(Manifest(""));
  EXPECT_EQ(manifest["format"], "JSON");
  const size_t files = FolderContent(path_).size();
  ASSERT_GT(files, 4u);
  ASSERT_EQ(manifest["files"].size(), files);
  // Each begins where the transactions of the one before had begun or ended, and ends where its own have.
  uint64_t end = 0;
  for (size_t i = 0; i + 1 < files; ++i) {
    const Json& file = manifest["files"][i];
    EXPECT_EQ(file["state"], "closed");
    EXPECT_EQ(file["sha256"].get<std::string>().size(), 64u);
    if (file["to"]["file"] != "binlog.000001") continue;
    EXPECT_LT(file["from"]["offset"].get<uint64_t>(), file["to"]["offset"].get<uint64_t>());
    EXPECT_GE(file["to"]["offset"].get<uint64_t>(), end);
    end = file["to"]["offset"];
    EXPECT_EQ(file["stored_bytes"], std::filesystem::file_size(path_ + "/" + file["name"].get<std::string>()));
  }
  EXPECT_EQ(end, log_.FileBytes("binlog.000001").size());
}

TEST_F(FileManifestTest, AFileGoesOnAfterARestart) {
  { Deliver(*Raw(), 1); }
  { Deliver(*Raw(), 2); }
  Deliver(*Raw(), 3);
  const Json manifest = ReadJson(Manifest());
  EXPECT_EQ(Listed(manifest), "binlog.000001:closed binlog.000002:closed binlog.000003:open ");
  for (size_t i = 0; i < 2; ++i) {
    const Json& file = manifest["files"][i];
    Sha256 sha256;
    sha256.Update(*ReadWholeFile(absl::StrCat(path_, "/", kEpoch, "/", file["name"].get<std::string>())));
    EXPECT_EQ(file["sha256"], absl::BytesToHexString(sha256.Finish()));
    EXPECT_EQ(file["to"]["offset"], file["content_bytes"]);
    EXPECT_EQ(file["last_event_time"], kBegan + i * 3600);
  }
}

TEST_F(FileManifestTest, OneThatWasEditedIsMovedAsideAndMadeAnew) {
  for (const bool raw : {true, false}) {
    options_.path = dir_ / (raw ? "raw" : "json");
    const std::string manifest = options_.path + (raw ? "/0001-6f1c2a9e/manifest.json" : "/manifest.json");
    const auto make = [&] { return raw ? Raw() : Decoded(); };
    { Deliver(*make(), 3); }
    const std::string good = *ReadWholeFile(manifest);
    const auto content = FolderContent(options_.path);
    for (const std::string& bad :
         {good.substr(0, good.size() / 2), good + " ", std::string(), std::string("{}"), std::string(10, '\0')}) {
      std::filesystem::remove(manifest + ".edited");
      ASSERT_TRUE(ReplaceFile(manifest, bad, 0640).ok());
      { ASSERT_TRUE(make()->Open().ok()); }
      EXPECT_EQ(*ReadWholeFile(manifest + ".edited"), bad);
      EXPECT_EQ(ReadJson(manifest)["files"].size(), ReadJson(manifest)["files"].size());
    }
    std::filesystem::remove(manifest + ".edited");
    std::filesystem::remove(manifest);
    { ASSERT_TRUE(make()->Open().ok()); }
    EXPECT_FALSE(std::filesystem::exists(manifest + ".edited")) << "there was none";
    const Json anew = ReadJson(manifest);
    ASSERT_EQ(anew["files"].size(), Json::parse(good)["files"].size());
    EXPECT_EQ(anew["files"].back()["state"], "open");
    EXPECT_EQ(anew["files"][0]["state"], "closed");
    EXPECT_EQ(anew["files"][0]["stored_bytes"], Json::parse(good)["files"][0]["stored_bytes"]);
    EXPECT_EQ(FolderContent(options_.path), content) << "the data is what it was";
    { Deliver(*make(), 5); }
    EXPECT_EQ(ReadJson(manifest)["files"][0], anew["files"][0]);
  }
}

TEST_F(FileManifestTest, OneThatIsAheadOfTheRecordFollowsIt) {
  { Deliver(*Raw(), 2); }
  const std::string record = *ReadWholeFile(path_ + "/.binlogd/position.log");
  { Deliver(*Raw(), 4); }
  // The crash came between the manifest and the record.
  ASSERT_TRUE(ReplaceFile(path_ + "/.binlogd/position.log", record, 0640).ok());
  const auto target = Raw();
  ASSERT_TRUE(target->Open().ok());
  EXPECT_EQ(Listed(ReadJson(Manifest())), "binlog.000001:closed binlog.000002:open ");
  target->Close();
  Deliver(*target, 5);
  for (const std::string& file : log_.files()) {
    EXPECT_EQ(*ReadWholeFile(absl::StrCat(path_, "/", kEpoch, "/", file)), log_.FileBytes(file));
  }
}

TEST_F(FileManifestTest, ANewCompressionBeginsWithTheNextFile) {
  { Deliver(*Raw(), 1); }
  options_.compression = Compression::kGzip;
  { Deliver(*Raw(), 2); }
  options_.compression = Compression::kNone;
  options_.key_files = {testing::WriteKey(dir_, 'a')};
  { Deliver(*Raw(), 3); }
  // The file that is encrypted takes its key to its end, whatever comes after.
  options_.key_files.clear();
  options_.compression = Compression::kZstd;
  EXPECT_EQ(ErrorReason(Raw()->Open().status()), "ENCRYPTION_KEY_MISSING");
  options_.key_files = {testing::WriteKey(dir_, 'b'), testing::WriteKey(dir_, 'a')};
  { Deliver(*Raw(), 5); }
  EXPECT_EQ(RawNames(),
            "binlog.000001 binlog.000002.gz binlog.000003.enc binlog.000004.zst.enc binlog.000005.zst.enc ");
  const auto content = testing::ReadFolder(path_, MakeKeyRing("ab"));
  for (const std::string& file : log_.files()) {
    EXPECT_EQ(content.at(absl::StrCat(kEpoch, "/", file)), log_.FileBytes(file)) << file;
  }
  const Json files = ReadJson(Manifest())["files"];
  EXPECT_EQ(files[0]["key_ids"], Json::array());
  EXPECT_EQ(files[2]["key_ids"], Json({testing::KeyOf('a').name(), testing::KeyOf('b').name()}));
  EXPECT_EQ(files[3]["key_ids"], Json({testing::KeyOf('b').name()}));
}

TEST_F(FileManifestTest, ANewFormBeginsWithTheNextDecodedFile) {
  rotate_bytes_ = 1 << 20;
  { Deliver(*Decoded(), 1); }
  options_.key_files = {testing::WriteKey(dir_, 'a')};
  { Deliver(*Decoded(), 2); }
  options_.key_files.clear();  // Nothing more comes into the file of this key.
  options_.compression = Compression::kZstd;
  { Deliver(*Decoded(), 3); }
  { Deliver(*Decoded(), 4); }
  std::string names;
  for (const auto& [name, bytes] : FolderContent(path_)) absl::StrAppend(&names, name, " ");
  EXPECT_EQ(names, "events-00000001.jsonl events-00000002.jsonl.enc events-00000003.jsonl.zst ");
  std::string all;
  for (const auto& [name, bytes] : testing::ReadFolder(path_, MakeKeyRing("a"))) all += bytes;
  std::string expected;
  for (size_t i = 0; i < 4; ++i) {
    expected +=
        testing::EncodeBlock(*blocks_[i], BlockRange(), EventFilter(FilterSpec()), EventFormat::kJson, "orders")->bytes;
  }
  EXPECT_EQ(all, expected);
}

TEST_F(FileManifestTest, ADecodedFileIsNotOlderThanRotateAge) {
  rotate_bytes_ = 1 << 20;
  rotate_age_ = absl::Minutes(10);
  const auto target = Decoded();
  Deliver(*target, 1);
  now_ += absl::Minutes(9);
  ASSERT_TRUE(Hand(*target, *blocks_[1], StartOf(*MakeEpoch())).ok());
  ASSERT_TRUE(target->Commit().ok());
  EXPECT_EQ(FolderContent(path_).size(), 1u);
  // Also when it was begun by an earlier process, and nothing came meanwhile.
  target->Close();
  now_ += absl::Minutes(1);
  { Deliver(*Decoded(), 3); }
  EXPECT_EQ(FolderContent(path_).size(), 2u);
  { Deliver(*Decoded(), 4); }
  EXPECT_EQ(FolderContent(path_).size(), 2u);
  now_ -= absl::Hours(10);  // A clock that goes back makes no files.
  { Deliver(*Decoded(), 5); }
  EXPECT_EQ(FolderContent(path_).size(), 2u);
}

TEST_F(FileManifestTest, RetentionByAge) {
  options_.retention.max_age = absl::Minutes(150);  // The log has reached file 5; files 3 and on are younger.
  const auto target = Raw();
  Deliver(*target, 5);
  EXPECT_EQ(RawNames(), "binlog.000003 binlog.000004 binlog.000005 ");
  target->Close();
  Deliver(*target, 5);
  const Json after = ReadJson(Manifest());
  EXPECT_EQ(Listed(after), "binlog.000003:closed binlog.000004:closed binlog.000005:open ");
  EXPECT_EQ(after["deleted"]["files"], 2);
  EXPECT_EQ(after["deleted"]["last_file"], "binlog.000002");
  EXPECT_EQ(after["deleted"]["last_to"]["offset"], log_.FileBytes("binlog.000002").size());
}

TEST_F(FileManifestTest, RetentionBySizeButNotWithinTheWindow) {
  options_.retention.max_bytes = 1;
  options_.retention.recovery_window = absl::Minutes(150);
  { Deliver(*Raw(), 5); }
  EXPECT_EQ(RawNames(), "binlog.000003 binlog.000004 binlog.000005 ");
  options_.retention.recovery_window = absl::ZeroDuration();
  now_ += absl::Hours(1);
  const auto target = Raw();
  Deliver(*target, 5);
  log_.Transaction({{7, "more"}});
  blocks_ = BlocksOf(log_, Limits(1000));
  ASSERT_TRUE(Hand(*target, *blocks_[4], target->durable()).ok());
  ASSERT_TRUE(target->Commit().ok());
  EXPECT_EQ(RawNames(), "binlog.000005 ") << "never the file that is written";
}

TEST_F(FileManifestTest, AStepOfTheClockDeletesNothingWithinTheWindow) {
  options_.retention.max_bytes = 1;
  options_.retention.recovery_window = absl::Minutes(150);
  for (const absl::Duration step : {absl::Hours(24 * 365), -absl::Hours(24 * 365)}) {
    const absl::Time right = now_;
    options_.path = dir_ / (step > absl::ZeroDuration() ? "ahead" : "behind");
    now_ += step;
    { Deliver(*Raw(), 5); }
    size_t kept = 0;
    for (int file = 1; file <= 5; ++file) {
      kept += std::filesystem::exists(absl::StrCat(options_.path, "/", kEpoch, "/binlog.00000", file)) ? 1 : 0;
    }
    EXPECT_EQ(kept, step > absl::ZeroDuration() ? 3u : 5u) << step;
    now_ = right;
  }
}

TEST_F(FileManifestTest, AnEventOfTheFutureStopsNoRetention) {
  LogWriter log;
  for (uint32_t file = 0; file < 5; ++file) {
    if (file > 0) log.Rotate();
    log.set_time(kBegan + file * 3600);
    log.Transaction({{static_cast<int32_t>(file), "row"}});
    if (file != 1) continue;
    log.set_time(std::numeric_limits<uint32_t>::max());
    log.Transaction({{100, "SET TIMESTAMP"}});
    log.set_time(kBegan + 3601);
    log.Transaction({{101, "row"}});
  }
  blocks_ = BlocksOf(log, Limits(1));
  { Deliver(*Raw(), blocks_.size() - 1); }
  EXPECT_EQ(ReadJson(Manifest())["files"][1]["last_event_time"], std::numeric_limits<uint32_t>::max());
  const timespec written{kBegan + 3602, 0};
  const timespec times[] = {written, written};
  ASSERT_EQ(utimensat(AT_FDCWD, absl::StrCat(path_, "/", kEpoch, "/binlog.000002").c_str(), times, 0), 0);
  options_.retention.max_age = absl::Minutes(150);
  { Deliver(*Raw(), blocks_.size()); }
  EXPECT_EQ(RawNames(), "binlog.000003 binlog.000004 binlog.000005 ");
}

TEST_F(FileManifestTest, RetentionLeavesWhatOtherTargetsNeed) {
  options_.retention.max_bytes = 1;
  const auto floor = std::make_shared<DeliveryFloor>();
  floor->Join("bus");
  const auto target = Raw();
  target->set_delivery_floor(floor);
  Deliver(*target, 5);
  EXPECT_EQ(RawNames(), "binlog.000001 binlog.000002 binlog.000003 binlog.000004 binlog.000005 ");
  target->Close();
  floor->Report("bus", Epoch{1, "6f1c2a9e"}, Position{"binlog.000003", 4, ""});
  now_ += absl::Hours(1);
  log_.Transaction({{7, "more"}});
  blocks_ = BlocksOf(log_, Limits(1000));
  Deliver(*target, 5);
  EXPECT_EQ(RawNames(), "binlog.000003 binlog.000004 binlog.000005 ");
  target->Close();
  EXPECT_FALSE(floor->OthersPassed("bus", Epoch{1, "6f1c2a9e"}, Position{"binlog.000001", 4, ""}))
      << "a target that is closed needs everything";
}

TEST_F(FileManifestTest, RetentionOfWholeEpochs) {
  const auto second = MakeEpoch(2, "aaaaaaaa");
  { Deliver(*Raw(), 5); }
  testing::AppendGarbage(path_ + "/precious.txt", "mine");
  options_.retention.max_bytes = 1;
  now_ += absl::Hours(1);
  blocks_ = BlocksOf(log_, Limits(1000), second);
  const auto target = Raw();
  Deliver(*target, 2, second);
  EXPECT_FALSE(std::filesystem::exists(path_ + "/" + kEpoch));
  EXPECT_EQ(RawNames("0002-aaaaaaaa"), "binlog.000002 ");
  EXPECT_EQ(*ReadWholeFile(path_ + "/precious.txt"), "mine");
  target->Close();
  Deliver(*target, 3, second);
  EXPECT_GE(ReadJson(Manifest("0002-aaaaaaaa"))["deleted"]["files"], 6);
}

TEST_F(FileManifestTest, AnEpochWithThingsOfOthersIsKept) {
  const auto second = MakeEpoch(2, "aaaaaaaa");
  { Deliver(*Raw(), 5); }
  testing::AppendGarbage(absl::StrCat(path_, "/", kEpoch, "/notes.txt"), "mine");
  options_.retention.max_bytes = 1;
  now_ += absl::Hours(1);
  blocks_ = BlocksOf(log_, Limits(1000), second);
  { Deliver(*Raw(), 2, second); }
  EXPECT_EQ(RawNames(), "notes.txt ");
  EXPECT_TRUE(std::filesystem::exists(absl::StrCat(path_, "/", kEpoch, "/epoch.json")));
  { Deliver(*Raw(), 3, second); }
}

TEST_F(FileManifestTest, TheManifestSaysItBeforeAFileIsGone) {
  { Deliver(*Raw(), 5); }
  const std::string first = absl::StrCat(path_, "/", kEpoch, "/binlog.000001");
  std::filesystem::remove(first);
  std::filesystem::create_directory(first);  // It cannot be removed as a file.
  options_.retention.max_bytes = 1;
  const auto target = Raw();
  ASSERT_TRUE(target->Open().ok());
  log_.Transaction({{7, "more"}});
  blocks_ = BlocksOf(log_, Limits(1000));
  ASSERT_TRUE(Hand(*target, *blocks_[4], target->durable()).ok());
  EXPECT_TRUE(target->Commit().ok()) << "what cannot be deleted is no failure of the delivery";
  EXPECT_TRUE(absl::StartsWith(Listed(ReadJson(Manifest())), "binlog.000001:deleted binlog.000002:deleted "));
  EXPECT_TRUE(std::filesystem::exists(first));
  target->Close();
  ASSERT_TRUE(target->Open().ok()) << "nor of opening";
  std::filesystem::remove(first);
  log_.Transaction({{8, "and more"}});
  blocks_ = BlocksOf(log_, Limits(1000));
  ASSERT_TRUE(Hand(*target, *blocks_[4], target->durable()).ok());
  ASSERT_TRUE(target->Commit().ok());
  EXPECT_EQ(RawNames(), "binlog.000005 ");
}

TEST_F(FileManifestTest, RetentionTouchesNothingThatIsNotOurs) {
  { Deliver(*Raw(), 5); }
  const std::string epoch = absl::StrCat(path_, "/", kEpoch);
  testing::AppendGarbage(epoch + "/binlog.000000.bak", "mine");
  testing::AppendGarbage(epoch + "/other.000001", "mine");
  testing::AppendGarbage(epoch + "/binlog.000001.gz", "mine");
  testing::AppendGarbage(epoch + "/binlog.000003", "somebody's");  // No more what we closed.
  options_.retention.max_bytes = 1;
  now_ += absl::Hours(1);
  log_.Transaction({{7, "more"}});
  blocks_ = BlocksOf(log_, Limits(1000));
  Deliver(*Raw(), 5);
  EXPECT_EQ(RawNames(), "binlog.000000.bak binlog.000001.gz binlog.000003 binlog.000004 binlog.000005 other.000001 ");
}

TEST_F(FileManifestTest, ACrashBetweenTheManifestAndTheDeletionIsFinished) {
  for (const bool raw : {true, false}) {
    options_.path = dir_ / (raw ? "raw" : "json");
    const std::string folder = options_.path + (raw ? "/0001-6f1c2a9e" : "");
    const auto make = [&] { return raw ? Raw() : Decoded(); };
    { Deliver(*make(), 5); }
    binlogd::Manifest parsed;
    ASSERT_TRUE(ParseManifest(*ReadWholeFile(folder + "/manifest.json"), &parsed));
    const size_t files = parsed.files.size();
    parsed.files[0].state = parsed.files[1].state = ManifestFile::State::kDeleted;
    std::filesystem::remove(folder + "/" + parsed.files[0].name);  // So far it came.
    ASSERT_TRUE(ReplaceFile(folder + "/manifest.json", ManifestJson(parsed), 0640).ok());
    const auto target = make();
    ASSERT_TRUE(target->Open().ok());
    EXPECT_FALSE(std::filesystem::exists(folder + "/" + parsed.files[1].name));
    EXPECT_TRUE(std::filesystem::exists(folder + "/" + parsed.files[2].name));
    const Json after = ReadJson(folder + "/manifest.json");
    EXPECT_EQ(after["files"].size(), files - 2);
    EXPECT_EQ(after["deleted"]["files"], 2);
    EXPECT_EQ(after["deleted"]["last_file"], parsed.files[1].name);
  }
}

// The folders hold files of the same names and sizes.
TEST_F(FileManifestTest, OneOfAnotherFolderDeletesNothing) {
  for (const bool raw : {true, false}) {
    SCOPED_TRACE(raw);
    const auto make = [&] { return raw ? Raw() : Decoded(); };
    const auto folder = [&](const char* name) { return absl::StrCat(dir_ / name, raw ? "-raw" : "-json"); };
    const char* const manifest = raw ? "/0001-6f1c2a9e/manifest.json" : "/manifest.json";
    for (const char* name : {"ours", "theirs"}) {
      options_.path = folder(name);
      Deliver(*make(), 5);
    }
    binlogd::Manifest theirs;
    ASSERT_TRUE(ParseManifest(*ReadWholeFile(folder("theirs") + manifest), &theirs));
    const size_t files = theirs.files.size();
    theirs.files[0].state = ManifestFile::State::kDeleted;
    options_.path = folder("ours");
    const auto content = FolderContent(options_.path);
    ASSERT_TRUE(ReplaceFile(options_.path + manifest, ManifestJson(theirs), 0640).ok());
    { ASSERT_TRUE(make()->Open().ok()); }
    EXPECT_EQ(TakeEdited(options_.path + manifest), ManifestJson(theirs));
    EXPECT_EQ(FolderContent(options_.path), content);
    const Json anew = ReadJson(options_.path + manifest);
    EXPECT_EQ(anew["files"].size(), files);
    EXPECT_NE(anew["folder"], theirs.folder);
  }
}

TEST_F(FileManifestTest, OneOfAnotherEpochDeletesNothing) {
  const auto second = MakeEpoch(2, "aaaaaaaa");
  { Deliver(*Raw(), 5); }
  blocks_ = BlocksOf(log_, Limits(1000), second);
  { Deliver(*Raw(), 5, second); }
  binlogd::Manifest first;
  ASSERT_TRUE(ParseManifest(*ReadWholeFile(Manifest()), &first));
  first.files[0].state = ManifestFile::State::kDeleted;
  ASSERT_TRUE(ReplaceFile(Manifest("0002-aaaaaaaa"), ManifestJson(first), 0640).ok());
  const auto content = FolderContent(path_);
  { ASSERT_TRUE(Raw()->Open().ok()); }
  EXPECT_EQ(TakeEdited(Manifest("0002-aaaaaaaa")), ManifestJson(first));
  EXPECT_EQ(FolderContent(path_), content);
}

TEST_F(FileManifestTest, OneThatDoesNotSayItsFolderIsBelieved) {
  { Deliver(*Raw(), 5); }
  binlogd::Manifest earlier;
  ASSERT_TRUE(ParseManifest(*ReadWholeFile(Manifest()), &earlier));
  const std::string folder = std::exchange(earlier.folder, "");
  ASSERT_TRUE(ReplaceFile(Manifest(), ManifestJson(earlier), 0640).ok());
  std::filesystem::remove(path_ + "/.binlogd/id");
  { Deliver(*Raw(), 5); }
  EXPECT_FALSE(std::filesystem::exists(Manifest() + ".edited"));
  const Json later = ReadJson(Manifest());
  EXPECT_EQ(later["files"][0]["sha256"], earlier.files[0].sha256);
  EXPECT_EQ(later["folder"].get<std::string>().size(), folder.size());
  EXPECT_NE(later["folder"], folder);
}

TEST_F(FileManifestTest, NothingIsDeletedThatItShouldNotName) {
  testing::AppendGarbage(dir_ / "victim", "mine");
  testing::AppendGarbage(dir_ / "victim.000001", "mine");
  testing::AppendGarbage(dir_ / "events-00000001.jsonl", "mine");
  for (const bool raw : {true, false}) {
    options_.path = dir_ / (raw ? "raw" : "json");
    const std::string folder = options_.path + (raw ? "/0001-6f1c2a9e" : "");
    const std::string up = raw ? "../../" : "../";
    const auto make = [&] { return raw ? Raw() : Decoded(); };
    { Deliver(*make(), 5); }
    testing::AppendGarbage(folder + "/notes.txt", "mine");
    for (const std::string& name : {up + "victim", up + "victim.000001", up + "events-00000001.jsonl",
                                    std::string("notes.txt"), std::string(".."), std::string()}) {
      binlogd::Manifest parsed;
      const std::string manifest = folder + "/manifest.json";
      ASSERT_TRUE(ParseManifest(*ReadWholeFile(manifest), &parsed));
      ManifestFile forged;
      forged.name = name;
      forged.state = ManifestFile::State::kDeleted;
      forged.stored_bytes = 4;
      parsed.files.insert(parsed.files.begin(), forged);
      const auto content = FolderContent(options_.path);
      ASSERT_TRUE(ReplaceFile(manifest, ManifestJson(parsed), 0640).ok());
      { ASSERT_TRUE(make()->Open().ok()); }
      EXPECT_EQ(TakeEdited(manifest), ManifestJson(parsed)) << name;
      EXPECT_EQ(FolderContent(options_.path), content);
      for (const char* victim : {"victim", "victim.000001", "events-00000001.jsonl"}) {
        EXPECT_TRUE(std::filesystem::exists(dir_ / victim)) << name;
      }
    }
  }
}

TEST_F(FileManifestTest, ADeletionThatIsFinishedLeavesAFileOfAnotherSize) {
  { Deliver(*Raw(), 5); }
  binlogd::Manifest parsed;
  ASSERT_TRUE(ParseManifest(*ReadWholeFile(Manifest()), &parsed));
  parsed.files[0].state = parsed.files[1].state = ManifestFile::State::kDeleted;
  ASSERT_TRUE(ReplaceFile(Manifest(), ManifestJson(parsed), 0640).ok());
  testing::AppendGarbage(absl::StrCat(path_, "/", kEpoch, "/binlog.000001"), "somebody's");
  { ASSERT_TRUE(Raw()->Open().ok()); }
  EXPECT_EQ(RawNames(), "binlog.000001 binlog.000003 binlog.000004 binlog.000005 ");
  EXPECT_EQ(Listed(ReadJson(Manifest())), "binlog.000003:closed binlog.000004:closed binlog.000005:open ");
}

TEST_F(FileManifestTest, RetentionOfDecodedFiles) {
  options_.retention.max_age = absl::Minutes(150);
  const auto target = Decoded();
  Deliver(*target, 5);
  const Json manifest = ReadJson(Manifest(""));
  EXPECT_GT(manifest["deleted"]["files"], 3);
  uint32_t kept = 0;
  for (const Json& file : manifest["files"]) {
    const bool is_there = std::filesystem::exists(path_ + "/" + file["name"].get<std::string>());
    EXPECT_EQ(is_there, file["state"] != "deleted") << file;
    EXPECT_EQ(is_there, file["last_event_time"] >= kBegan + 2 * 3600) << file;
    kept += is_there ? 1 : 0;
  }
  EXPECT_GT(kept, 3u);
  target->Close();
  EXPECT_TRUE(target->Open().ok());
}

}  // namespace
}  // namespace binlogd
