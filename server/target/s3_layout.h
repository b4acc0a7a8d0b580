// Keys below the prefix of an S3 target (docs/s3.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "binlog/position.h"
#include "codec/compressor.h"
#include "format/event_encoder.h"

namespace binlogd {

// Permanent DATA_LOSS (TARGET_DAMAGED): what is below the prefix is not what was put there.
absl::Status ObjectsDamaged(const std::string& what);

// Pure; immutable.
class S3Layout {
 public:
  // `prefix` as the spec has it, with or without its last '/'; `format` is nullopt for RAW.
  S3Layout(absl::string_view prefix, std::optional<EventFormat> format);

  // Empty, or ends with '/'.
  const std::string& prefix() const { return prefix_; }
  // "RAW", "JSON", …
  const std::string& format() const { return format_; }

  // PREFIX/.binlogd/NAME
  std::string OwnKey(absl::string_view name) const;
  // PREFIX/EPOCH/NAME
  std::string EpochKey(const std::string& epoch, absl::string_view name) const;
  // PREFIX/EPOCH/binlog.000001/
  std::string Folder(const std::string& epoch, const std::string& file) const;
  // PREFIX/EPOCH/binlog.000001/START-END.binlog.zst
  std::string ObjectKey(const std::string& epoch, const std::string& file, uint64_t start, uint64_t end,
                        Compression compression) const;
  // Sorts before the keys of the folder's objects that begin at `start` or later, and behind those of all others.
  static std::string KeyBefore(const std::string& folder, uint64_t start);
  // The range that an object's name, a key without its folder, tells; false when it is none of the format's, compressed
  // in whichever way.
  bool ParseName(absl::string_view name, uint64_t* start, uint64_t* end) const;
  // Whether the object of the name is as long as its range: it is a piece of a log as it is.
  bool IsPlainPiece(absl::string_view name) const;

 private:
  std::string prefix_;
  std::string format_;
  std::string suffix_;  // ".binlog"
};

}  // namespace binlogd
