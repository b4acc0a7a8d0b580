// Compression for tests.
#pragma once

#include <zstd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

inline std::string Zstd(absl::string_view bytes, int level = 3) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  const size_t size = ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), level);
  if (ZSTD_isError(size) != 0) std::abort();
  out.resize(size);
  return out;
}

// Compresses piece by piece, for what is larger than a test may hold.
class ZstdStream {
 public:
  ZstdStream() : context_(ZSTD_createCCtx()) {}
  ~ZstdStream() { ZSTD_freeCCtx(context_); }
  ZstdStream(const ZstdStream&) = delete;
  ZstdStream& operator=(const ZstdStream&) = delete;
  void Append(absl::string_view bytes) { Compress(bytes, ZSTD_e_continue); }
  std::string Finish() {
    Compress("", ZSTD_e_end);
    return std::move(compressed_);
  }
  uint64_t size() const { return size_; }  // Uncompressed.

 private:
  void Compress(absl::string_view bytes, ZSTD_EndDirective directive) {
    size_ += bytes.size();
    ZSTD_inBuffer in = {bytes.data(), bytes.size(), 0};
    size_t left = 1;
    while (left != 0) {
      std::string buffer(ZSTD_CStreamOutSize(), '\0');
      ZSTD_outBuffer out = {buffer.data(), buffer.size(), 0};
      left = ZSTD_compressStream2(context_, &out, &in, directive);
      if (ZSTD_isError(left) != 0) std::abort();
      compressed_.append(buffer.data(), out.pos);
      if (directive == ZSTD_e_continue) left = in.size - in.pos;
    }
  }

  ZSTD_CCtx* const context_;
  std::string compressed_;
  uint64_t size_ = 0;
};

}  // namespace binlogd
