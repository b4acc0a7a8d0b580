// Decryption of what an Encryptor wrote.
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

// Reads a file from its beginning, every byte authenticated before it is handed out (segment.h has the layout). After
// an error it cannot go on. Not thread-safe.
class Decryptor {
 public:
  // No more than this need be at hand for Take to go on.
  static constexpr size_t kMostNeeded = kChunkSizeBytes + kMostChunkContent + kChunkTagSize;

  // `name` is what messages call the file. `keys` outlives it.
  Decryptor(const KeyRing* keys, std::string name) : keys_(keys), name_(std::move(name)) {}

  // Takes the header or chunk that `bytes`, what comes next in the file, begins with; appends its content to `out` and
  // returns its size; 0 when not all of it is there. DATA_LOSS (ENCRYPTION_DAMAGED) names file and offset;
  // FAILED_PRECONDITION (ENCRYPTION_KEY_MISSING) names file and key.
  absl::StatusOr<size_t> Take(absl::string_view bytes, std::string* out);

  // How many bytes were taken.
  uint64_t offset() const { return offset_; }
  // Whether a file may end here.
  bool at_end() const { return !after_header_; }

 private:
  absl::StatusOr<size_t> TakeHeader(absl::string_view bytes);
  absl::StatusOr<size_t> TakeChunk(absl::string_view bytes, std::string* out);
  absl::Status Damaged(absl::string_view what) const;

  const KeyRing* const keys_;
  const std::string name_;
  uint64_t offset_ = 0;
  std::string file_id_;
  std::unique_ptr<SegmentCipher> cipher_;
  bool after_header_ = false;  // The segment has no chunk yet.
};

}  // namespace binlogd
