#include "codec/key_ring.h"

#include <openssl/crypto.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "codec/sha256.h"

namespace binlogd {
namespace {

constexpr char kIdDomain[] = "binlogd key id";
constexpr size_t kMostFileBytes = 4096;

absl::Status Unreadable(absl::string_view message) {
  return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "ENCRYPTION_KEY_UNREADABLE", message));
}

absl::Status Invalid(absl::string_view message) {
  return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "ENCRYPTION_KEY_INVALID", message));
}

absl::StatusOr<EncryptionKey> LoadKey(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    return Unreadable(SystemError(errno, absl::StrCat("cannot read the key file ", path)).message());
  }
  if (!S_ISREG(info.st_mode)) return Unreadable(absl::StrCat("the key file ", path, " is not a file"));
  if ((info.st_mode & S_IRWXO) != 0) {
    return Invalid(absl::StrCat("the key file ", path, " is open to everybody; chmod o= it, and make a new key if ",
                                "somebody may have read it"));
  }
  absl::StatusOr<std::string> content = ReadWholeFile(path, kMostFileBytes);
  if (!content.ok()) return Unreadable(absl::StrCat("the key file ", content.status().message()));
  std::string& bytes = *content;
  std::string key;
  const absl::Cleanup wipe = [&bytes, &key] {
    OPENSSL_cleanse(bytes.data(), bytes.size());
    OPENSSL_cleanse(key.data(), key.size());
  };
  const absl::string_view digits = absl::StripAsciiWhitespace(bytes);
  if (digits.size() == 2 * EncryptionKey::kSize && std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit)) {
    key = absl::HexStringToBytes(digits);
    return EncryptionKey(key);
  }
  if (bytes.size() == EncryptionKey::kSize) return EncryptionKey(bytes);
  return Invalid(absl::StrCat("the key file ", path,
                              " holds neither 64 hexadecimal digits nor 32 bytes; make one with ",
                              "openssl rand -hex 32"));
}

}  // namespace

EncryptionKey::EncryptionKey(absl::string_view bytes) : bytes_(bytes) {
  Sha256 hash;
  hash.Update(kIdDomain);
  hash.Update(bytes_);
  id_ = hash.Finish().substr(0, kIdSize);
}

EncryptionKey::~EncryptionKey() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }

std::string EncryptionKey::name() const { return absl::BytesToHexString(id_); }

absl::StatusOr<KeyRing> KeyRing::Load(const std::vector<std::string>& paths) {
  KeyRing ring;
  for (const std::string& path : paths) {
    ASSIGN_OR_RETURN(EncryptionKey key, LoadKey(path));
    ring.keys_.push_back(std::move(key));
  }
  return ring;
}

const EncryptionKey* KeyRing::Find(absl::string_view id) const {
  for (const EncryptionKey& key : keys_) {
    if (key.id() == id) return &key;
  }
  return nullptr;
}

absl::Status KeyMissing(absl::string_view what, absl::string_view id) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "ENCRYPTION_KEY_MISSING",
                   absl::StrCat(what, " is encrypted with the key ", absl::BytesToHexString(id),
                                ", which none of the given key files holds; name its file (encryption.key_files of the "
                                "spec, --key-file of binlogctl)"));
}

}  // namespace binlogd
