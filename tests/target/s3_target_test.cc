#include "target/s3_target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/error.h"
#include "target/manifest.h"
#include "tests/harness/fake_bucket.h"
#include "tests/harness/object_faults.h"
#include "tests/harness/temp_dir.h"
#include "tests/target/s3_contract.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::Hand;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;
using testing::ObjectFaults;
using testing::StartOf;

constexpr char kOwner[] = "streamer \"orders\", target \"cold\"";
constexpr char kFolder[] = "orders/0001-6f1c2a9e/binlog.000001/";

// A store for one who has been granted a prefix and no more.
class BelowOnly : public ObjectStore {
 public:
  BelowOnly(std::unique_ptr<ObjectStore> store, std::string prefix)
      : store_(std::move(store)), prefix_(std::move(prefix)) {}

  absl::StatusOr<std::string> Put(const std::string& key, ObjectBody& body, const PutOptions& options) override {
    if (absl::Status granted = Granted(key); !granted.ok()) return granted;
    return store_->Put(key, body, options);
  }
  absl::StatusOr<Object> Get(const std::string& key) override {
    if (absl::Status granted = Granted(key); !granted.ok()) return granted;
    return store_->Get(key);
  }
  absl::StatusOr<Object> Head(const std::string& key) override {
    if (absl::Status granted = Granted(key); !granted.ok()) return granted;
    return store_->Head(key);
  }
  absl::Status Delete(const std::string& key) override {
    if (absl::Status granted = Granted(key); !granted.ok()) return granted;
    return store_->Delete(key);
  }
  absl::StatusOr<Listing> List(const ListOptions& options) override {
    if (absl::Status granted = Granted(options.prefix); !granted.ok()) return granted;
    return store_->List(options);
  }
  absl::Status AbortUploads(const std::string& prefix) override { return store_->AbortUploads(prefix); }
  void Interrupt() override { store_->Interrupt(); }

 private:
  absl::Status Granted(const std::string& key) const {
    if (absl::StartsWith(key, prefix_)) return absl::OkStatus();
    return Permanent(MakeError(absl::StatusCode::kPermissionDenied, "S3_ACCESS_DENIED", key));
  }

  const std::unique_ptr<ObjectStore> store_;
  const std::string prefix_;
};

class S3TargetTest : public ::testing::Test {
 protected:
  S3TargetTest() {
    options_.prefix = "orders/";
    options_.spool_directory = spool_.path();
    for (int file = 0; file < 3; ++file) {
      if (file > 0) log_.Rotate();
      for (int i = 0; i < 6; ++i) log_.Transaction({{i, "one"}, {i, "two"}});
    }
    blocks_ = BlocksOf(log_, Limits(3));
  }

  std::unique_ptr<testing::PrefixStore> Prefix() {
    return std::make_unique<testing::PrefixStore>(options_, [this] { return bucket_.Connect(); });
  }
  std::unique_ptr<S3Target> Make() { return MakeWith(options_); }
  std::unique_ptr<S3Target> MakeWith(S3Target::Options options) {
    options.owner = kOwner;
    return std::make_unique<S3Target>("cold", faults_.Wrap(bucket_.Connect()), options);
  }
  // Opens, and begins if the prefix is new.
  static DurablePosition Open(Target& target) {
    const auto had = target.Open();
    EXPECT_TRUE(had.ok()) << had.status();
    if (had.ok() && had->has_value()) return **had;
    EXPECT_TRUE(target.Begin(StartOf(*MakeEpoch()), *MakeEpoch()).ok());
    return StartOf(*MakeEpoch());
  }
  // Hands over blocks [from, to) and commits after each.
  absl::Status Deliver(Target& target, const DurablePosition& had, size_t from, size_t to) {
    for (size_t i = from; i < to; ++i) {
      if (absl::Status handed = Hand(target, *blocks_[i], had); !handed.ok()) return handed;
      if (absl::Status committed = target.Commit(); !committed.ok()) return committed;
    }
    return absl::OkStatus();
  }
  void DeliverAll() {
    const std::unique_ptr<S3Target> target = Make();
    const DurablePosition had = Open(*target);
    const absl::Status delivered = Deliver(*target, had, 0, blocks_.size());
    ASSERT_TRUE(delivered.ok()) << delivered;
  }
  std::map<std::string, std::string> Files() {
    std::map<std::string, std::string> files;
    for (const std::string& file : log_.files()) files[absl::StrCat("0001-6f1c2a9e/", file)] = log_.FileBytes(file);
    return files;
  }
  int TotalRequests() const {
    const ObjectFaults::Requests requests = faults_.requests();
    return requests.puts + requests.gets + requests.lists + requests.deletes;
  }
  std::string BytesOf(const std::string& key) const {
    const auto objects = bucket_.objects();
    const auto found = objects.find(key);
    return found == objects.end() ? "" : found->second.bytes;
  }

