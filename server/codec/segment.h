// The encrypted form of a file, piece by piece (docs/on-disk.md).
//
// A file is a sequence of segments, each of them written by one open file and with one key. Integers are big-endian.
//
//   segment header, 80 bytes
//      0   8  ee 'b' 'i' 'n' 'l' 'o' 'g' 'd'
//      8   1  version: 1
//      9   7  0
//     16   8  offset in the file of this header
//     24   8  id of the key
//     32  16  random: the file, the same in all of its segments
//     48  32  random: the salt of this segment
//   chunks, until the next header or the end of the file
//      0   4  1 to 65536: size of the content
//      4   n  content, encrypted
//    4+n  16  tag
//
// The segment's key is HKDF-SHA256 of the key, with the salt and the info "binlogd segment 1". A chunk is AES-256-GCM
// under it: the nonce is 4 zero bytes and the number of the chunk in its segment, from 0, in 8 bytes; the additional
// data is the segment header. So a chunk is authentic in its place only: in its file, segment and order. No segment is
// gone from the middle, nor the end of one, for the next header tells where it belongs. That the file ends earlier, at
// a chunk's end, can not be told from it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "codec/key_ring.h"

struct evp_cipher_ctx_st;

namespace binlogd {

constexpr absl::string_view kSegmentMagic(
    "\xee"
    "binlogd",
    8);
constexpr size_t kSegmentHeaderSize = 80;
constexpr size_t kChunkSizeBytes = 4;
constexpr size_t kChunkTagSize = 16;
constexpr size_t kMostChunkContent = 65536;
constexpr size_t kFileIdSize = 16;
constexpr size_t kSaltSize = 32;

struct SegmentHeader {
  uint64_t offset = 0;
  std::string key_id;
  std::string file_id;
  std::string salt;

  std::string Serialize() const;
};

// Of a whole header. DATA_LOSS when it is none of this version; the message says what is wrong.
absl::StatusOr<SegmentHeader> ParseSegmentHeader(absl::string_view bytes);

// `size` bytes that nobody can foretell.
absl::StatusOr<std::string> RandomBytes(size_t size);

// Encrypts or decrypts the chunks of one segment, in order. Not thread-safe.
class SegmentCipher {
 public:
  enum class Direction : uint8_t { kEncrypt, kDecrypt };
  // `header` is that of the segment, `key` the one it names.
  static absl::StatusOr<std::unique_ptr<SegmentCipher>> Create(Direction direction, const EncryptionKey& key,
                                                               const SegmentHeader& header);
  ~SegmentCipher();
  SegmentCipher(const SegmentCipher&) = delete;
  SegmentCipher& operator=(const SegmentCipher&) = delete;

  // Appends the next chunk with this content (1 to kMostChunkContent bytes).
  absl::Status Seal(absl::string_view content, std::string* out);
  // Appends the content of the next chunk; `sealed` is its encrypted content and tag. DATA_LOSS, with `out` as it was,
  // when it is not authentic.
  absl::Status Open(absl::string_view sealed, std::string* out);

 private:
  SegmentCipher(evp_cipher_ctx_st* context, std::string header) : context_(context), header_(std::move(header)) {}
  // Begins the next chunk.
  bool Start(Direction direction);

  evp_cipher_ctx_st* const context_;
  const std::string header_;
  uint64_t chunk_ = 0;
};

}  // namespace binlogd
