// How much room there is on the disks that folders are on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/thread_pool.h"

namespace binlogd {

struct DiskSpace {
  uint64_t free_bytes = 0;  // That a process without privileges may take.
  uint64_t size_bytes = 0;
  friend bool operator==(const DiskSpace&, const DiskSpace&) = default;
};

// Of the file system that holds the folder; nullopt when there is none, or it cannot be asked. Waits as long as the
// file system makes it wait, which on a network may be for ever.
std::optional<DiskSpace> SpaceOf(const std::string& folder);

// Asks many file systems, and waits for none longer than its caller. One that does not answer keeps one of a few
// threads until it does, and is not asked again meanwhile; while all of them are kept, nobody gets an answer.
// Thread-safe. The destructor waits for what is being asked.
class DiskGauge {
 public:
  static constexpr int kThreads = 4;

  using Ask = std::function<std::optional<DiskSpace>(const std::string& folder)>;
  explicit DiskGauge(Ask ask = SpaceOf) : ask_(std::move(ask)) {}

  // The space of each folder, as it is now; without those that did not answer within `patience`, all together.
  std::map<std::string, DiskSpace> Read(const std::set<std::string>& folders, absl::Duration patience);

 private:
  struct Question;
  std::shared_ptr<Question> Open(const std::string& folder);

  const Ask ask_;
  absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Question>> open_ ABSL_GUARDED_BY(mutex_);  // By folder; not answered.
  ThreadPool pool_{"disks", kThreads};
};

}  // namespace binlogd
