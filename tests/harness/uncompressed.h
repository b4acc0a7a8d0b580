// Compressed bytes, as the tools zstdcat and zcat read them.
#pragma once

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

#include "absl/strings/string_view.h"
#include "codec/compressor.h"

namespace binlogd::testing {

// Every frame or member, one after the other; what is wrong with them, when something is.
inline std::string Uncompressed(Compression compression, absl::string_view bytes) {
  if (compression == Compression::kNone) return std::string(bytes);
  std::string out(16 << 20, '\0');
  if (compression == Compression::kZstd) {
    const size_t size = ZSTD_decompress(out.data(), out.size(), bytes.data(), bytes.size());
    return ZSTD_isError(size) ? ZSTD_getErrorName(size) : out.substr(0, size);
  }
  std::string all;
  while (!bytes.empty()) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&stream, Z_FINISH);
    all += out.substr(0, out.size() - stream.avail_out);
    bytes.remove_prefix(bytes.size() - stream.avail_in);
    inflateEnd(&stream);
    if (result != Z_STREAM_END) return "torn";
  }
  return all;
}

}  // namespace binlogd::testing
