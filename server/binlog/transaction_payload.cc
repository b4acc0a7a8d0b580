#include "binlog/transaction_payload.h"

#include <zstd.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "base/status_macros.h"
#include "binlog/event_header.h"
#include "binlog/malformed.h"

namespace binlogd {
namespace {

enum PayloadField : uint64_t { kEnd = 0, kPayloadSize = 1, kCompression = 2, kUncompressedSize = 3 };
enum PayloadCompression : uint64_t { kZstd = 0, kNone = 255 };

// The largest window of zstd's levels 1 to 22.
constexpr int kMostWindowLog = 27;
constexpr size_t kKeptBytes = 1 << 20;

absl::Status BadPayload(absl::string_view problem) {
  return Malformed(absl::StrCat("a Transaction_payload event ", problem));
}

}  // namespace

void TransactionPayload::FreeContext::operator()(ZSTD_DCtx_s* context) const { ZSTD_freeDCtx(context); }

// Layout, all integers length-encoded: fields, each a number, the length of its value and the value, in any order:
// 1 size of the payload, 2 compression (0 zstd, 255 none), 3 size of the payload uncompressed (not when the compression
// is none), others to be passed over; 0 ends them and has neither length nor value; then the payload. Uncompressed the
// payload is events one after the other, without checksums.
absl::Status TransactionPayload::ParseFields(absl::string_view body) {
  ByteReader reader(body);
  bool has_size = false;
  bool has_compression = false;
  uint64_t payload_size = 0;
  uint64_t compression = kNone;
  states_size_ = false;
  for (;;) {
    uint64_t field = 0;
    uint64_t length = 0;
    uint64_t number = 0;
    absl::string_view value;
    if (!reader.ReadLengthEncoded(&field)) return BadPayload("is cut short");
    if (field == kEnd) break;
    if (!reader.ReadLengthEncoded(&length) || !reader.ReadBytes(length, &value)) return BadPayload("is cut short");
    if (field > kUncompressedSize) continue;
    ByteReader inside(value);
    if (!inside.ReadLengthEncoded(&number) || !inside.empty()) {
      return BadPayload(absl::StrCat("has a malformed field ", field));
    }
    switch (field) {
      case kPayloadSize: has_size = true, payload_size = number; break;
      case kCompression: has_compression = true, compression = number; break;
      default: states_size_ = true, stated_size_ = number;
    }
  }
  if (!has_size || !has_compression) return BadPayload("lacks its size or its compression");
  if (compression != kZstd && compression != kNone) {
    return BadPayload(absl::StrCat("has the unknown compression ", compression));
  }
  if (payload_size != reader.remaining()) {
    return BadPayload(absl::StrCat("states a payload of ", payload_size, " bytes and has ", reader.remaining()));
  }
  is_zstd_ = compression == kZstd;
  compressed_ = reader.rest();
  return absl::OkStatus();
}

absl::Status TransactionPayload::StartZstd() {
  if (context_ == nullptr) context_.reset(ZSTD_createDCtx());
  if (context_ == nullptr || ZSTD_isError(ZSTD_DCtx_reset(context_.get(), ZSTD_reset_session_only)) != 0 ||
      ZSTD_isError(ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, kMostWindowLog)) != 0) {
    return MakeError(absl::StatusCode::kResourceExhausted, "OUT_OF_MEMORY", "no memory for a decompressor");
  }
  return absl::OkStatus();
}

absl::Status TransactionPayload::Open(absl::string_view body) {
  compressed_ = absl::string_view();
  produced_ = 0;
  event_count_ = 0;
  frame_open_ = false;
  buffer_.clear();
  if (buffer_.capacity() > kKeptBytes) buffer_.shrink_to_fit();
  RETURN_IF_ERROR(ParseFields(body));
  return is_zstd_ ? StartZstd() : absl::OkStatus();
}

absl::Status TransactionPayload::Uncompress(uint64_t size) {
  const size_t before = buffer_.size();
  if (!is_zstd_) {
    const size_t taken = std::min<size_t>(size, compressed_.size());
    buffer_.append(compressed_.data(), taken);
    compressed_.remove_prefix(taken);
    produced_ += taken;
    return absl::OkStatus();
  }
  buffer_.resize(before + size);
  ZSTD_outBuffer out = {&buffer_[before], size, 0};
  ZSTD_inBuffer in = {compressed_.data(), compressed_.size(), 0};
  // Without input the decompressor may still hold output of the open frame.
  while (out.pos < out.size && (in.pos < in.size || frame_open_)) {
    const size_t out_before = out.pos;
    const size_t in_before = in.pos;
    const size_t result = ZSTD_decompressStream(context_.get(), &out, &in);
    if (ZSTD_isError(result) != 0) {
      return BadPayload(absl::StrCat("cannot be uncompressed: ", ZSTD_getErrorName(result)));
    }
    frame_open_ = result != 0;
    if (out.pos == out_before && in.pos == in_before) break;
  }
  compressed_.remove_prefix(in.pos);
  buffer_.resize(before + out.pos);
  produced_ += out.pos;
  return absl::OkStatus();
}

absl::Status TransactionPayload::FillTo(uint64_t size) {
  constexpr uint64_t kFirstStep = 64 << 10;
  while (buffer_.size() < size) {
    const size_t before = buffer_.size();
    RETURN_IF_ERROR(Uncompress(std::min(size - before, std::max<uint64_t>(before, kFirstStep))));
    if (buffer_.size() == before) return BadPayload("ends inside an event");
  }
  return absl::OkStatus();
}

absl::Status TransactionPayload::CheckEnd() const {
  if (frame_open_) return BadPayload("is cut short");
  if (states_size_ && produced_ != stated_size_) {
    return BadPayload(absl::StrCat("states ", stated_size_, " bytes uncompressed and has ", produced_));
  }
  return absl::OkStatus();
}

absl::Status TransactionPayload::Next(absl::string_view* event) {
  *event = absl::string_view();
  buffer_.clear();
  RETURN_IF_ERROR(Uncompress(1));
  if (buffer_.empty()) return CheckEnd();
  RETURN_IF_ERROR(FillTo(kEventHeaderSize));
  ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(buffer_));
  const uint64_t rest = header.size - kEventHeaderSize;
  if (states_size_ && (produced_ > stated_size_ || rest > stated_size_ - produced_)) {
    return BadPayload(absl::StrCat("states ", stated_size_, " bytes uncompressed and holds an event that ends at ",
                                   produced_ + rest));
  }
  RETURN_IF_ERROR(FillTo(header.size));
  ++event_count_;
  *event = buffer_;
  return absl::OkStatus();
}

}  // namespace binlogd
