// The last lines of the process's log about one subject.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/logging.h"

namespace binlogd {

// One line that was logged.
struct LogLine {
  // Goes up by one from line to line. Begins at the time of the history's making, so that it also goes up from one run
  // of the process to the next.
  uint64_t number = 0;
  absl::Time time;
  LogLevel level = LogLevel::kInfo;
  std::string text;
  // How far the subject had come; empty and 0 when that is not known.
  std::string file;
  uint64_t offset = 0;
};

// Holds what Log() is told about a subject, but for debugging, whatever the level of the log; bounded, the oldest lines
// go first. Thread-safe.
class LogHistory {
 public:
  static constexpr size_t kMostLines = 256;
  static constexpr size_t kMostBytes = 64 << 10;
  // What is longer is cut. Texts are on one line, and valid UTF-8.
  static constexpr size_t kMostLineBytes = 2 << 10;
  static constexpr size_t kMostFollowers = 64;

  // The history of a subject; all who ask while somebody has it get the same one, unless that is closed.
  static std::shared_ptr<LogHistory> Of(absl::string_view subject);
  // The same when somebody has it; null otherwise.
  static std::shared_ptr<LogHistory> Find(absl::string_view subject);

  LogHistory();

  // Adds a line, and wakes those who follow.
  void Add(LogLevel level, absl::string_view text);
  // How far the subject has come. Cheap.
  void SetPlace(absl::string_view file, uint64_t offset);
  void GetPlace(std::string* file, uint64_t* offset) const;

  // The lines with a number above `after`, the oldest first; of these only the newest `most`.
  std::vector<LogLine> Lines(uint64_t after, size_t most = kMostLines) const;

  // One who is told of new lines, as long as it lives. `wake` is called without a lock, by whoever logs, and must be
  // quick. RESOURCE_EXHAUSTED (TOO_MANY_FOLLOWERS) when there are kMostFollowers.
  class Follower;
  absl::StatusOr<std::shared_ptr<Follower>> Follow(std::function<void()> wake);

  // No line comes any more; those who follow are woken. The first `why` counts.
  void Close(const absl::Status& why);
  // Why no line comes any more; OK while lines may come.
  absl::Status closed() const;

 private:
  void WakeAll();

  mutable absl::Mutex mutex_;
  uint64_t next_number_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<LogLine> lines_ ABSL_GUARDED_BY(mutex_);
  std::string file_ ABSL_GUARDED_BY(mutex_);
  uint64_t offset_ ABSL_GUARDED_BY(mutex_) = 0;
  absl::Status closed_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<Follower>> followers_ ABSL_GUARDED_BY(mutex_);
};

class LogHistory::Follower {
 public:
  explicit Follower(std::function<void()> wake) : wake_(std::move(wake)) {}
  void Wake() const { wake_(); }

 private:
  const std::function<void()> wake_;
};

}  // namespace binlogd