  testing::FakeBucket bucket_;
  ObjectFaults faults_;
  testing::TempDir spool_;
  S3Target::Options options_;
  LogWriter log_;
  std::vector<std::shared_ptr<const Block>> blocks_;
};

TEST_F(S3TargetTest, OpensAfterTheNumberOfTheLogHasGrownADigit) {
  LogWriter log("binlog.999999");
  log.Transaction({{1, "one"}});
  log.Rotate();
  log.Transaction({{2, "two"}});
  ASSERT_EQ(log.file(), "binlog.1000000");
  DurablePosition start = StartOf(*MakeEpoch());
  start.position.file = "binlog.999999";
  blocks_ = BlocksOf(log, Limits(3));
  {
    const std::unique_ptr<S3Target> target = Make();
    ASSERT_TRUE(target->Open().ok());
    ASSERT_TRUE(target->Begin(start, *MakeEpoch()).ok());
    const absl::Status delivered = Deliver(*target, start, 0, blocks_.size());
    ASSERT_TRUE(delivered.ok()) << delivered;
  }
  const auto opened = Make()->Open();
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_TRUE(opened->has_value());
  EXPECT_EQ((**opened).position.file, "binlog.1000000");
}

TEST_F(S3TargetTest, KeysTellEpochFileRangeAndFormat) {
  options_.compression = Compression::kZstd;
  const std::unique_ptr<S3Target> target = Make();
  const DurablePosition had = Open(*target);
  ASSERT_TRUE(Deliver(*target, had, 0, 2).ok());
  const uint64_t first = blocks_[0]->end.offset, second = blocks_[1]->end.offset;
  EXPECT_THAT(Prefix()->DataKeys(),
              ::testing::ElementsAre(absl::StrFormat("%s0000000000000000-%016d.binlog.zst", kFolder, first),
                                     absl::StrFormat("%s%016d-%016d.binlog.zst", kFolder, first, second)));
}

TEST_F(S3TargetTest, ACommitIsOneRequestAndNothingCostsNothing) {
  const std::unique_ptr<S3Target> target = Make();
  const DurablePosition had = Open(*target);
  for (size_t i = 0; i < 5; ++i) {
    const int before = TotalRequests();
    ASSERT_TRUE(Deliver(*target, had, i, i + 1).ok());
    EXPECT_EQ(TotalRequests() - before, 1);
  }
  const int before = TotalRequests();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(target->Commit().ok());
  EXPECT_EQ(TotalRequests(), before);
}

