// What lies between an S3 target and its bucket: requests that arrive late, answers that are not what was sent.
#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/harness/fake_bucket.h"
#include "tests/harness/temp_dir.h"
#include "tests/target/s3_contract.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::Hand;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;
using testing::StartOf;

constexpr char kOwner[] = "streamer \"orders\", target \"cold\"";
constexpr char kOwnerKey[] = "orders/.binlogd/owner.json";

// What answers come to.
struct Answers {
  std::function<void(const std::string& key, Object& object)> got;  // Of a GET.
  std::function<void(const std::string& key, Object& object)> headed;
  std::function<void(const std::string& key)> deleted;
};

class DisturbedStore : public ObjectStore {
 public:
  DisturbedStore(std::unique_ptr<ObjectStore> store, const Answers* answers)
      : store_(std::move(store)), answers_(answers) {}

  absl::StatusOr<std::string> Put(const std::string& key, ObjectBody& body, const PutOptions& options) override {
    return store_->Put(key, body, options);
  }
  absl::StatusOr<Object> Get(const std::string& key) override {
    absl::StatusOr<Object> object = store_->Get(key);
    const auto change = answers_->got;  // Which may be set anew meanwhile.
    if (object.ok() && change) change(key, *object);
    return object;
  }
  absl::StatusOr<Object> Head(const std::string& key) override {
    absl::StatusOr<Object> object = store_->Head(key);
    const auto change = answers_->headed;  // Which may be set anew meanwhile.
    if (object.ok() && change) change(key, *object);
    return object;
  }
  absl::Status Delete(const std::string& key) override {
    if (answers_->deleted) answers_->deleted(key);
    return store_->Delete(key);
  }
  absl::StatusOr<Listing> List(const ListOptions& options) override { return store_->List(options); }
  absl::Status AbortUploads(const std::string& prefix) override { return store_->AbortUploads(prefix); }
  void Interrupt() override { store_->Interrupt(); }

 private:
  const std::unique_ptr<ObjectStore> store_;
  const Answers* const answers_;
};

class S3DisturbedTest : public ::testing::Test {
 protected:
  S3DisturbedTest() {
    options_.prefix = "orders/";
    options_.spool_directory = spool_.path();
    options_.owner = kOwner;
    options_.ownership_check = absl::ZeroDuration();
    for (int file = 0; file < 3; ++file) {
      if (file > 0) log_.Rotate();
      for (int i = 0; i < 6; ++i) log_.Transaction({{i, "one"}, {i, "two"}});
    }
    blocks_ = BlocksOf(log_, Limits(3));
    while (blocks_[second_file_]->start.file == blocks_[0]->start.file) ++second_file_;
  }

  std::unique_ptr<S3Target> Make() {
    return std::make_unique<S3Target>("cold", std::make_unique<DisturbedStore>(bucket_.Connect(), &answers_), options_);
  }
  static absl::StatusOr<DurablePosition> Open(Target& target) {
    const auto had = target.Open();
    if (!had.ok()) return had.status();
    if (had->has_value()) return **had;
    const absl::Status begun = target.Begin(StartOf(*MakeEpoch()), *MakeEpoch());
    if (!begun.ok()) return begun;
    return StartOf(*MakeEpoch());
  }
  // Opens, and hands over the blocks up to `to`, with a commit after each, but for those of which `joined` says that
  // the next one goes into the same object.
  absl::Status Deliver(Target& target, size_t to, const std::function<bool(size_t)>& joined = nullptr) {
    const absl::StatusOr<DurablePosition> had = Open(target);
    if (!had.ok()) return had.status();
    return GoOn(target, *had, 0, to, joined);
  }
  absl::Status GoOn(Target& target, const DurablePosition& had, size_t from, size_t to,
                    const std::function<bool(size_t)>& joined = nullptr) {
    for (size_t i = from; i < to; ++i) {
      if (absl::Status handed = Hand(target, *blocks_[i], had); !handed.ok()) return handed;
      if (joined && joined(i)) continue;
      if (absl::Status committed = target.Commit(); !committed.ok()) return committed;
    }
    return absl::OkStatus();
  }
  // Takes the newest object out of the bucket, as if its request were still on its way.
  std::pair<std::string, Object> Hold() {
    const std::string key = Prefix().DataKeys().back();
    std::pair<std::string, Object> held(key, bucket_.objects().at(key));
    bucket_.Remove(key);
    return held;
  }
  void Arrive(const std::pair<std::string, Object>& held) {
    ASSERT_EQ(bucket_.objects().count(held.first), 0u) << "If-None-Match refuses it";
    bucket_.Edit(held.first, [&held](Object& object) { object = held.second; });
  }
  testing::PrefixStore Prefix() {
    return testing::PrefixStore(options_, [this] { return bucket_.Connect(); });
  }
  void ExpectWhole() {
    std::map<std::string, std::string> files;
    for (const std::string& file : log_.files()) files[absl::StrCat("0001-6f1c2a9e/", file)] = log_.FileBytes(file);
    EXPECT_EQ(Prefix().Delivered(), files);
  }

