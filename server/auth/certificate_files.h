// The server's certificate and key, as files that may be replaced while it runs.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "auth/file_stamp.h"

namespace binlogd {

// Paths of PEM files.
struct TlsFiles {
  // The certificate, followed by those that lead to its authority, and its key, without a pass phrase.
  std::string certificate;
  std::string key;
  // The authorities whose certificates clients may show; empty: clients are not asked for one.
  std::string client_ca;
};

// Their text.
struct TlsMaterial {
  std::string certificate;
  std::string key;
  std::string client_ca;
};

// Reads the files again when they have changed, and gives out only what fits together: a key that does not belong to
// its certificate, as between the two steps of a replacement, leaves the last good ones in force. Thread-safe.
class CertificateFiles {
 public:
  // FAILED_PRECONDITION with TLS_FILE_UNREADABLE, TLS_FILE_INVALID or FILE_OPEN_TO_EVERYBODY (a key that others may
  // read, a certificate that they may write), which names the file.
  static absl::StatusOr<std::unique_ptr<CertificateFiles>> Open(TlsFiles files);

  // What is in force. Looks at the files first; what is wrong with a new one is logged once.
  std::shared_ptr<const TlsMaterial> Current();

  bool asks_clients() const { return !files_.client_ca.empty(); }

 private:
  explicit CertificateFiles(TlsFiles files) : files_(std::move(files)) {}
  using Stamps = std::array<FileStamp, 3>;
  Stamps LookAtFiles() const;

  const TlsFiles files_;
  absl::Mutex mutex_;
  Stamps stamps_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const TlsMaterial> material_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
