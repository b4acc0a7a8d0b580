#include "base/pem.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {
namespace {

template <auto Free>
struct Freer {
  template <typename T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

Bio Reader(const std::string& text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// Instead of asking on the terminal.
int NoPassPhrase(char*, int, int, void*) { return -1; }

Certificate ReadCertificate(const PemFile& file) {
  return Certificate(PEM_read_bio_X509(Reader(file.text).get(), nullptr, NoPassPhrase, nullptr));
}

absl::Status Invalid(const PemFile& file, absl::string_view what) {
  ERR_clear_error();
  return MakeError(absl::StatusCode::kFailedPrecondition, "TLS_FILE_INVALID", absl::StrCat(file.path, ": ", what));
}

}  // namespace

absl::Status CheckCertificate(const PemFile& certificate) {
  if (ReadCertificate(certificate) != nullptr) return absl::OkStatus();
  return Invalid(certificate, "holds no certificate in PEM form");
}

absl::Status CheckKeyPair(const PemFile& certificate, const PemFile& key) {
  const Certificate read = ReadCertificate(certificate);
  if (read == nullptr) return CheckCertificate(certificate);
  const Key read_key(PEM_read_bio_PrivateKey(Reader(key.text).get(), nullptr, NoPassPhrase, nullptr));
  if (read_key == nullptr) return Invalid(key, "holds no private key in PEM form, or one with a pass phrase");
  if (X509_check_private_key(read.get(), read_key.get()) == 1) return absl::OkStatus();
  return Invalid(key, absl::StrCat("is not the key of the certificate in ", certificate.path));
}

bool HasExpired(const PemFile& certificate) {
  const Certificate read = ReadCertificate(certificate);
  return read != nullptr && X509_cmp_current_time(X509_get0_notAfter(read.get())) < 0;
}

}  // namespace binlogd