  testing::FakeBucket bucket_;
  testing::TempDir spool_;
  Answers answers_;
  S3Target::Options options_;
  LogWriter log_;
  std::vector<std::shared_ptr<const Block>> blocks_;
  size_t second_file_ = 0;  // The first block of the second log file.
};

// A PUT is held by the network while its owner is killed and the prefix is taken twice more, the last time in the next
// log file.
TEST_F(S3DisturbedTest, WhatArrivesAfterTheLogFileWasFinishedDoublesNothing) {
  ASSERT_GT(second_file_, 4u);
  for (const bool opened_again : {false, true}) {
    SCOPED_TRACE(opened_again);
    for (const auto& [key, object] : bucket_.objects()) bucket_.Remove(key);
    ASSERT_TRUE(Deliver(*Make(), 3).ok());
    const auto held = Hold();
    // The next object covers the held one and another block.
    ASSERT_TRUE(Deliver(*Make(), second_file_ + 1, [](size_t i) { return i == 2; }).ok());
    const std::unique_ptr<S3Target> third = Make();
    const auto had = Open(*third);
    ASSERT_TRUE(had.ok()) << had.status();
    Arrive(held);
    if (opened_again) {
      ASSERT_TRUE(Open(*Make()).ok());
    } else {
      const absl::Status delivered = GoOn(*third, *had, second_file_ + 1, second_file_ + 2);
      ASSERT_TRUE(delivered.ok()) << delivered;
    }
    EXPECT_EQ(bucket_.objects().count(held.first), 0u);
    const absl::Status delivered = Deliver(*Make(), blocks_.size());
    ASSERT_TRUE(delivered.ok()) << delivered;
    ExpectWhole();
  }
}

// The same within one log file: the object that arrives late does not begin where the newest owner did.
TEST_F(S3DisturbedTest, WhatArrivesAfterSeveralTakesDoublesNothing) {
  ASSERT_TRUE(Deliver(*Make(), 2).ok());
  const auto held = Hold();
  ASSERT_TRUE(Deliver(*Make(), 3, [](size_t i) { return i == 1; }).ok());
  const std::unique_ptr<S3Target> third = Make();
  const auto had = Open(*third);
  ASSERT_TRUE(had.ok()) << had.status();
  Arrive(held);
  const absl::Status went_on = GoOn(*third, *had, 3, 4);
  ASSERT_TRUE(went_on.ok()) << went_on;
  EXPECT_EQ(bucket_.objects().count(held.first), 0u);
  const absl::Status delivered = GoOn(*third, *had, 4, blocks_.size());
  ASSERT_TRUE(delivered.ok()) << delivered;
  ExpectWhole();
}

// A DELETE that the network held would delete what was put at the key meanwhile: there is none of such a key.
TEST_F(S3DisturbedTest, WhatArrivesWhereTheNextObjectComesIsReplacedAndNotDeleted) {
  for (const bool opened_again : {false, true}) {
    SCOPED_TRACE(opened_again);
    for (const auto& [key, object] : bucket_.objects()) bucket_.Remove(key);
    ASSERT_TRUE(Deliver(*Make(), 2).ok());
    const auto held = Hold();
    std::unique_ptr<S3Target> target = Make();
    auto had = Open(*target);
    ASSERT_TRUE(had.ok()) << had.status();
    Arrive(held);
    answers_.deleted = [&held](const std::string& key) { EXPECT_NE(key, held.first); };
    if (opened_again) {
      target = Make();
      had = Open(*target);
      ASSERT_TRUE(had.ok()) << had.status();
    }
    EXPECT_EQ(ToString(had->position), ToString(blocks_[0]->end));
    const absl::Status delivered = GoOn(*target, *had, 1, blocks_.size());
    ASSERT_TRUE(delivered.ok()) << delivered;
    const Object object = bucket_.objects().at(held.first);
    EXPECT_NE(object.metadata.at("binlogd-generation"), held.second.metadata.at("binlogd-generation"));
    ExpectWhole();
    answers_ = Answers();
  }
}

TEST_F(S3DisturbedTest, WhatBeginsWhereTheNextObjectComesAndEndsElsewhereDoublesNothing) {
  ASSERT_TRUE(Deliver(*Make(), 2).ok());
  const auto held = Hold();
  ASSERT_TRUE(Open(*Make()).ok());
  Arrive(held);
  options_.ownership_check = absl::Hours(1);
  ASSERT_TRUE(Deliver(*Make(), 3, [](size_t i) { return i == 1; }).ok());
  EXPECT_EQ(bucket_.objects().count(held.first), 0u);
  ASSERT_TRUE(Deliver(*Make(), blocks_.size()).ok());
  ExpectWhole();
}

