// Whose a store is: the part of the suite that has several users of one.
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/target/target_contract.h"

namespace binlogd::testing {

TEST_P(TargetContractTest, AnotherOwnerIsRefused) {
  const std::unique_ptr<Target> target = Make();
  OpenNew(*target);
  const std::unique_ptr<Target> other = store_->Make("streamer \"else\", target \"t\"");
  const absl::Status refused = other->Open().status();
  EXPECT_EQ(ErrorReason(refused), "TARGET_IN_USE");
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_TRUE(absl::StrContains(refused.message(), kOwner)) << refused;
  for (const auto& block : blocks_) ASSERT_TRUE(Hand(*target, *block, Start()).ok());
  ASSERT_TRUE(target->Commit().ok());
  EXPECT_EQ(store_->Delivered(), golden_);
}

// Of two targets of one owner, a zombie and its successor, one delivers.
TEST_P(TargetContractTest, OneUserAtATime) {
  for (size_t step = 0; step <= blocks_.size(); ++step) {
    SCOPED_TRACE(absl::StrCat("after ", step, " blocks"));
    store_ = MakeStore();
    const std::unique_ptr<Target> target = Make();
    OpenNew(*target);
    for (size_t i = 0; i < step; ++i) {
      ASSERT_TRUE(Hand(*target, *blocks_[i], Start()).ok());
      if (i % 4 == 3) {
        ASSERT_TRUE(target->Commit().ok());
      }
    }
    const std::unique_ptr<Target> other = Make();
    if (!GetParam().newest_has_it) {
      const absl::Status refused = other->Open().status();
      EXPECT_EQ(ErrorReason(refused), "TARGET_IN_USE");
      EXPECT_TRUE(IsPermanent(refused));
      target->Close();
      Finish(*other);
      EXPECT_EQ(store_->Delivered(), golden_);
      continue;
    }
    const auto had = other->Open();
    ASSERT_TRUE(had.ok() && had->has_value()) << had.status();
    // The zombie goes on until it notices.
    absl::Status noticed;
    for (size_t i = step; i < blocks_.size() && noticed.ok(); ++i) {
      noticed = Hand(*target, *blocks_[i], Start());
      if (noticed.ok()) noticed = target->Commit();
    }
    if (step < blocks_.size()) {
      EXPECT_EQ(ErrorReason(noticed), "TARGET_IN_USE") << noticed;
      EXPECT_TRUE(IsPermanent(noticed));
    }
    for (const auto& block : blocks_) {
      const absl::Status handed = Hand(*other, *block, **had);
      ASSERT_TRUE(handed.ok()) << handed;
    }
    const absl::Status committed = other->Commit();
    ASSERT_TRUE(committed.ok()) << committed;
    Finish(*Make());  // A third mends what the zombie left, if anything.
    EXPECT_EQ(store_->Delivered(), golden_);
  }
}

// Another process takes the store while a streamer runs. The streamer may open its targets anew after that, with new
// ones, and is not to take the store back, also when the other process is gone.
TEST_P(TargetContractTest, WhatWasLostStaysLostForTheRun) {
  const auto claim = std::make_shared<StoreClaim>();
  const std::unique_ptr<Target> target = Make();
  target->set_claim(claim);
  OpenNew(*target);
  ASSERT_TRUE(Hand(*target, *blocks_[0], Start()).ok());
  ASSERT_TRUE(target->Commit().ok());
  const auto make_anew = [this, &claim] {
    std::unique_ptr<Target> anew = Make();
    anew->set_claim(claim);
    return anew;
  };
  if (!GetParam().newest_has_it) target->Close();
  const std::unique_ptr<Target> successor = Make();
  const auto had = successor->Open();
  ASSERT_TRUE(had.ok() && had->has_value()) << had.status();
  const std::unique_ptr<Target> loser = GetParam().newest_has_it ? nullptr : make_anew();
  absl::Status noticed = loser != nullptr ? loser->Open().status() : absl::OkStatus();
  for (size_t i = 1; i < blocks_.size() && loser == nullptr && noticed.ok(); ++i) {
    noticed = Hand(*target, *blocks_[i], Start());
    if (noticed.ok()) noticed = target->Commit();
  }
  EXPECT_EQ(ErrorReason(noticed), "TARGET_IN_USE") << noticed;
  for (const auto& block : blocks_) ASSERT_TRUE(Hand(*successor, *block, **had).ok());
  ASSERT_TRUE(successor->Commit().ok());
  successor->Close();
  const absl::Status refused = make_anew()->Open().status();
  EXPECT_EQ(ErrorReason(refused), "TARGET_IN_USE") << refused;
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_EQ(store_->Delivered(), golden_);
  Finish(*Make());  // Another run.
  EXPECT_EQ(store_->Delivered(), golden_);
}

// The same before the streamer has noticed.
TEST_P(TakenTargetContractTest, WhatWasTakenIsNotTakenBackByTargetsMadeAnew) {
  const auto claim = std::make_shared<StoreClaim>();
  const auto make_anew = [this, &claim] {
    std::unique_ptr<Target> anew = Make();
    anew->set_claim(claim);
    return anew;
  };
  OpenNew(*make_anew());
  Finish(*make_anew(), {blocks_[0], blocks_[1]});
  Finish(*Make());
  const absl::Status refused = make_anew()->Open().status();
  EXPECT_EQ(ErrorReason(refused), "TARGET_IN_USE") << refused;
  EXPECT_TRUE(IsPermanent(refused));
  EXPECT_EQ(store_->Delivered(), golden_);
}

// A target that had its store, lost sight of it at any operation of an Open, and is opened again has it still, unless
// another took it in between: that one is left alone.
TEST_P(TakenTargetContractTest, WhoLostItsStoreStaysOut) {
  for (int way = 0; way < store_->ways_to_fail(); ++way) {
    bool failed = true;
    for (int operations = 0; failed; ++operations) {
      SCOPED_TRACE(absl::StrCat("way ", way, ", after ", operations, " operations"));
      ASSERT_LT(operations, 1000);
      store_ = MakeStore();
      const std::unique_ptr<Target> target = Make();
      OpenNew(*target);
      ASSERT_TRUE(Hand(*target, *blocks_[0], Start()).ok());
      ASSERT_TRUE(target->Commit().ok());
      for (int lost = 0; lost < 2; ++lost) {
        ASSERT_TRUE(target->Open().ok());
        store_->FailAfter(operations, way);
        failed = !target->Open().ok();
        store_->Heal();
      }
      const std::unique_ptr<Target> successor = Make();
      const auto had = successor->Open();
      ASSERT_TRUE(had.ok() && had->has_value()) << had.status();
      for (const absl::Status& refused : {target->Open().status(), target->Open().status()}) {
        EXPECT_EQ(ErrorReason(refused), "TARGET_IN_USE") << refused;
        EXPECT_TRUE(IsPermanent(refused));
      }
      for (const auto& block : blocks_) ASSERT_TRUE(Hand(*successor, *block, **had).ok());
      const absl::Status committed = successor->Commit();
      ASSERT_TRUE(committed.ok()) << committed;
      EXPECT_EQ(store_->Delivered(), golden_);
    }
  }
}

}  // namespace binlogd::testing
