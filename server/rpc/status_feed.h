// The newest state of every streamer, by revision.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "binlogd/v1/service.pb.h"
#include "streamer/change_board.h"
#include "streamer/manager.h"
#include "streamer/streamer_filter.h"

namespace binlogd {

// What Watch sends. It holds each streamer once, whoever watches: a watcher is little more than the revision up to
// which it knows everything, and however slow it is, it next gets the newest state of what has changed since. A thread
// looks at the streamers when their state or spec changes, and at all of them every second, for their progress; while
// nobody watches it sleeps. Thread-safe.
class StatusFeed {
 public:
  static constexpr size_t kMostWatchers = 200;

  // `manager` outlives it.
  explicit StatusFeed(Manager* manager);
  ~StatusFeed();  // Close.

  // One who watches. Used through the feed only.
  class Watcher;

  // Who may see what was decided anew when `generation` is another than the last: all who watch begin anew, those who
  // resume as well.
  void SetRights(uint64_t generation);

  // `filter.visible` is asked in Take() alone. `wake` is called without a lock whenever there may be something new to
  // Take(); it must be quick. `from` is the revision up to which the watcher knows everything: 0, one of long ago or of
  // another binlogd lets it begin anew. RESOURCE_EXHAUSTED (TOO_MANY_WATCHERS) when there are kMostWatchers;
  // UNAVAILABLE (SHUTTING_DOWN) once closed.
  absl::StatusOr<std::shared_ptr<Watcher>> Attach(StreamerFilter filter, uint64_t from, std::function<void()> wake);
  void Detach(const std::shared_ptr<Watcher>& watcher);

  // Writes what is new to the watcher into `response`, which is empty; false when nothing is. `heartbeat`: then its
  // revision is written all the same. An error ends the watch.
  absl::StatusOr<bool> Take(Watcher& watcher, bool heartbeat, v1::WatchResponse* response);

  // Ends every watch with UNAVAILABLE (SHUTTING_DOWN).
  void Close();

 private:
  // Names of streamers that were deleted and can still be told to who resumes.
  static constexpr size_t kMostDeleted = 10000;

  struct Entry {
    v1::Streamer streamer;
    Labels labels;
    std::string compared;        // What tells one state from the next.
    uint64_t revision = 0;       // Of its newest change.
    uint64_t spec_revision = 0;  // Of the newest change of anything but its status.
  };
  // What a revision is of: the streamer's newest state, or its end.
  struct Change {
    std::string name;
    bool deleted = false;
  };

  void Run();
  void LookAt(const std::set<std::string>& names);
  void LookAtAll();
  void Publish(const StreamerView& view);
  void PublishDeleted(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void WakeAll();
  bool wanted() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return closed_ || !watchers_.empty(); }
  static StreamerState StateOf(const Entry& entry) {
    return static_cast<StreamerState>(entry.streamer.status().state());
  }
  // The message of a change for a watcher that knows everything before it; false when it is none of its business.
  bool Tell(Watcher& watcher, const Change& change, v1::WatchResponse* response) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Manager* const manager_;
  const std::shared_ptr<ChangeBoard> board_;
  absl::Mutex mutex_;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t newest_ ABSL_GUARDED_BY(mutex_);  // Revisions go on from one binlogd to the next: they begin at its start.
  uint64_t forgotten_ ABSL_GUARDED_BY(mutex_);        // Deletions up to it may be missing from changes_.
  uint64_t looks_begun_ ABSL_GUARDED_BY(mutex_) = 0;  // Times that all streamers were looked at.
  uint64_t looks_done_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t rights_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::map<uint64_t, Change> changes_ ABSL_GUARDED_BY(mutex_);  // By revision; one a streamer, and deleted ones.
  std::set<uint64_t> deleted_ ABSL_GUARDED_BY(mutex_);          // Revisions of these.
  std::set<std::shared_ptr<Watcher>> watchers_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace binlogd
