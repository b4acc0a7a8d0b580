// The object that a target is making.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "codec/compressor.h"
#include "s3/object_store.h"

namespace binlogd {

// Bytes in memory while they are few, and in a temporary file without a name when there are more. Not thread-safe.
class SpooledBytes {
 public:
  // The file is made in `directory`.
  SpooledBytes(std::string directory, size_t most_in_memory);

  uint64_t size() const { return size_; }
  // UNAVAILABLE (SPOOL_UNWRITABLE) when the file cannot be made or written. After an error only Clear may follow.
  absl::Status Append(absl::string_view bytes);
  // `size` bytes from `offset` on.
  absl::StatusOr<std::string> Read(uint64_t offset, uint64_t size) const;
  // Gives up the first `count` bytes, and the room that they take.
  absl::Status DropFront(uint64_t count);
  // Gives up all after the first `size` bytes.
  void Truncate(uint64_t size) { size_ = size; }
  void Clear();

 private:
  absl::Status Spill();
  absl::Status Unwritable(const absl::Status& cause) const;

  const std::string directory_;
  const size_t most_in_memory_;
  uint64_t size_ = 0;
  std::string memory_;  // What there is while there is no file; may be longer than `size_`.
  FileDescriptor file_;
  uint64_t begin_ = 0;  // Of the bytes in the file.
};

// Collects what becomes one object: compressed bytes, and among them the last mark, a place where the object may end.
// What comes after the mark goes into the next object. The part before the mark is whole frames. Not thread-safe.
class ObjectDraft {
 public:
  ObjectDraft(Compression compression, std::string spool_directory, size_t most_in_memory);

  // Appends `bytes`, whose first `marked` bytes end at a mark; kNoMark: there is none in them. After an error only
  // Clear may follow.
  static constexpr size_t kNoMark = static_cast<size_t>(-1);
  absl::Status Append(absl::string_view bytes, size_t marked);

  // Bytes so far, those after the mark too; some that are being compressed may be missing.
  uint64_t size() const { return stored_.size(); }
  // Bytes before the mark, before compression.
  uint64_t marked_content_bytes() const { return marked_content_; }

  // Ends the frame before the mark: what can be sealed now; 0 when there is nothing.
  absl::StatusOr<uint64_t> Seal();
  // Valid after Seal, until anything is appended: the object, and its SHA-256 in hexadecimal digits.
  std::unique_ptr<ObjectBody> Body() const;
  absl::StatusOr<std::string> Digest() const;
  // The object is in its place: what is left begins the next.
  absl::Status DropSealed();
  // Drops what comes after the mark, or everything.
  void DropUnmarked();
  void Clear();

 private:
  absl::Status EndMarkedFrame();
  absl::Status Compress(absl::string_view bytes);

  const Compression compression_;
  const std::unique_ptr<Compressor> compressor_;
  SpooledBytes stored_;
  bool at_mark_ = true;       // Nothing was appended after the mark.
  uint64_t marked_size_ = 0;  // Stored bytes before the mark; known once its frame has ended.
  uint64_t content_ = 0;      // Bytes appended.
  uint64_t marked_content_ = 0;
};

}  // namespace binlogd
