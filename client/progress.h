// How far a long piece of work is, on standard error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "archive/log_file.h"

namespace binlogd {

// One line that is rewritten some times a second, while standard error is a terminal and standard output is none. Not
// thread-safe.
class Progress {
 public:
  // Of reading these files.
  explicit Progress(const std::vector<std::string>& paths);
  // Takes the line away.
  ~Progress();

  // `file` was read up to somewhere. Cheap enough for every event.
  void Show(const LogFileReader& file) {
    if (enabled_ && ++calls_ % kCallsBetweenLooks == 0) Look(file);
  }
  // The file at `path` was read.
  void EndFile(const std::string& path);
  // Takes the line away until it is shown again: for a message.
  void Clear();

 private:
  static constexpr uint64_t kCallsBetweenLooks = 1024;

  void Look(const LogFileReader& file);

  const bool enabled_;
  uint64_t total_ = 0;  // 0: not known.
  uint64_t done_ = 0;   // Of files that were read to their end.
  uint64_t calls_ = 0;
  absl::Time next_;
  bool shown_ = false;
};

}  // namespace binlogd
