#include "codec/decryptor.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {

absl::Status Decryptor::Damaged(absl::string_view what) const {
  return MakeError(absl::StatusCode::kDataLoss, "ENCRYPTION_DAMAGED",
                   absl::StrCat(name_, ": offset ", offset_, ": ", what,
                                "; the file was damaged or changed here: take another copy of it"));
}

absl::StatusOr<size_t> Decryptor::Take(absl::string_view bytes, std::string* out) {
  if (bytes.size() < kChunkSizeBytes) return 0;
  // No size of a chunk begins as a header does.
  const bool is_header = cipher_ == nullptr || bytes[0] == kSegmentMagic[0];
  absl::StatusOr<size_t> taken = is_header ? TakeHeader(bytes) : TakeChunk(bytes, out);
  if (taken.ok()) offset_ += *taken;
  return taken;
}

absl::StatusOr<size_t> Decryptor::TakeHeader(absl::string_view bytes) {
  if (!absl::StartsWith(bytes, kSegmentMagic.substr(0, bytes.size()))) return Damaged("no segment begins here");
  if (bytes.size() < kSegmentHeaderSize) return 0;
  if (after_header_) return Damaged("a segment has no content");
  const absl::StatusOr<SegmentHeader> header = ParseSegmentHeader(bytes.substr(0, kSegmentHeaderSize));
  if (!header.ok()) return Damaged(header.status().message());
  if (header->offset != offset_) {
    return Damaged(absl::StrCat("the segment belongs at offset ", header->offset, ": something is missing before it"));
  }
  if (!file_id_.empty() && header->file_id != file_id_) return Damaged("the segment is of another file");
  const EncryptionKey* key = keys_->Find(header->key_id);
  if (key == nullptr) return KeyMissing(name_, header->key_id);
  ASSIGN_OR_RETURN(cipher_, SegmentCipher::Create(SegmentCipher::Direction::kDecrypt, *key, *header));
  file_id_ = header->file_id;
  after_header_ = true;
  return kSegmentHeaderSize;
}

absl::StatusOr<size_t> Decryptor::TakeChunk(absl::string_view bytes, std::string* out) {
  size_t content = 0;
  for (size_t i = 0; i < kChunkSizeBytes; ++i) content = content << 8 | static_cast<uint8_t>(bytes[i]);
  if (content == 0 || content > kMostChunkContent) {
    return Damaged(absl::StrCat("a chunk claims ", content, " bytes"));
  }
  const size_t size = kChunkSizeBytes + content + kChunkTagSize;
  if (bytes.size() < size) return 0;
  const absl::Status opened = cipher_->Open(bytes.substr(kChunkSizeBytes, content + kChunkTagSize), out);
  if (absl::IsDataLoss(opened)) return Damaged(opened.message());
  RETURN_IF_ERROR(opened);
  after_header_ = false;
  return size;
}

}  // namespace binlogd
