#include "pipeline/tap.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {

bool Tap::Take(Item* item) {
  absl::MutexLock lock(&mutex_);
  if (queue_.empty()) {
    if (!gap_) return false;
    *item = Item{std::exchange(gap_, std::nullopt), nullptr};
    return true;
  }
  *item = std::move(queue_.front());
  queue_.pop_front();
  if (item->block != nullptr) bytes_ -= item->block->bytes.size();
  return true;
}

std::optional<absl::Status> Tap::ended() const {
  absl::MutexLock lock(&mutex_);
  return queue_.empty() && !gap_ ? end_ : std::nullopt;
}

bool Tap::Offer(const std::shared_ptr<const Block>& block) {
  {
    absl::MutexLock lock(&mutex_);
    if (end_) return true;
    const bool fits = queue_.empty() || (bytes_ + block->bytes.size() <= kMostBytes && queue_.size() < kMostBlocks);
    if (!fits) {
      if (!gap_) gap_ = TapGap{0, block->start, block->end};
      gap_->dropped_events += block->events.size();
      gap_->to = block->end;
      return false;
    }
    queue_.push_back(Item{std::exchange(gap_, std::nullopt), block});
    bytes_ += block->bytes.size();
  }
  wake_();
  return true;
}

void Tap::Close(const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (end_) return;
    end_ = status;
  }
  wake_();
}

absl::StatusOr<std::shared_ptr<Tap>> TapHub::Attach(std::function<void()> wake) {
  auto tap = std::make_shared<Tap>(std::move(wake));
  absl::MutexLock lock(&mutex_);
  if (closed_) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "NOT_RUNNING", "it is not running; start it, then tap it");
  }
  if (taps_.size() >= kMostTaps) {
    return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_TAPS",
                     absl::StrCat("the streamer has ", kMostTaps, " taps already; end one of them"));
  }
  taps_.push_back(tap);
  count_.store(static_cast<uint32_t>(taps_.size()), std::memory_order_relaxed);
  return tap;
}

void TapHub::Detach(const std::shared_ptr<Tap>& tap) {
  absl::MutexLock lock(&mutex_);
  taps_.erase(std::remove(taps_.begin(), taps_.end(), tap), taps_.end());
  count_.store(static_cast<uint32_t>(taps_.size()), std::memory_order_relaxed);
}

void TapHub::Offer(const std::shared_ptr<const Block>& block) {
  if (count() == 0) return;
  std::vector<std::shared_ptr<Tap>> taps;
  {
    absl::MutexLock lock(&mutex_);
    taps = taps_;
  }
  for (const std::shared_ptr<Tap>& tap : taps) {
    if (!tap->Offer(block)) dropped_events_.fetch_add(block->events.size(), std::memory_order_relaxed);
  }
}

void TapHub::Close(const absl::Status& status) {
  std::vector<std::shared_ptr<Tap>> taps;
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
    taps = taps_;
  }
  for (const std::shared_ptr<Tap>& tap : taps) tap->Close(status);
}

void TapHub::Reopen() {
  absl::MutexLock lock(&mutex_);
  closed_ = false;
}

}  // namespace binlogd
