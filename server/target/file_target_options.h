// What file targets of every format are told.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "codec/compressor.h"
#include "target/retention.h"

namespace binlogd {

struct FileTargetOptions {
  std::string path;   // Of the folder, which no other target may use.
  std::string owner;  // Names the streamer and target to whoever finds the folder in use, and in the log.
  // A change takes effect with the next file.
  Compression compression = Compression::kNone;
  // Files of keys (KeyRing::Load); the first encrypts. None: new files are not encrypted.
  std::vector<std::string> key_files;
  RetentionPolicy retention;
  std::function<absl::Time()> clock = absl::Now;  // For the age of files.
};

}  // namespace binlogd
