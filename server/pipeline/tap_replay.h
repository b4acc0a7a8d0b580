// A stretch of the source's log, read for one tap.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/byte_budget.h"
#include "pipeline/replay.h"

namespace binlogd {

// Reads on a thread of its own, as far ahead of its taker as the budget allows. Take and ended are called by one thread
// at a time, Stop by any.
class TapReplay : public BlockSink {
 public:
  static constexpr uint64_t kBudgetBytes = 8 << 20;

  // What the thread does, with the log and the sink to read into.
  using Work = std::function<absl::Status(SearchedLog& log, BlockSink* sink)>;
  // `wake` is called, without a lock, when there is a block where none was, and at the end.
  TapReplay(std::string thread_name, std::unique_ptr<SearchedLog> log, Work work, std::function<void()> wake);
  ~TapReplay() override;  // Stops and joins.

  // The next block; null when there is none now.
  std::shared_ptr<const Block> Take();
  // How reading ended, once all blocks are taken.
  std::optional<absl::Status> ended() const;
  // Reading ends soon, with CANCELLED.
  void Stop();

 private:
  struct Slot {
    std::shared_ptr<const Block> block;
    ByteBudget::Lease lease;
  };
  absl::Status Deliver(std::shared_ptr<const Block> block) override;

  const std::unique_ptr<SearchedLog> log_;
  const std::function<void()> wake_;
  ByteBudget budget_{kBudgetBytes};
  mutable absl::Mutex mutex_;
  std::deque<Slot> slots_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace binlogd
