// That a ONESHOT streamer has reached its end, on disk.
#pragma once

#include <string>
#include <utility>

#include "absl/status/status.h"

namespace binlogd {

// A file whose being there says it (docs/on-disk.md). Thread-safe; who sets and who clears come one after the other.
class FinishMark {
 public:
  explicit FinishMark(std::string path) : path_(std::move(path)) {}

  bool is_set() const;
  // Durable when they return; nothing happens when it is so already.
  absl::Status Set() const;
  absl::Status Clear() const;

 private:
  const std::string path_;
};

}  // namespace binlogd
