// The bytes of a binary log file, decrypted and uncompressed on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "codec/key_ring.h"

namespace binlogd {

// Reads a file, or standard input, from its beginning to its end. What its first bytes say is encrypted at rest
// (docs/on-disk.md) is decrypted; what is zstd (RFC 8878) or gzip (RFC 1952) then is uncompressed, whatever the file is
// called; several frames or members are one after the other. Memory does not grow with the file: a zstd window may have
// 128 MiB. Not thread-safe.
class LogBytes {
 public:
  // "-" is standard input; `keys` outlives it. NOT_FOUND and the like name the path; DATA_LOSS (LOG_CUT_SHORT,
  // COMPRESSION_DAMAGED, ENCRYPTION_DAMAGED); FAILED_PRECONDITION (ENCRYPTION_KEY_MISSING).
  static absl::StatusOr<std::unique_ptr<LogBytes>> Open(const std::string& path, const KeyRing* keys);
  virtual ~LogBytes() = default;

  // Puts the next bytes, at least one and at most `size` (not 0), to `out`; 0 at the end. Errors as Open.
  virtual absl::StatusOr<size_t> Read(char* out, size_t size) = 0;

  // Of the file as it is stored: its size, 0 when that is not known, and how much of it has been read.
  virtual uint64_t stored_size() const = 0;
  virtual uint64_t stored_read() const = 0;
};

}  // namespace binlogd