// docs/s3.md states the figures.
TEST_F(S3TargetTest, RequestsOfALogFile) {
  LogWriter large;
  const std::string megabyte(1 << 20, 'x');
  for (int i = 0; i < 128; ++i) large.Transaction({{i, megabyte}});
  const auto blocks = BlocksOf(large, Limits(1000, 4 << 20));
  const std::unique_ptr<S3Target> target = Make();
  Open(*target);
  const ObjectFaults::Requests before = faults_.requests();
  for (const auto& block : blocks) ASSERT_TRUE(Hand(*target, *block, StartOf(*MakeEpoch())).ok());
  ASSERT_TRUE(target->Commit().ok());
  const ObjectFaults::Requests after = faults_.requests();
  const size_t objects = Prefix()->DataKeys().size();
  EXPECT_LE(objects, 11u) << "of 128 MiB: whole blocks of 4 MiB and a little in 16 MiB";
  EXPECT_EQ(after.puts - before.puts, static_cast<int>(objects));
  EXPECT_EQ(after.lists + after.gets + after.deletes, before.lists + before.gets + before.deletes);
  for (const std::string& key : Prefix()->DataKeys()) EXPECT_LE(BytesOf(key).size(), 16u << 20);
}

TEST_F(S3TargetTest, RequestsOfAnOpenAndOfALogFilesEnd) {
  DeliverAll();
  const std::unique_ptr<S3Target> target = Make();
  const ObjectFaults::Requests before = faults_.requests();
  const DurablePosition had = Open(*target);
  const ObjectFaults::Requests opened = faults_.requests();
  EXPECT_EQ(opened.puts - before.puts, 2);
  EXPECT_EQ(opened.gets - before.gets, 5);
  EXPECT_EQ(opened.lists - before.lists, 4);
  log_.Rotate();
  blocks_ = BlocksOf(log_, Limits(3));
  ASSERT_TRUE(Hand(*target, *blocks_.back(), had).ok());
  const ObjectFaults::Requests finished = faults_.requests();
  EXPECT_LE(finished.puts - opened.puts, 4) << "the rest, the manifest, the index, the owner's record";
  EXPECT_EQ(finished.lists - opened.lists, 1);
}

TEST_F(S3TargetTest, AGtidSetThatMetadataHasNoRoomForGoesWithTheOwnersRecord) {
  std::string gtids;
  for (int i = 0; i < 200; ++i) absl::StrAppendFormat(&gtids, "%08x-71ca-11e1-9e33-c80aa9429562:1-7,", i);
  gtids.pop_back();
  std::vector<std::shared_ptr<const Block>> blocks;
  for (size_t i = 0; i < 4; ++i) {
    Block block = *blocks_[i];
    block.end.gtid_set = absl::StrCat(gtids, ":", 100 + i);
    blocks.push_back(std::make_shared<Block>(block));
  }
  blocks_ = blocks;
  // The record, then the object: either may fail, or be done without an answer.
  for (const auto failure : {ObjectFaults::Failure::kRefused, ObjectFaults::Failure::kLostAnswer}) {
    for (int requests = 0; requests < 2; ++requests) {
      options_.prefix = absl::StrCat("orders/", static_cast<int>(failure), "/", requests);
      const std::unique_ptr<S3Target> target = Make();
      const DurablePosition start = Open(*target);
      ASSERT_TRUE(Deliver(*target, start, 0, 3).ok());
      faults_.FailAfter(requests, failure);
      EXPECT_FALSE(Deliver(*target, start, 3, 4).ok());
      faults_.Heal();
      const DurablePosition had = Open(*target);
      const bool put = requests == 1 && failure == ObjectFaults::Failure::kLostAnswer;
      EXPECT_EQ(ToString(had.position), ToString(blocks_[put ? 3 : 2]->end));
      EXPECT_EQ(had.position.gtid_set, blocks_[put ? 3 : 2]->end.gtid_set);
      ASSERT_TRUE(Deliver(*target, had, 0, 4).ok());
      EXPECT_EQ(ToString(target->durable().position), ToString(blocks_[3]->end));
    }
  }
}

