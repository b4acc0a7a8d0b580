// Which streamers have changed lately.
#pragma once

#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace binlogd {

// Streamers note here that their state or spec has changed; one reader takes the notes, if there is one. Thread-safe.
class ChangeBoard {
 public:
  // Cheap; does nothing while nobody reads.
  void Note(absl::string_view streamer) {
    absl::MutexLock lock(&mutex_);
    if (read_) changed_.emplace(streamer);
  }
  // Whether somebody reads from now on. What was noted is dropped.
  void SetRead(bool read) {
    absl::MutexLock lock(&mutex_);
    read_ = read;
    changed_.clear();
  }
  // Has a Take() return.
  void Wake() {
    absl::MutexLock lock(&mutex_);
    woken_ = true;
  }
  // Takes what was noted since the last time; waits for a note, a Wake(), or until `deadline`.
  std::set<std::string> Take(absl::Time deadline) {
    absl::MutexLock lock(&mutex_);
    mutex_.AwaitWithDeadline(absl::Condition(this, &ChangeBoard::ready), deadline);
    woken_ = false;
    std::set<std::string> changed;
    changed.swap(changed_);
    return changed;
  }

 private:
  bool ready() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return woken_ || !changed_.empty(); }

  absl::Mutex mutex_;
  bool read_ ABSL_GUARDED_BY(mutex_) = false;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<std::string> changed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
