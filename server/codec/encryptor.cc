#include "codec/encryptor.h"

#include <algorithm>

#include "base/status_macros.h"

namespace binlogd {

absl::StatusOr<std::unique_ptr<Encryptor>> Encryptor::Create(const EncryptionKey& key, uint64_t offset,
                                                             std::string file_id) {
  SegmentHeader header;
  header.offset = offset;
  header.key_id = std::string(key.id());
  header.file_id = std::move(file_id);
  if (header.file_id.empty()) {
    ASSIGN_OR_RETURN(header.file_id, RandomBytes(kFileIdSize));
  }
  ASSIGN_OR_RETURN(header.salt, RandomBytes(kSaltSize));
  ASSIGN_OR_RETURN(auto cipher, SegmentCipher::Create(SegmentCipher::Direction::kEncrypt, key, header));
  return std::unique_ptr<Encryptor>(new Encryptor(header.Serialize(), std::move(cipher)));
}

absl::Status Encryptor::Seal(absl::string_view content, std::string* out) {
  out->append(header_);
  header_.clear();
  return cipher_->Seal(content, out);
}

absl::Status Encryptor::Append(absl::string_view content, std::string* out) {
  if (!open_.empty()) {
    const size_t take = std::min(content.size(), kMostChunkContent - open_.size());
    open_.append(content.data(), take);
    content.remove_prefix(take);
    if (open_.size() == kMostChunkContent) RETURN_IF_ERROR(EndChunk(out));
  }
  for (; content.size() >= kMostChunkContent; content.remove_prefix(kMostChunkContent)) {
    RETURN_IF_ERROR(Seal(content.substr(0, kMostChunkContent), out));
  }
  open_.append(content.data(), content.size());
  return absl::OkStatus();
}

absl::Status Encryptor::EndChunk(std::string* out) {
  if (open_.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(Seal(open_, out));
  open_.clear();
  return absl::OkStatus();
}

}  // namespace binlogd
