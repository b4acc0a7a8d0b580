#include "archive/log_bytes.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "archive/stored_bytes.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

constexpr absl::string_view kGzipMagic("\x1f\x8b", 2);
constexpr absl::string_view kZstdMagic("\x28\xb5\x2f\xfd", 4);
// A frame to be skipped, as parallel compressors put before their data: 0x184d2a50 to 0x184d2a5f, little-endian.
constexpr absl::string_view kSkippableMagicEnd("\x2a\x4d\x18", 3);

absl::Status Damaged(const StoredBytes& file, absl::string_view format, absl::string_view what) {
  return MakeError(absl::StatusCode::kDataLoss, "COMPRESSION_DAMAGED",
                   absl::StrCat(file.path(), ": the ", format, " data is damaged near byte ", file.taken(), ": ", what,
                                "; take another copy of the file"));
}

// Windows above 128 MiB, the limit of zstd itself, would let a few bytes claim as much memory.
absl::Status WindowTooLarge(const StoredBytes& file) {
  return MakeError(
      absl::StatusCode::kInvalidArgument, "NOT_A_BINARY_LOG",
      absl::StrCat(file.path(), ": its zstd data needs a window of more than 128 MiB: uncompress it first ",
                   "(zstd -d --long=31), or hand it over by a pipe"));
}

bool IsZstd(absl::string_view begin) {
  return absl::StartsWith(begin, kZstdMagic) ||
         (begin.size() > 3 && (begin[0] & 0xf0) == 0x50 && absl::StartsWith(begin.substr(1), kSkippableMagicEnd));
}

class PlainBytes : public LogBytes {
 public:
  explicit PlainBytes(std::unique_ptr<StoredBytes> file) : file_(std::move(file)) {}

  absl::StatusOr<size_t> Read(char* out, size_t size) override {
    const absl::string_view buffered = file_->rest().substr(0, size);
    if (buffered.empty()) return file_->Read(out, size);
    std::memcpy(out, buffered.data(), buffered.size());
    file_->Skip(buffered.size());
    return buffered.size();
  }
  uint64_t stored_size() const override { return file_->size(); }
  uint64_t stored_read() const override { return file_->taken(); }

 private:
  const std::unique_ptr<StoredBytes> file_;
};

class GzipBytes : public LogBytes {
 public:
  explicit GzipBytes(std::unique_ptr<StoredBytes> file) : file_(std::move(file)) {}
  ~GzipBytes() override { inflateEnd(&stream_); }

  absl::Status Start() {
    constexpr int kGzipOnly = 16;
    return inflateInit2(&stream_, MAX_WBITS + kGzipOnly) == Z_OK ? absl::OkStatus()
                                                                 : absl::InternalError("zlib cannot be started");
  }

  absl::StatusOr<size_t> Read(char* out, size_t size) override {
    const uInt room = static_cast<uInt>(std::min<size_t>(size, 1U << 30));
    stream_.next_out = reinterpret_cast<Bytef*>(out);
    stream_.avail_out = room;
    while (stream_.avail_out == room) {
      RETURN_IF_ERROR(damage_);
      if (file_->rest().empty()) {
        ASSIGN_OR_RETURN(const bool more, file_->Fill());
        if (!more && in_member_) return StoredCutShort(*file_, "gzip");
        if (!more) return 0;
      }
      damage_ = Inflate();  // What it gave before the damage comes first.
    }
    return room - stream_.avail_out;
  }
  uint64_t stored_size() const override { return file_->size(); }
  uint64_t stored_read() const override { return file_->taken(); }

 private:
  absl::Status Inflate() {
    const absl::string_view in = file_->rest();
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
    stream_.avail_in = static_cast<uInt>(in.size());
    in_member_ = true;
    const int result = inflate(&stream_, Z_NO_FLUSH);
    file_->Skip(in.size() - stream_.avail_in);
    if (result == Z_STREAM_END) {
      in_member_ = false;
      inflateReset(&stream_);
      return absl::OkStatus();
    }
    if (result == Z_OK || result == Z_BUF_ERROR) return absl::OkStatus();
    return Damaged(*file_, "gzip", stream_.msg == nullptr ? "it cannot be uncompressed" : stream_.msg);
  }

  const std::unique_ptr<StoredBytes> file_;
  z_stream stream_ = {};
  absl::Status damage_;
  bool in_member_ = false;
};

class ZstdBytes : public LogBytes {
 public:
  explicit ZstdBytes(std::unique_ptr<StoredBytes> file) : file_(std::move(file)), stream_(ZSTD_createDStream()) {}
  ~ZstdBytes() override { ZSTD_freeDStream(stream_); }

  absl::StatusOr<size_t> Read(char* out, size_t size) override {
    ZSTD_outBuffer to = {out, size, 0};
    while (to.pos == 0) {
      ZSTD_inBuffer from = {file_->rest().data(), file_->rest().size(), 0};
      // With nothing more to give it may still have something to hand out.
      const size_t result = ZSTD_decompressStream(stream_, &to, &from);
      if (ZSTD_getErrorCode(result) == ZSTD_error_frameParameter_windowTooLarge) return WindowTooLarge(*file_);
      if (ZSTD_isError(result)) return Damaged(*file_, "zstd", ZSTD_getErrorName(result));
      if (from.size > 0 || in_frame_) in_frame_ = result != 0;
      file_->Skip(from.pos);
      if (to.pos > 0 || !file_->rest().empty()) continue;
      ASSIGN_OR_RETURN(const bool more, file_->Fill());
      if (!more && in_frame_) return StoredCutShort(*file_, "zstd");
      if (!more) return 0;
    }
    return to.pos;
  }
  uint64_t stored_size() const override { return file_->size(); }
  uint64_t stored_read() const override { return file_->taken(); }

 private:
  const std::unique_ptr<StoredBytes> file_;
  ZSTD_DStream* const stream_;
  bool in_frame_ = false;
};

}  // namespace

absl::StatusOr<std::unique_ptr<LogBytes>> LogBytes::Open(const std::string& path, const KeyRing* keys) {
  ASSIGN_OR_RETURN(std::unique_ptr<StoredBytes> file, StoredBytes::Open(path, keys));
  if (IsZstd(file->rest())) {
    std::unique_ptr<LogBytes> bytes = std::make_unique<ZstdBytes>(std::move(file));
    return bytes;
  }
  if (absl::StartsWith(file->rest(), kGzipMagic)) {
    auto gzip = std::make_unique<GzipBytes>(std::move(file));
    RETURN_IF_ERROR(gzip->Start());
    std::unique_ptr<LogBytes> bytes = std::move(gzip);
    return bytes;
  }
  std::unique_ptr<LogBytes> bytes = std::make_unique<PlainBytes>(std::move(file));
  return bytes;
}

}  // namespace binlogd
