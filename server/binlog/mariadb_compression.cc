#include "binlog/mariadb_compression.h"

#include <libdeflate.h>

#include <cstdint>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "binlog/malformed.h"

namespace binlogd {
namespace {

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* decompressor) const { libdeflate_free_decompressor(decompressor); }
};

// A decompressor is a few kilobytes and can be used again and again by one thread.
libdeflate_decompressor* ThreadDecompressor() {
  thread_local const std::unique_ptr<libdeflate_decompressor, FreeDecompressor> decompressor(
      libdeflate_alloc_decompressor());
  return decompressor.get();
}

}  // namespace

// Layout: 1 byte: bit 7 set, bits 4 to 6 the algorithm (0: zlib), bit 3: DEFLATE without zlib's frame (columns only),
// bits 0 to 2 the width of the length; the length of the text, big-endian; the compressed text.
absl::Status UncompressMariaDb(absl::string_view compressed, std::string* out) {
  constexpr uint64_t kMostBytes = uint64_t{1} << 30;
  // DEFLATE cannot do better, so a stated length beyond it is a lie, and nothing is allocated for it.
  constexpr uint64_t kMostRatio = 1032;
  ByteReader reader(compressed);
  uint8_t head = 0;
  uint64_t length = 0;
  if (!reader.ReadU8(&head) || (head & 0xf0) != 0x80 || (head & 0x07) == 0 || (head & 0x07) > 4 ||
      !reader.ReadBigEndian(head & 0x07, &length)) {
    return Malformed("compressed data has an unknown header");
  }
  if (length > kMostBytes || length > (reader.remaining() + 1) * kMostRatio) {
    return Malformed(absl::StrCat(reader.remaining(), " bytes of compressed data claim to hold ", length));
  }
  libdeflate_decompressor* decompressor = ThreadDecompressor();
  if (decompressor == nullptr) {
    return MakeError(absl::StatusCode::kResourceExhausted, "OUT_OF_MEMORY", "no memory for a decompressor");
  }
  const size_t before = out->size();
  out->resize(before + length);
  const bool is_raw = (head & 0x08) != 0;
  const auto uncompress = is_raw ? libdeflate_deflate_decompress : libdeflate_zlib_decompress;
  size_t written = 0;
  const libdeflate_result result =
      uncompress(decompressor, reader.rest().data(), reader.remaining(), &(*out)[before], length, &written);
  if (result != LIBDEFLATE_SUCCESS || written != length) {
    out->resize(before);
    return Malformed("compressed data cannot be uncompressed");
  }
  return absl::OkStatus();
}

}  // namespace binlogd