TEST_F(S3DisturbedTest, AForeignObjectInAFinishedLogFileIsLeftAlone) {
  ASSERT_TRUE(Deliver(*Make(), 2).ok());
  ASSERT_TRUE(Deliver(*Make(), second_file_ + 1).ok());
  const std::string last = Prefix().DataKeys().front();
  const std::string overlapping = absl::StrCat(last.substr(0, last.rfind('-')), "-9000000000000000.binlog");
  bucket_.Edit(overlapping, [](Object& object) { object.bytes = "mine"; });
  const absl::Status delivered = Deliver(*Make(), blocks_.size());
  ASSERT_TRUE(delivered.ok()) << delivered;
  EXPECT_EQ(bucket_.objects().at(overlapping).bytes, "mine");
}

TEST_F(S3DisturbedTest, AWrongEtagOfTheOwnersRecordLosesNothing) {
  const std::unique_ptr<S3Target> target = Make();
  const auto had = Open(*target);
  ASSERT_TRUE(had.ok()) << had.status();
  const auto flip = [this](const std::string& key, Object& object) {
    if (key != kOwnerKey) return;
    object.etag[1] ^= 1;
    answers_ = Answers();
  };
  answers_.headed = flip;
  absl::Status delivered = GoOn(*target, *had, 0, 2);
  ASSERT_TRUE(delivered.ok()) << delivered;
  EXPECT_FALSE(answers_.headed) << "it was not asked for";
  // In both answers: what is written next goes by the wrong one first.
  answers_.headed = [this, flip](const std::string& key, Object& object) {
    if (key != kOwnerKey) return;
    flip(key, object);
    answers_.got = flip;
  };
  delivered = GoOn(*target, *had, 2, blocks_.size());
  ASSERT_TRUE(delivered.ok()) << delivered;
  answers_.got = flip;  // Of the read at an open.
  ASSERT_TRUE(Open(*Make()).ok());
  ExpectWhole();
}

TEST_F(S3DisturbedTest, AWrongEtagOfTheOwnersRecordHidesNoSuccessor) {
  const std::unique_ptr<S3Target> zombie = Make();
  const auto had = Open(*zombie);
  ASSERT_TRUE(had.ok()) << had.status();
  ASSERT_TRUE(Open(*Make()).ok());
  answers_.headed = [](const std::string& key, Object& object) {
    if (key == kOwnerKey) object.etag[1] ^= 1;
  };
  EXPECT_EQ(ErrorReason(GoOn(*zombie, *had, 0, 1)), "TARGET_IN_USE");
}

TEST_F(S3DisturbedTest, AByteThatIsFlippedInOneAnswerIsNoDamage) {
  size_t delivered = blocks_.size() - 3;
  ASSERT_TRUE(Deliver(*Make(), delivered).ok());
  const std::string manifest = "orders/0001-6f1c2a9e/binlog.000002/manifest.json";
  const std::string index = "orders/0001-6f1c2a9e/manifest-00000001.json";
  for (const std::string& flipped : {std::string(kOwnerKey), manifest, index}) {
    SCOPED_TRACE(flipped);
    const auto before = bucket_.objects();
    bool read = false;
    answers_.got = [&](const std::string& key, Object& object) {
      if (key != flipped || std::exchange(read, true)) return;
      object.bytes[object.bytes.size() / 2] ^= 1;
    };
    const auto had = Open(*Make());
    ASSERT_TRUE(had.ok()) << had.status();
    EXPECT_TRUE(read);
    EXPECT_EQ(bucket_.objects().size(), before.size()) << "nothing is kept aside as edited";
    for (const std::string& key : {manifest, index}) EXPECT_EQ(bucket_.objects().at(key).etag, before.at(key).etag);
  }
  answers_ = Answers();
  // Of the last object, with which an owner stopped: its position, and who put it.
  for (const char* name : {"binlogd-position", "binlogd-generation"}) {
    SCOPED_TRACE(name);
    ASSERT_TRUE(Deliver(*Make(), ++delivered).ok());
    bool read = false;
    answers_.headed = [&](const std::string& key, Object& object) {
      if (!absl::EndsWith(key, ".binlog") || std::exchange(read, true)) return;
      object.metadata[name] = "x";
    };
    const auto had = Open(*Make());
    ASSERT_TRUE(had.ok()) << had.status();
    EXPECT_EQ(ToString(had->position), ToString(blocks_[delivered - 1]->end));
    EXPECT_TRUE(read);
    answers_ = Answers();
  }
  ASSERT_TRUE(Deliver(*Make(), blocks_.size()).ok());
  ExpectWhole();
}

TEST_F(S3DisturbedTest, WhatStaysDamagedIsRefused) {
  ASSERT_TRUE(Deliver(*Make(), 2).ok());
  int reads = 0;
  answers_.got = [&reads](const std::string& key, Object& object) {
    if (key != kOwnerKey) return;
    object.bytes[object.bytes.size() / 2] ^= 1;
    ++reads;
  };
  const auto refused = Open(*Make());
  EXPECT_EQ(ErrorReason(refused.status()), "TARGET_DAMAGED") << refused.status();
  EXPECT_LE(reads, 4);
}

}  // namespace
}  // namespace binlogd