// An owner loses the prefix while its request is on the way; its object arrives beside its successor's, which ends
// elsewhere.
TEST_F(S3TargetTest, ALateRequestDoublesNothing) {
  for (const bool successor_looks : {false, true}) {
    SCOPED_TRACE(successor_looks);
    testing::FakeBucket bucket;
    ObjectFaults faults;
    const auto make = [&](bool looks) {
      S3Target::Options options = options_;
      options.owner = kOwner;
      options.ownership_check = looks ? absl::ZeroDuration() : absl::InfiniteDuration();
      return std::make_unique<S3Target>("cold", faults.Wrap(bucket.Connect()), options);
    };
    testing::PrefixStore prefix(options_, [&] { return bucket.Connect(); });
    const std::unique_ptr<S3Target> first = make(true);
    const DurablePosition start = Open(*first);
    ASSERT_TRUE(Deliver(*first, start, 0, 2).ok());
    const std::unique_ptr<S3Target> second = make(successor_looks);
    bool taken = false;
    faults.set_before_put([&](const std::string& key) {
      if (taken || !absl::EndsWith(key, ".binlog")) return;
      taken = true;
      const DurablePosition had = Open(*second);
      EXPECT_EQ(ToString(had.position), ToString(blocks_[1]->end));
      // One object over two blocks.
      ASSERT_TRUE(Hand(*second, *blocks_[2], had).ok());
      ASSERT_TRUE(Hand(*second, *blocks_[3], had).ok());
      ASSERT_TRUE(second->Commit().ok());
    });
    const absl::Status lost = Deliver(*first, start, 2, 3);
    ASSERT_TRUE(taken);
    EXPECT_EQ(ErrorReason(lost), "TARGET_IN_USE") << lost;
    EXPECT_TRUE(IsPermanent(lost));
    EXPECT_EQ(prefix.DataKeys().size(), 4u);
    ASSERT_TRUE(Deliver(*second, start, 4, 5).ok());
    EXPECT_EQ(prefix.DataKeys().size(), successor_looks ? 4u : 5u);
    const std::unique_ptr<S3Target> third = make(true);
    const DurablePosition had = Open(*third);
    EXPECT_EQ(ToString(had.position), ToString(blocks_[4]->end));
    ASSERT_TRUE(Deliver(*third, had, 0, blocks_.size()).ok());
    EXPECT_EQ(prefix.Delivered(), Files());
  }
}

TEST_F(S3TargetTest, AZombieThatDoesNotLookIsStoppedByTheNextLogFile) {
  for (size_t step = 0; step < blocks_.size(); ++step) {
    SCOPED_TRACE(step);
    options_.prefix = absl::StrCat("orders/", step);
    S3Target::Options blind = options_;
    blind.ownership_check = absl::InfiniteDuration();
    const std::unique_ptr<S3Target> zombie = MakeWith(blind);
    const DurablePosition start = Open(*zombie);
    ASSERT_TRUE(Deliver(*zombie, start, 0, step).ok());
    const std::unique_ptr<S3Target> target = Make();
    const DurablePosition had = Open(*target);
    absl::Status lost;
    for (size_t i = step; i < blocks_.size() && lost.ok(); ++i) {
      lost = Deliver(*zombie, start, i, i + 1);
      // Its successor follows, with objects that end elsewhere.
      if (i % 2 == 1) {
        ASSERT_TRUE(Hand(*target, *blocks_[i - 1], had).ok());
        ASSERT_TRUE(Hand(*target, *blocks_[i], had).ok());
        ASSERT_TRUE(target->Commit().ok());
      }
    }
    const bool leaves_file = blocks_[step]->start.file != blocks_.back()->end.file;
    // Where both put an object of one key it is noticed earlier.
    if (leaves_file || !lost.ok()) {
      EXPECT_EQ(ErrorReason(lost), "TARGET_IN_USE") << lost;
    }
    const std::unique_ptr<S3Target> third = Make();
    const absl::Status delivered = Deliver(*third, Open(*third), 0, blocks_.size());
    ASSERT_TRUE(delivered.ok()) << delivered;
    EXPECT_EQ(Prefix()->Delivered(), Files());
  }
}

