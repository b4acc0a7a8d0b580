// Keys of encryption at rest, from files.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// 32 bytes, which are wiped when it is destroyed.
class EncryptionKey {
 public:
  static constexpr size_t kSize = 32;
  static constexpr size_t kIdSize = 8;

  explicit EncryptionKey(absl::string_view bytes);
  ~EncryptionKey();
  EncryptionKey(const EncryptionKey&) = default;
  EncryptionKey& operator=(const EncryptionKey&) = default;

  absl::string_view bytes() const { return bytes_; }
  // kIdSize bytes made from the key's hash; they tell keys apart and nothing of the key.
  absl::string_view id() const { return id_; }
  // The id as people see it: 16 hexadecimal digits.
  std::string name() const;

 private:
  std::string bytes_;
  std::string id_;
};

// Keys in order: the first writes, all read. Immutable, so thread-safe.
class KeyRing {
 public:
  KeyRing() = default;
  explicit KeyRing(std::vector<EncryptionKey> keys) : keys_(std::move(keys)) {}
  // Each file holds one key: 64 hexadecimal digits, with white space around them or not, or 32 bytes. Permanent
  // FAILED_PRECONDITION: ENCRYPTION_KEY_UNREADABLE, or ENCRYPTION_KEY_INVALID when it holds something else or anybody
  // may read or write it. Messages never tell what is in a file.
  static absl::StatusOr<KeyRing> Load(const std::vector<std::string>& paths);

  bool empty() const { return keys_.empty(); }
  const EncryptionKey& first() const { return keys_.front(); }
  // Null when there is none with this id.
  const EncryptionKey* Find(absl::string_view id) const;

 private:
  std::vector<EncryptionKey> keys_;
};

// FAILED_PRECONDITION (ENCRYPTION_KEY_MISSING): `what` is encrypted with a key, named by its id, that is not at hand.
absl::Status KeyMissing(absl::string_view what, absl::string_view id);

}  // namespace binlogd
