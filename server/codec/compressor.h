// Compression of what targets write.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binlogd {

enum class Compression : uint8_t { kNone, kZstd, kGzip };

// "NONE", "ZSTD", "GZIP".
absl::string_view CompressionName(Compression compression);
// ".zst", ".gz", or nothing.
absl::string_view CompressionSuffix(Compression compression);

// Compresses a stream into frames (RFC 8878) or members (RFC 1952), each of which can be uncompressed without the
// others, so that a file can be cut where one ends; the tools `zstdcat` and `zcat` read them one after the other. Not
// thread-safe.
class Compressor {
 public:
  virtual ~Compressor() = default;
  // Appends to `out` what compressing `bytes` gives now; some of it may come with a later call.
  virtual absl::Status Append(absl::string_view bytes, std::string* out) = 0;
  // Everything appended before can be had from `out` alone. Nothing when nothing was appended since the last call.
  virtual absl::Status EndFrame(std::string* out) = 0;
  // Forgets what was appended since the last EndFrame.
  virtual void Reset() = 0;
};

// kNone hands bytes through.
std::unique_ptr<Compressor> MakeCompressor(Compression compression);

}  // namespace binlogd
