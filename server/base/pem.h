// Certificates and keys in PEM form, looked at before they are used: what uses them says little of what is wrong.
#pragma once

#include <string>

#include "absl/status/status.h"

namespace binlogd {

// A file and the text that was read from it.
struct PemFile {
  std::string path;
  std::string text;
};

// FAILED_PRECONDITION (TLS_FILE_INVALID), which names the file, unless it begins with a certificate that can be read.
absl::Status CheckCertificate(const PemFile& certificate);
// The same unless both can be read, the key without a pass phrase, and the key is the certificate's.
absl::Status CheckKeyPair(const PemFile& certificate, const PemFile& key);
// Whether a certificate that can be read is past its end.
bool HasExpired(const PemFile& certificate);

}  // namespace binlogd
