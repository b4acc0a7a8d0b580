// Where the logs of sources end, asked once for all streamers that follow them.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "binlog/position.h"

namespace binlogd {

// An idle dump is checked against the end of its source's log; with many streamers on one source one question does for
// all. Thread-safe.
class LogEnds {
 public:
  using Clock = std::chrono::steady_clock;  // Clocks that are set would make an old answer look like a new one.
  // No answer is older than this.
  static constexpr Clock::duration kMostAge = std::chrono::seconds(10);

  // The end of the log of `source`, a key that only streamers of one server and account share, as it was at `since` or
  // later: an answer that another streamer got, or that of `ask`, called without a lock. Nothing while another one
  // asks: try again soon. An error of `ask` is told to nobody else.
  std::optional<absl::StatusOr<Position>> Get(const std::string& source, Clock::time_point since,
                                              const std::function<absl::StatusOr<Position>()>& ask);

 private:
  struct Entry {
    bool asking = false;
    std::optional<Position> end;
    Clock::time_point asked;  // Before the question was put.
  };

  absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
