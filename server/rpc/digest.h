// Fingerprints.
#pragma once

#include <openssl/sha.h>

#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

// SHA-256, 32 bytes.
inline std::string Digest(absl::string_view bytes) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

}  // namespace binlogd
