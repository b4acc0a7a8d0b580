#include "codec/compressor.h"

#include <zlib.h>
#include <zstd.h>

#include "absl/strings/str_cat.h"

namespace binlogd {
namespace {

constexpr size_t kStep = 128 << 10;
// The fastest level that still halves a binary log of row events.
constexpr int kZstdLevel = 3;
constexpr int kGzipLevel = 6;

class NoCompressor : public Compressor {
 public:
  absl::Status Append(absl::string_view bytes, std::string* out) override {
    out->append(bytes.data(), bytes.size());
    return absl::OkStatus();
  }
  absl::Status EndFrame(std::string*) override { return absl::OkStatus(); }
  void Reset() override {}
};

class ZstdCompressor : public Compressor {
 public:
  ZstdCompressor() : context_(ZSTD_createCCtx(), ZSTD_freeCCtx) {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }
  absl::Status Append(absl::string_view bytes, std::string* out) override {
    if (bytes.empty()) return absl::OkStatus();
    open_ = true;
    return Run(bytes, ZSTD_e_continue, out);
  }
  absl::Status EndFrame(std::string* out) override {
    if (!open_) return absl::OkStatus();
    open_ = false;
    return Run("", ZSTD_e_end, out);
  }
  void Reset() override {
    ZSTD_CCtx_reset(context_.get(), ZSTD_reset_session_only);
    open_ = false;
  }

 private:
  absl::Status Run(absl::string_view bytes, ZSTD_EndDirective directive, std::string* out) {
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    for (;;) {
      const size_t before = out->size();
      out->resize(before + kStep);
      ZSTD_outBuffer output{out->data() + before, kStep, 0};
      const size_t left = ZSTD_compressStream2(context_.get(), &output, &input, directive);
      out->resize(before + output.pos);
      if (ZSTD_isError(left)) return absl::InternalError(absl::StrCat("zstd: ", ZSTD_getErrorName(left)));
      if (directive == ZSTD_e_end ? left == 0 : input.pos == input.size) return absl::OkStatus();
    }
  }

  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_;
  bool open_ = false;
};

class GzipCompressor : public Compressor {
 public:
  GzipCompressor() {
    constexpr int kGzipWindow = 15 + 16;
    ready_ = deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~GzipCompressor() override { deflateEnd(&stream_); }
  absl::Status Append(absl::string_view bytes, std::string* out) override {
    if (bytes.empty()) return absl::OkStatus();
    open_ = true;
    // zlib counts in 32 bits.
    for (; bytes.size() > kMostAtOnce; bytes.remove_prefix(kMostAtOnce)) {
      if (absl::Status status = Run(bytes.substr(0, kMostAtOnce), Z_NO_FLUSH, out); !status.ok()) return status;
    }
    return Run(bytes, Z_NO_FLUSH, out);
  }
  absl::Status EndFrame(std::string* out) override {
    if (!open_) return absl::OkStatus();
    const absl::Status status = Run("", Z_FINISH, out);
    Reset();
    return status;
  }
  void Reset() override {
    deflateReset(&stream_);
    open_ = false;
  }

 private:
  static constexpr size_t kMostAtOnce = 1 << 30;

  absl::Status Run(absl::string_view bytes, int flush, std::string* out) {
    if (!ready_) return absl::ResourceExhaustedError("zlib: no memory");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream_.avail_in = static_cast<uInt>(bytes.size());
    for (;;) {
      const size_t before = out->size();
      out->resize(before + kStep);
      stream_.next_out = reinterpret_cast<Bytef*>(out->data() + before);
      stream_.avail_out = kStep;
      const int result = deflate(&stream_, flush);
      out->resize(before + kStep - stream_.avail_out);
      if (result == Z_STREAM_ERROR) return absl::InternalError("zlib: stream error");
      if (flush == Z_FINISH ? result == Z_STREAM_END : stream_.avail_out > 0) return absl::OkStatus();
    }
  }

  z_stream stream_{};
  bool ready_ = false;
  bool open_ = false;
};

}  // namespace

absl::string_view CompressionName(Compression compression) {
  switch (compression) {
    case Compression::kNone: return "NONE";
    case Compression::kZstd: return "ZSTD";
    case Compression::kGzip: return "GZIP";
  }
  return "NONE";
}

absl::string_view CompressionSuffix(Compression compression) {
  switch (compression) {
    case Compression::kNone: return "";
    case Compression::kZstd: return ".zst";
    case Compression::kGzip: return ".gz";
  }
  return "";
}

std::unique_ptr<Compressor> MakeCompressor(Compression compression) {
  switch (compression) {
    case Compression::kZstd: return std::make_unique<ZstdCompressor>();
    case Compression::kGzip: return std::make_unique<GzipCompressor>();
    case Compression::kNone: break;
  }
  return std::make_unique<NoCompressor>();
}

}  // namespace binlogd
