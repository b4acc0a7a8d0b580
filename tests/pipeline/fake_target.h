// A target in memory.
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
  // Writes wait while the store is blocked.
  void Block(bool blocked) {
    absl::MutexLock lock(&mutex_);
    blocked_ = blocked;
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
  // Waits until Write was called so often.
  void AwaitWrites(int writes) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, writes]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return writes_ >= writes; };
    mutex_.Await(absl::Condition(&reached));
  }

 private:
  friend class FakeTarget;
  bool open() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !blocked_; }
  static absl::Status Next(std::deque<absl::Status>* failures) {
    if (failures->empty()) return absl::OkStatus();
    const absl::Status status = failures->front();
    failures->pop_front();
    return status;
  }

  mutable absl::Mutex mutex_;
  std::deque<absl::Status> write_failures_ ABSL_GUARDED_BY(mutex_);
  std::deque<absl::Status> commit_failures_ ABSL_GUARDED_BY(mutex_);
  bool blocked_ ABSL_GUARDED_BY(mutex_) = false;
  int writes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool counts_only_ ABSL_GUARDED_BY(mutex_) = false;
  size_t largest_write_ ABSL_GUARDED_BY(mutex_) = 0;
  std::string written_ ABSL_GUARDED_BY(mutex_);
  size_t boundary_ ABSL_GUARDED_BY(mutex_) = 0;  // Of what is written, up to the last boundary.
  std::string committed_ ABSL_GUARDED_BY(mutex_);
  std::optional<DurablePosition> position_ ABSL_GUARDED_BY(mutex_);
};

class FakeTarget : public Target {
 public:
  FakeTarget(std::string name, std::shared_ptr<FakeStore> store, bool decodes)
      : Target(std::move(name)), store_(std::move(store)), decodes_(decodes) {}

  absl::string_view type() const override { return "fake"; }
  std::optional<EventFormat> format() const override {
    return decodes_ ? std::optional(EventFormat::kJson) : std::nullopt;
  }

 private:
  absl::StatusOr<std::optional<DurablePosition>> DoOpen() override {
    absl::MutexLock lock(&store_->mutex_);
    store_->written_ = store_->committed_;
    store_->boundary_ = store_->written_.size();
    return store_->position_;
  }
  absl::Status DoBegin(const DurablePosition& start, const EpochStart&) override {
    absl::MutexLock lock(&store_->mutex_);
    store_->position_ = start;
    return absl::OkStatus();
  }
  absl::Status DoWrite(const Block& block, size_t from, const EncodedBlock* encoded) override {
    absl::MutexLock lock(&store_->mutex_);
    ++store_->writes_;
    store_->mutex_.Await(absl::Condition(store_.get(), &FakeStore::open));
    if (absl::Status failed = FakeStore::Next(&store_->write_failures_); !failed.ok()) return failed;
    const size_t before = store_->written_.size();
    const absl::string_view bytes = encoded == nullptr ? absl::string_view(block.bytes).substr(from) : encoded->bytes;
    store_->largest_write_ = std::max(store_->largest_write_, bytes.size());
    if (store_->counts_only_) return absl::OkStatus();
    store_->written_.append(bytes.data(), bytes.size());
    if (encoded == nullptr) {
      store_->boundary_ = store_->written_.size();
    } else if (encoded->boundary_offset != 0) {
      store_->boundary_ = before + encoded->boundary_bytes;
    }
    return absl::OkStatus();
  }
  absl::Status DoCommit(const DurablePosition& position) override {
    absl::MutexLock lock(&store_->mutex_);
    if (absl::Status failed = FakeStore::Next(&store_->commit_failures_); !failed.ok()) return failed;
    store_->committed_ = store_->written_.substr(0, store_->boundary_);
    store_->position_ = position;
    return absl::OkStatus();
  }
  void DoClose() override {}

  const std::shared_ptr<FakeStore> store_;
  const bool decodes_;
};

}  // namespace binlogd::testing