// The successor deletes what the zombie put, between the zombie's listing and its look at the object.
TEST_F(S3TargetTest, AZombieWhoseObjectIsDeletedLooksWhoseThePrefixIs) {
  S3Target::Options blind = options_;
  blind.ownership_check = absl::InfiniteDuration();
  const std::unique_ptr<S3Target> zombie = MakeWith(blind);
  const DurablePosition start = Open(*zombie);
  ASSERT_TRUE(Deliver(*zombie, start, 0, 1).ok());
  S3Target::Options watchful = options_;
  watchful.ownership_check = absl::ZeroDuration();
  const std::unique_ptr<S3Target> successor = MakeWith(watchful);
  const DurablePosition had = Open(*successor);
  size_t end_of_file = 1;
  while (blocks_[end_of_file]->start.file == "binlog.000001") ++end_of_file;
  // The successor's first object covers two blocks; the zombie's begins where it does, and is deleted by a look later.
  for (const size_t i : {1, 2}) ASSERT_TRUE(Hand(*successor, *blocks_[i], had).ok());
  ASSERT_TRUE(successor->Commit().ok());
  ASSERT_TRUE(Deliver(*zombie, start, 1, end_of_file).ok());
  faults_.set_before_head([&](const std::string& key) {
    if (!absl::EndsWith(key, ".binlog")) return;
    faults_.set_before_head(nullptr);
    const absl::Status delivered = Deliver(*successor, had, 3, 4);
    ASSERT_TRUE(delivered.ok()) << delivered;
  });
  const absl::Status lost = Deliver(*zombie, start, end_of_file, end_of_file + 1);
  EXPECT_EQ(ErrorReason(lost), "TARGET_IN_USE") << lost;
  EXPECT_TRUE(IsPermanent(lost));
  zombie->Close();
  EXPECT_EQ(ErrorReason(zombie->Open().status()), "TARGET_IN_USE");
  ASSERT_TRUE(Deliver(*successor, had, 4, blocks_.size()).ok());
  EXPECT_EQ(Prefix()->Delivered(), Files());
}

TEST_F(S3TargetTest, AFinishedFileHasAManifest) {
  DeliverAll();
  Manifest manifest;
  ASSERT_TRUE(ParseManifest(BytesOf(absl::StrCat(kFolder, "manifest.json")), &manifest));
  EXPECT_EQ(manifest.format, "RAW");
  uint64_t at = 0;
  for (const ManifestFile& object : manifest.files) {
    EXPECT_EQ(object.from->position.offset, at);
    at = object.to->position.offset;
    EXPECT_EQ(BytesOf(absl::StrCat(kFolder, object.name)).size(), object.stored_bytes);
    EXPECT_EQ(object.sha256.size(), 64u);
    EXPECT_EQ(object.first_event_time, 1700000000u);
    EXPECT_EQ(object.last_event_time, 1700000000u);
  }
  EXPECT_EQ(at, log_.FileBytes("binlog.000001").size());
  EXPECT_EQ(manifest.files.back().to->position.gtid_set, absl::StrCat(LogWriter::kServerUuid, ":1-6"));
  Manifest index;
  ASSERT_TRUE(ParseManifest(BytesOf("orders/0001-6f1c2a9e/manifest-00000001.json"), &index));
  ASSERT_EQ(index.files.size(), 2u) << "the third is being written";
  EXPECT_EQ(index.files[1].name, "binlog.000002");
  EXPECT_EQ(index.files[1].from->position.gtid_set, absl::StrCat(LogWriter::kServerUuid, ":1-6"));
  EXPECT_EQ(index.files[1].to->position.gtid_set, absl::StrCat(LogWriter::kServerUuid, ":1-12"));
  EXPECT_EQ(index.files[1].stored_bytes, log_.FileBytes("binlog.000002").size());
}

