// What outlives a target in memory.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "target/target.h"

namespace binlogd::testing {

// What outlives a FakeTarget, as a disk does; and how it is to fail. Thread-safe.
class FakeStore {
 public:
  // The next calls of Write fail with these, one each.
  void FailWrites(std::deque<absl::Status> statuses) {
    absl::MutexLock lock(&mutex_);
    write_failures_ = std::move(statuses);
  }
  void FailCommits(std::deque<absl::Status> statuses) {
    absl::MutexLock lock(&mutex_);
    commit_failures_ = std::move(statuses);
  }
  // These commits take effect all the same: it is their answer that is lost.
  void LoseAnswers(std::deque<absl::Status> statuses) {
    absl::MutexLock lock(&mutex_);
    lost_answers_ = std::move(statuses);
  }
  void FailOpens(std::deque<absl::Status> statuses) {
    absl::MutexLock lock(&mutex_);
    open_failures_ = std::move(statuses);
  }
  void FailBegins(std::deque<absl::Status> statuses) {
    absl::MutexLock lock(&mutex_);
    begin_failures_ = std::move(statuses);
  }
  // All that it held is gone.
  void Empty() {
    absl::MutexLock lock(&mutex_);
    committed_.clear();
    position_.reset();
  }
  // Every call fails with it, until it is OK.
  void FailAll(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    all_fail_ = status;
  }
  // Writes wait while the store is blocked; after an Interrupt of the target they fail instead.
  void Block(bool blocked) {
    absl::MutexLock lock(&mutex_);
    blocked_ = blocked;
  }
  // The same, and the target tells `why` while it waits.
  void BlockInTrouble(const absl::Status& why) {
    absl::MutexLock lock(&mutex_);
    blocked_ = true;
    trouble_ = why;
  }
  // As Block, for Open.
  void BlockOpens(bool blocked) {
    absl::MutexLock lock(&mutex_);
    opens_blocked_ = blocked;
  }
  // From now on what is written is only counted, for what is too large to keep.
  void CountOnly() {
    absl::MutexLock lock(&mutex_);
    counts_only_ = true;
  }
  // Bytes of the largest write.
  size_t largest_write() const {
    absl::MutexLock lock(&mutex_);
    return largest_write_;
  }
  std::string written() const {
    absl::MutexLock lock(&mutex_);
    return written_;
  }
  std::string committed() const {
    absl::MutexLock lock(&mutex_);
    return committed_;
  }
  std::optional<DurablePosition> position() const {
    absl::MutexLock lock(&mutex_);
    return position_;
  }
  int writes() const {
    absl::MutexLock lock(&mutex_);
    return writes_;
  }
  int opens() const {
    absl::MutexLock lock(&mutex_);
    return opens_;
  }
  int interrupts() const {
    absl::MutexLock lock(&mutex_);
    return interrupts_;
  }
  // Waits until Open was called so often.
  void AwaitOpens(int opens) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, opens]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return opens_ >= opens; };
    mutex_.Await(absl::Condition(&reached));
  }
  // Waits until so many bytes are durable.
  void AwaitCommitted(size_t bytes) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, bytes]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return committed_.size() >= bytes; };
    mutex_.Await(absl::Condition(&reached));
  }
  // Waits until Write was called so often.
  void AwaitWrites(int writes) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, writes]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return writes_ >= writes; };
    mutex_.Await(absl::Condition(&reached));
  }

 private:
  friend class FakeTarget;
  absl::Status trouble() const {
    absl::MutexLock lock(&mutex_);
    return blocked_ ? trouble_ : absl::OkStatus();
  }
  absl::Status Next(std::deque<absl::Status>* failures) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!all_fail_.ok()) return all_fail_;
    if (failures->empty()) return absl::OkStatus();
    const absl::Status status = failures->front();
    failures->pop_front();
    return status;
  }

  mutable absl::Mutex mutex_;
  std::deque<absl::Status> write_failures_ ABSL_GUARDED_BY(mutex_);
  std::deque<absl::Status> commit_failures_ ABSL_GUARDED_BY(mutex_);
  std::deque<absl::Status> lost_answers_ ABSL_GUARDED_BY(mutex_);
  std::deque<absl::Status> open_failures_ ABSL_GUARDED_BY(mutex_);
  std::deque<absl::Status> begin_failures_ ABSL_GUARDED_BY(mutex_);
  absl::Status all_fail_ ABSL_GUARDED_BY(mutex_);
  int opens_ ABSL_GUARDED_BY(mutex_) = 0;
  int interrupts_ ABSL_GUARDED_BY(mutex_) = 0;
  bool blocked_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status trouble_ ABSL_GUARDED_BY(mutex_);  // Of a blocked one.
  bool opens_blocked_ ABSL_GUARDED_BY(mutex_) = false;
  int writes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool counts_only_ ABSL_GUARDED_BY(mutex_) = false;
  size_t largest_write_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string written_ ABSL_GUARDED_BY(mutex_);
  size_t boundary_ ABSL_GUARDED_BY(mutex_) = 0;  // Of what is written, up to the last boundary.
  std::string committed_ ABSL_GUARDED_BY(mutex_);
  std::optional<DurablePosition> position_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd::testing
