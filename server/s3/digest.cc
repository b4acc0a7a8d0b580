#include "s3/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "absl/strings/escaping.h"

namespace binlogd {
namespace {

std::string Digest(const char* name, absl::string_view bytes) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  size_t size = 0;
  if (EVP_Q_digest(nullptr, name, nullptr, bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()),
                   &size) != 1) {
    return "";
  }
  digest.resize(size);
  return digest;
}

}  // namespace

std::string Sha256(absl::string_view bytes) { return Digest("SHA256", bytes); }

std::string Sha256Hex(absl::string_view bytes) { return absl::BytesToHexString(Sha256(bytes)); }

std::string HmacSha256(absl::string_view key, absl::string_view bytes) {
  std::string code(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
       bytes.size(), reinterpret_cast<unsigned char*>(code.data()), &size);
  code.resize(size);
  return code;
}

std::string Md5(absl::string_view bytes) { return Digest("MD5", bytes); }

}  // namespace binlogd
