// The bytes of a file, decrypted on the way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "codec/key_ring.h"

namespace binlogd {

// A file, or standard input, from its beginning to its end, with a buffer in front. Not thread-safe.
class StoredBytes {
 public:
  // "-" is standard input. What is encrypted at rest (docs/on-disk.md) is decrypted; `keys` outlives it. NOT_FOUND and
  // the like name the path; DATA_LOSS (ENCRYPTION_DAMAGED, LOG_CUT_SHORT) and FAILED_PRECONDITION
  // (ENCRYPTION_KEY_MISSING) also come later.
  static absl::StatusOr<std::unique_ptr<StoredBytes>> Open(const std::string& path, const KeyRing* keys);
  virtual ~StoredBytes() = default;

  // The path as messages tell it.
  virtual const std::string& path() const = 0;
  // Of the file: its size, 0 when that is not known, and how much of it was read and skipped.
  virtual uint64_t size() const = 0;
  virtual uint64_t taken() const = 0;

  // What is buffered.
  absl::string_view rest() const { return absl::string_view(buffer_.data() + begin_, end_ - begin_); }
  void Skip(size_t count) { begin_ += count; }
  // Buffers more, if there is room. False at the end of the file.
  absl::StatusOr<bool> Fill();
  // Past the buffer, which must be empty or be filled by it; 0 at the end of the file.
  virtual absl::StatusOr<size_t> Read(char* out, size_t size) = 0;

 protected:
  explicit StoredBytes(size_t buffer_size) : buffer_(buffer_size) {}
  // Fills the buffer until it holds this much, or what there is.
  absl::Status FillTo(size_t size);

 private:
  std::vector<char> buffer_;
  size_t begin_ = 0;
  size_t end_ = 0;
};

// DATA_LOSS (LOG_CUT_SHORT): the file ends within data of this format.
absl::Status StoredCutShort(const StoredBytes& file, absl::string_view format);

}  // namespace binlogd
