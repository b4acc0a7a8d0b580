#include "codec/segment.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kVersionAt = 8;
constexpr size_t kOffsetAt = 16;
constexpr size_t kKeyIdAt = 24;
constexpr size_t kFileIdAt = 32;
constexpr size_t kSaltAt = 48;
constexpr size_t kNonceSize = 12;
constexpr char kInfo[] = "binlogd segment 1";

const unsigned char* Unsigned(absl::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* Unsigned(std::string* bytes) { return reinterpret_cast<unsigned char*>(bytes->data()); }

absl::Status Failed(absl::string_view what) { return absl::InternalError(absl::StrCat("OpenSSL cannot ", what)); }

absl::StatusOr<std::string> DeriveKey(const EncryptionKey& key, absl::string_view salt) {
  EVP_KDF* kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  EVP_KDF_CTX* context = EVP_KDF_CTX_new(kdf);
  EVP_KDF_free(kdf);
  const absl::Cleanup free = [context] { EVP_KDF_CTX_free(context); };
  const auto octets = [](const char* name, absl::string_view bytes) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(bytes.data()), bytes.size());
  };
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                               octets(OSSL_KDF_PARAM_KEY, key.bytes()), octets(OSSL_KDF_PARAM_SALT, salt),
                               octets(OSSL_KDF_PARAM_INFO, kInfo), OSSL_PARAM_construct_end()};
  std::string derived(EncryptionKey::kSize, '\0');
  if (context == nullptr || EVP_KDF_derive(context, Unsigned(&derived), derived.size(), params) != 1) {
    return Failed("derive a key");
  }
  return derived;
}

absl::Status Damaged(absl::string_view what) { return absl::DataLossError(what); }

}  // namespace

std::string SegmentHeader::Serialize() const {
  std::string bytes(kSegmentHeaderSize, '\0');
  bytes.replace(0, kSegmentMagic.size(), kSegmentMagic.data(), kSegmentMagic.size());
  bytes[kVersionAt] = static_cast<char>(kVersion);
  for (size_t i = 0; i < 8; ++i) bytes[kOffsetAt + i] = static_cast<char>(offset >> (56 - 8 * i));
  bytes.replace(kKeyIdAt, EncryptionKey::kIdSize, key_id);
  bytes.replace(kFileIdAt, kFileIdSize, file_id);
  bytes.replace(kSaltAt, kSaltSize, salt);
  return bytes;
}

absl::StatusOr<SegmentHeader> ParseSegmentHeader(absl::string_view bytes) {
  if (bytes.size() != kSegmentHeaderSize || !absl::StartsWith(bytes, kSegmentMagic)) {
    return Damaged("no segment begins here");
  }
  if (static_cast<uint8_t>(bytes[kVersionAt]) != kVersion) {
    return Damaged(absl::StrCat("the segment has version ", static_cast<uint8_t>(bytes[kVersionAt]),
                                ", of which this program knows nothing"));
  }
  SegmentHeader header;
  for (size_t i = 0; i < 8; ++i) header.offset = header.offset << 8 | static_cast<uint8_t>(bytes[kOffsetAt + i]);
  header.key_id = std::string(bytes.substr(kKeyIdAt, EncryptionKey::kIdSize));
  header.file_id = std::string(bytes.substr(kFileIdAt, kFileIdSize));
  header.salt = std::string(bytes.substr(kSaltAt, kSaltSize));
  if (header.Serialize() != bytes) return Damaged("the segment's header is damaged");
  return header;
}

absl::StatusOr<std::string> RandomBytes(size_t size) {
  std::string bytes(size, '\0');
  if (RAND_bytes(Unsigned(&bytes), static_cast<int>(size)) != 1) return Failed("make random bytes");
  return bytes;
}

absl::StatusOr<std::unique_ptr<SegmentCipher>> SegmentCipher::Create(Direction direction, const EncryptionKey& key,
                                                                     const SegmentHeader& header) {
  ASSIGN_OR_RETURN(std::string derived, DeriveKey(key, header.salt));
  std::unique_ptr<SegmentCipher> cipher(new SegmentCipher(EVP_CIPHER_CTX_new(), header.Serialize()));
  const bool started =
      cipher->context_ != nullptr && EVP_CipherInit_ex(cipher->context_, EVP_aes_256_gcm(), nullptr, Unsigned(&derived),
                                                       nullptr, direction == Direction::kEncrypt ? 1 : 0) == 1;
  OPENSSL_cleanse(derived.data(), derived.size());
  if (!started) return Failed("start AES-256-GCM");
  return cipher;
}

SegmentCipher::~SegmentCipher() { EVP_CIPHER_CTX_free(context_); }

bool SegmentCipher::Start(Direction direction) {
  unsigned char nonce[kNonceSize] = {};
  for (size_t i = 0; i < 8; ++i) nonce[kNonceSize - 1 - i] = static_cast<unsigned char>(chunk_ >> (8 * i));
  ++chunk_;
  int size = 0;
  return EVP_CipherInit_ex(context_, nullptr, nullptr, nullptr, nonce, direction == Direction::kEncrypt ? 1 : 0) == 1 &&
         EVP_CipherUpdate(context_, nullptr, &size, Unsigned(header_), static_cast<int>(header_.size())) == 1;
}

absl::Status SegmentCipher::Seal(absl::string_view content, std::string* out) {
  if (!Start(Direction::kEncrypt)) return Failed("start a chunk");
  const size_t before = out->size();
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(content.size() >> shift));
  out->resize(before + kChunkSizeBytes + content.size() + kChunkTagSize);
  unsigned char* const to = Unsigned(out) + before + kChunkSizeBytes;
  int size = 0;
  int rest = 0;
  if (EVP_CipherUpdate(context_, to, &size, Unsigned(content), static_cast<int>(content.size())) != 1 ||
      EVP_CipherFinal_ex(context_, to + size, &rest) != 1 ||
      EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_GCM_GET_TAG, kChunkTagSize, to + content.size()) != 1) {
    out->resize(before);
    return Failed("encrypt");
  }
  return absl::OkStatus();
}

absl::Status SegmentCipher::Open(absl::string_view sealed, std::string* out) {
  if (!Start(Direction::kDecrypt)) return Failed("start a chunk");
  const absl::string_view content = sealed.substr(0, sealed.size() - kChunkTagSize);
  std::string tag(sealed.substr(content.size()));
  const size_t before = out->size();
  out->resize(before + content.size());
  unsigned char* const to = Unsigned(out) + before;
  int size = 0;
  int rest = 0;
  if (EVP_CipherUpdate(context_, to, &size, Unsigned(content), static_cast<int>(content.size())) != 1 ||
      EVP_CIPHER_CTX_ctrl(context_, EVP_CTRL_GCM_SET_TAG, kChunkTagSize, tag.data()) != 1 ||
      EVP_CipherFinal_ex(context_, to + size, &rest) != 1) {
    OPENSSL_cleanse(out->data() + before, content.size());
    out->resize(before);
    return Damaged("the chunk is not what was written here");
  }
  return absl::OkStatus();
}

}  // namespace binlogd