TEST_F(S3TargetTest, ManifestsThatAreLostOrEditedAreMadeAnew) {
  DeliverAll();
  const std::string index = "orders/0001-6f1c2a9e/manifest-00000001.json";
  const std::string last = "orders/0001-6f1c2a9e/binlog.000002/manifest.json";
  for (const std::string& key : {index, last}) {
    for (const bool edited : {false, true}) {
      SCOPED_TRACE(absl::StrCat(key, edited ? " edited" : " lost"));
      if (edited) {
        bucket_.Edit(key, [](Object& object) { object.bytes[object.bytes.size() / 2] ^= 1; });
      } else {
        bucket_.Remove(key);
      }
      const std::string was = BytesOf(key);
      Open(*Make());
      Manifest manifest;
      ASSERT_TRUE(ParseManifest(BytesOf(key), &manifest));
      uint64_t bytes = 0;
      for (const ManifestFile& file : manifest.files) bytes += file.stored_bytes;
      EXPECT_EQ(bytes,
                log_.FileBytes("binlog.000002").size() + (key == index ? log_.FileBytes("binlog.000001").size() : 0));
      bool kept = false;
      for (const auto& [name, object] : bucket_.objects()) {
        kept = kept || (absl::StartsWith(name, "orders/.binlogd/edited/") && object.bytes == was);
      }
      EXPECT_EQ(kept, edited);
    }
  }
}

TEST_F(S3TargetTest, AGiantTransactionIsOneObjectAndWaitsOutsideMemory) {
  options_.format = EventFormat::kJson;
  options_.object_bytes = 10000;
  for (const Compression compression : {Compression::kNone, Compression::kZstd}) {
    options_.compression = compression;
    options_.prefix = absl::StrCat("giant/", CompressionName(compression));
    LogWriter giant;
    std::vector<std::pair<int32_t, std::string>> rows;
    for (int i = 0; i < 5000; ++i) rows.emplace_back(i, absl::StrCat("row ", i * 7919));
    giant.Transaction({{1, "before"}});
    giant.Transaction(rows);
    giant.Transaction({{1, "after"}});
    const std::unique_ptr<S3Target> target = Make();
    const DurablePosition had = Open(*target);
    for (const auto& block : BlocksOf(giant, Limits(100))) {
      const absl::Status handed = Hand(*target, *block, had, 3000, [&] { return target->Commit(); });
      ASSERT_TRUE(handed.ok()) << handed;
    }
    ASSERT_TRUE(target->Commit().ok());
    size_t largest = 0;
    std::string all;
    for (const std::string& key : Prefix()->DataKeys()) largest = std::max(largest, BytesOf(key).size());
    EXPECT_GT(largest, 2 * options_.object_bytes);
    for (const auto& block : BlocksOf(giant, Limits(1000000))) {
      all += testing::EncodeBlock(*block, BlockRange(), EventFilter(FilterSpec()), *options_.format, "orders")->bytes;
    }
    EXPECT_EQ(Prefix()->Delivered()["records"], all);
  }
  EXPECT_TRUE(std::filesystem::is_empty(spool_.path()));
}

TEST_F(S3TargetTest, WithoutRoomForATransactionItIsTriedAgain) {
  options_.format = EventFormat::kJson;
  options_.object_bytes = 100;
  options_.spool_directory = spool_ / "none";
  const std::unique_ptr<S3Target> target = Make();
  absl::Status refused = Deliver(*target, Open(*target), 0, blocks_.size());
  EXPECT_EQ(ErrorReason(refused), "SPOOL_UNWRITABLE") << refused;
  EXPECT_TRUE(absl::IsUnavailable(refused));
  EXPECT_FALSE(IsPermanent(refused));
  std::filesystem::create_directories(options_.spool_directory);
  refused = Deliver(*target, Open(*target), 0, blocks_.size());
  EXPECT_TRUE(refused.ok()) << refused;
}

