#include "auth/certificate_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file.h"
#include "base/logging.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

constexpr size_t kLargestFile = 1 << 20;

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

absl::Status Invalid(const std::string& path, absl::string_view what) {
  ERR_clear_error();
  return MakeError(absl::StatusCode::kFailedPrecondition, "TLS_FILE_INVALID", absl::StrCat(path, ": ", what));
}

absl::StatusOr<std::string> ReadPem(const std::string& path, Protection protection = Protection::kUnwritten) {
  absl::StatusOr<std::string> text = ReadProtectedFile(path, protection, kLargestFile);
  if (text.ok() || ErrorReason(text.status()) == "FILE_OPEN_TO_EVERYBODY") return text;
  return MakeError(absl::StatusCode::kFailedPrecondition, "TLS_FILE_UNREADABLE", text.status().message());
}

absl::StatusOr<Certificate> FirstCertificate(const std::string& text, const std::string& path) {
  Certificate certificate(PEM_read_bio_X509(Reader(text).get(), nullptr, NoPassPhrase, nullptr));
  if (certificate == nullptr) return Invalid(path, "holds no certificate in PEM form");
  return certificate;
}

absl::Status CheckPair(const TlsMaterial& material, const TlsFiles& files) {
  ASSIGN_OR_RETURN(const Certificate certificate, FirstCertificate(material.certificate, files.certificate));
  const Key key(PEM_read_bio_PrivateKey(Reader(material.key).get(), nullptr, NoPassPhrase, nullptr));
  if (key == nullptr) return Invalid(files.key, "holds no private key in PEM form, or one with a pass phrase");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return Invalid(files.key, absl::StrCat("is not the key of the certificate in ", files.certificate));
  }
  if (X509_cmp_current_time(X509_get0_notAfter(certificate.get())) < 0) {
    Log(LogLevel::kWarning, "server",
        absl::StrCat(files.certificate,
                     ": the certificate has expired, clients will not take it; put a new one there"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<const TlsMaterial>> Load(const TlsFiles& files) {
  auto material = std::make_shared<TlsMaterial>();
  ASSIGN_OR_RETURN(material->certificate, ReadPem(files.certificate));
  ASSIGN_OR_RETURN(material->key, ReadPem(files.key, Protection::kUnread));
  RETURN_IF_ERROR(CheckPair(*material, files));
  if (!files.client_ca.empty()) {
    ASSIGN_OR_RETURN(material->client_ca, ReadPem(files.client_ca));
    RETURN_IF_ERROR(FirstCertificate(material->client_ca, files.client_ca).status());
  }
  return material;
}

}  // namespace

absl::StatusOr<std::unique_ptr<CertificateFiles>> CertificateFiles::Open(TlsFiles files) {
  std::unique_ptr<CertificateFiles> opened(new CertificateFiles(std::move(files)));
  absl::MutexLock lock(&opened->mutex_);
  opened->stamps_ = opened->LookAtFiles();
  ASSIGN_OR_RETURN(opened->material_, Load(opened->files_));
  return opened;
}

CertificateFiles::Stamps CertificateFiles::LookAtFiles() const {
  return {StampOf(files_.certificate), StampOf(files_.key), StampOf(files_.client_ca)};
}

std::shared_ptr<const TlsMaterial> CertificateFiles::Current() {
  // Before they are read: what is written in between has another stamp next time.
  const Stamps stamps = LookAtFiles();
  {
    absl::MutexLock lock(&mutex_);
    if (stamps == stamps_) return material_;
  }
  absl::StatusOr<std::shared_ptr<const TlsMaterial>> loaded = Load(files_);
  Log(loaded.ok() ? LogLevel::kInfo : LogLevel::kWarning, "server",
      loaded.ok() ? absl::StrCat(files_.certificate, ": new connections get the new certificate")
                  : absl::StrCat("the certificate stays as it was: ", loaded.status().message()));
  absl::MutexLock lock(&mutex_);
  stamps_ = stamps;
  if (loaded.ok()) material_ = *std::move(loaded);
  return material_;
}

}  // namespace binlogd
