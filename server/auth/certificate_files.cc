#include "auth/certificate_files.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file.h"
#include "base/logging.h"
#include "base/pem.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

constexpr size_t kLargestFile = 1 << 20;

absl::StatusOr<std::string> ReadPem(const std::string& path, Protection protection = Protection::kUnwritten) {
  absl::StatusOr<std::string> text = ReadProtectedFile(path, protection, kLargestFile);
  if (text.ok() || ErrorReason(text.status()) == "FILE_OPEN_TO_EVERYBODY") return text;
  return MakeError(absl::StatusCode::kFailedPrecondition, "TLS_FILE_UNREADABLE", text.status().message());
}

absl::StatusOr<std::shared_ptr<const TlsMaterial>> Load(const TlsFiles& files) {
  auto material = std::make_shared<TlsMaterial>();
  ASSIGN_OR_RETURN(material->certificate, ReadPem(files.certificate));
  ASSIGN_OR_RETURN(material->key, ReadPem(files.key, Protection::kUnread));
  const PemFile certificate{files.certificate, material->certificate};
  RETURN_IF_ERROR(CheckKeyPair(certificate, PemFile{files.key, material->key}));
  if (HasExpired(certificate)) {
    Log(LogLevel::kWarning, "server",
        absl::StrCat(files.certificate,
                     ": the certificate has expired, clients will not take it; put a new one there"));
  }
  if (!files.client_ca.empty()) {
    ASSIGN_OR_RETURN(material->client_ca, ReadPem(files.client_ca));
    RETURN_IF_ERROR(CheckCertificate(PemFile{files.client_ca, material->client_ca}));
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