TEST_F(S3TargetTest, APrefixBelowAnothersIsRefused) {
  for (const std::string outer : {"", "orders/", "orders/cold/"}) {
    SCOPED_TRACE(outer);
    for (const auto& [key, object] : bucket_.objects()) bucket_.Remove(key);
    options_.prefix = outer;
    const std::unique_ptr<S3Target> first = Make();
    const DurablePosition had = Open(*first);
    ASSERT_TRUE(Deliver(*first, had, 0, 1).ok());
    const auto before = bucket_.objects().size();
    S3Target::Options inner = options_;
    inner.prefix = "orders/cold/2026/";
    for (const absl::Status& refused : {MakeWith(inner)->Check(), MakeWith(inner)->Open().status()}) {
      EXPECT_EQ(ErrorReason(refused), "TARGET_PREFIX_IN_USE") << refused;
      EXPECT_TRUE(IsPermanent(refused));
      for (const std::string& told : {outer + ".binlogd/owner.json", std::string(kOwner), inner.prefix}) {
        EXPECT_TRUE(absl::StrContains(refused.message(), told)) << refused;
      }
    }
    EXPECT_EQ(bucket_.objects().size(), before);
    EXPECT_TRUE(Make()->Open().ok());
  }
}

// Who may see nothing but his own prefix, as the policy of docs/s3.md has it.
TEST_F(S3TargetTest, WhatMayNotBeSeenAboveThePrefixIsNoObstacle) {
  options_.prefix = "shop/orders/";
  const auto target =
      std::make_unique<S3Target>("cold", std::make_unique<BelowOnly>(bucket_.Connect(), options_.prefix), options_);
  const auto opened = target->Open();
  EXPECT_TRUE(opened.ok()) << opened.status();
}

TEST_F(S3TargetTest, TheFirstObjectsMayExpire) {
  DeliverAll();
  const std::vector<std::string> keys = Prefix()->DataKeys();
  const std::string newest = keys.back().substr(0, keys.back().rfind('/'));
  bucket_.Remove(keys.front());
  for (size_t i = 0; i + 1 < keys.size(); ++i) {
    if (absl::StartsWith(keys[i], newest)) bucket_.Remove(keys[i]);
  }
  const auto had = Make()->Open();
  ASSERT_TRUE(had.ok()) << had.status();
  EXPECT_EQ(ToString((**had).position), ToString(blocks_.back()->end));
}

// A decoding target's position moves though there is nothing to deliver.
TEST_F(S3TargetTest, APositionWithoutRecordsIsDurable) {
  options_.format = EventFormat::kJson;
  std::unique_ptr<S3Target> target = Make();
  Open(*target);
  for (const auto& block : blocks_) {
    if (!block->has_boundary()) continue;
    EncodedBlock nothing;
    for (const BlockEvent& event : block->events) {
      if (event.ends_transaction) nothing.boundary_offset = block->start.offset + event.begin + event.size;
    }
    ASSERT_TRUE(target->Write(*block, 0, &nothing).ok());
    ASSERT_TRUE(target->Commit().ok());
    const auto had = Make()->Open();
    ASSERT_TRUE(had.ok()) << had.status();
    EXPECT_EQ(ToString((**had).position), ToString(target->durable().position));
    target = Make();
    Open(*target);
  }
  EXPECT_TRUE(Prefix()->DataKeys().empty());
}

TEST_F(S3TargetTest, FileNamesOfAHostileSourceAreRefused) {
  for (const char* name : {"../x.000001", "a/b.000001", "x", "", ".hidden.000001", "binlog."}) {
    DurablePosition start = StartOf(*MakeEpoch());
    start.position.file = name;
    const std::unique_ptr<S3Target> target = Make();
    ASSERT_TRUE(target->Open().ok());
    EXPECT_EQ(ErrorReason(target->Begin(start, *MakeEpoch())), "SOURCE_SENT_BAD_FILE_NAME") << name;
  }
}

}  // namespace
}  // namespace binlogd
