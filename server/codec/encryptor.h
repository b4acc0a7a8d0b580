// Encryption of what targets write.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "codec/key_ring.h"
#include "codec/segment.h"

namespace binlogd {

// Writes one segment of a file. Its salt is fresh, so nothing is ever encrypted twice under one key and nonce, whatever
// was cut off the file before. Not thread-safe.
class Encryptor {
 public:
  // The segment begins at `offset` of the file; `file_id` (kFileIdSize bytes) is that of its first segment, empty when
  // this is the first.
  static absl::StatusOr<std::unique_ptr<Encryptor>> Create(const EncryptionKey& key, uint64_t offset,
                                                           std::string file_id);

  // Appends to `out` the chunks that are full now; the header first. The rest comes with a later call.
  absl::Status Append(absl::string_view content, std::string* out);
  // Everything appended before can be had from `out`. Nothing when nothing is left to write.
  absl::Status EndChunk(std::string* out);

 private:
  Encryptor(std::string header, std::unique_ptr<SegmentCipher> cipher)
      : header_(std::move(header)), cipher_(std::move(cipher)) {}
  absl::Status Seal(absl::string_view content, std::string* out);

  std::string header_;  // Empty once it is written.
  const std::unique_ptr<SegmentCipher> cipher_;
  std::string open_;  // Less than a chunk.
};

}  // namespace binlogd
