#include "pipeline/tap_replay.h"

#include <utility>

#include "base/thread.h"

namespace binlogd {

TapReplay::TapReplay(std::string thread_name, std::unique_ptr<SearchedLog> log, Work work, std::function<void()> wake)
    : log_(std::move(log)), wake_(std::move(wake)) {
  thread_ = StartThread(std::move(thread_name), [this, work = std::move(work)] {
    const absl::Status status = work(*log_, this);
    {
      absl::MutexLock lock(&mutex_);
      end_ = status;
    }
    wake_();
  });
}

TapReplay::~TapReplay() {
  Stop();
  thread_.join();
}

void TapReplay::Stop() {
  budget_.Close();
  log_->Interrupt();
}

absl::Status TapReplay::Deliver(std::shared_ptr<const Block> block) {
  ByteBudget::Lease lease = budget_.Acquire(block->bytes.size());
  if (lease == nullptr) return absl::CancelledError("stopping");
  bool was_empty = false;
  {
    absl::MutexLock lock(&mutex_);
    was_empty = slots_.empty();
    slots_.push_back(Slot{std::move(block), std::move(lease)});
  }
  if (was_empty) wake_();
  return absl::OkStatus();
}

std::shared_ptr<const Block> TapReplay::Take() {
  Slot slot;
  absl::MutexLock lock(&mutex_);
  if (slots_.empty()) return nullptr;
  slot = std::move(slots_.front());
  slots_.pop_front();
  return slot.block;
}

std::optional<absl::Status> TapReplay::ended() const {
  absl::MutexLock lock(&mutex_);
  return slots_.empty() ? end_ : std::nullopt;
}

}  // namespace binlogd
