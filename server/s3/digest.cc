#include "s3/digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <memory>

#include "absl/strings/escaping.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

// A digest that is being made; without an algorithm where the machine's policy does not allow it.
class Hash {
 public:
  explicit Hash(const EVP_MD* algorithm) : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    allowed_ = EVP_DigestInit_ex(context_.get(), algorithm, nullptr) == 1;
  }
  void Update(absl::string_view bytes) {
    if (allowed_) EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
  }
  std::string Finish() {
    if (!allowed_) return "";
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned int size = 0;
    EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), &size);
    digest.resize(size);
    return digest;
  }

 private:
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  bool allowed_ = false;
};

std::string Digest(const EVP_MD* algorithm, absl::string_view bytes) {
  Hash hash(algorithm);
  hash.Update(bytes);
  return hash.Finish();
}

}  // namespace

std::string Sha256(absl::string_view bytes) { return Digest(EVP_sha256(), bytes); }

std::string Sha256Hex(absl::string_view bytes) { return absl::BytesToHexString(Sha256(bytes)); }

std::string HmacSha256(absl::string_view key, absl::string_view bytes) {
  std::string code(EVP_MAX_MD_SIZE, '\0');
  unsigned int size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
       bytes.size(), reinterpret_cast<unsigned char*>(code.data()), &size);
  code.resize(size);
  return code;
}

std::string Md5(absl::string_view bytes) { return Digest(EVP_md5(), bytes); }

absl::StatusOr<BodyDigests> DigestsOf(ObjectBody& body) {
  constexpr uint64_t kStep = 256 << 10;
  Hash sha256(EVP_sha256()), md5(EVP_md5());
  for (uint64_t at = 0; at < body.size(); at += kStep) {
    ASSIGN_OR_RETURN(const std::string bytes, body.Read(at, std::min(kStep, body.size() - at)));
    sha256.Update(bytes);
    md5.Update(bytes);
  }
  return BodyDigests{sha256.Finish(), md5.Finish()};
}

}  // namespace binlogd
