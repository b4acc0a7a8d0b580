// A target in memory.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "target/target.h"
#include "tests/pipeline/fake_store.h"

namespace binlogd::testing {

class FakeTarget : public Target {
 public:
  FakeTarget(std::string name, std::shared_ptr<FakeStore> store, bool decodes)
      : Target(std::move(name)), store_(std::move(store)), decodes_(decodes) {}

  absl::string_view type() const override { return "fake"; }
  std::optional<EventFormat> format() const override {
    return decodes_ ? std::optional(EventFormat::kJson) : std::nullopt;
  }
  void Interrupt() override {
    absl::MutexLock lock(&store_->mutex_);
    ++store_->interrupts_;
    interrupted_ = true;
  }

 private:
  bool may_write() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(store_->mutex_) { return !store_->blocked_ || interrupted_; }
  bool may_open() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(store_->mutex_) {
    return !store_->opens_blocked_ || interrupted_;
  }

  absl::StatusOr<std::optional<DurablePosition>> DoOpen() override {
    absl::MutexLock lock(&store_->mutex_);
    ++store_->opens_;
    store_->mutex_.Await(absl::Condition(this, &FakeTarget::may_open));
    if (interrupted_) return absl::CancelledError("interrupted");
    if (absl::Status failed = store_->Next(&store_->open_failures_); !failed.ok()) return failed;
    store_->written_ = store_->committed_;
    store_->boundary_ = store_->written_.size();
    return store_->position_;
  }
  absl::Status DoBegin(const DurablePosition& start, const EpochStart&) override {
    absl::MutexLock lock(&store_->mutex_);
    if (absl::Status failed = store_->Next(&store_->begin_failures_); !failed.ok()) return failed;
    store_->position_ = start;
    return absl::OkStatus();
  }
  absl::Status DoWrite(const Block& block, size_t from, const EncodedBlock* encoded) override {
    if (const absl::Status trouble = store_->trouble(); !trouble.ok()) on_trouble()(trouble);
    absl::MutexLock lock(&store_->mutex_);
    ++store_->writes_;
    store_->mutex_.Await(absl::Condition(this, &FakeTarget::may_write));
    if (interrupted_) return absl::CancelledError("interrupted");
    if (absl::Status failed = store_->Next(&store_->write_failures_); !failed.ok()) return failed;
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
    if (absl::Status failed = store_->Next(&store_->commit_failures_); !failed.ok()) return failed;
    store_->committed_ = store_->written_.substr(0, store_->boundary_);
    store_->position_ = position;
    return store_->Next(&store_->lost_answers_);
  }
  void DoClose() override {}

  const std::shared_ptr<FakeStore> store_;
  const bool decodes_;
  bool interrupted_ = false;  // Under the store's mutex.
};

}  // namespace binlogd::testing
