// Keys for tests.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/file.h"
#include "codec/key_ring.h"
#include "tests/harness/temp_dir.h"

namespace binlogd::testing {

// The key of 32 times this letter.
inline EncryptionKey KeyOf(char letter) { return EncryptionKey(std::string(EncryptionKey::kSize, letter)); }

// Writes the key of a letter to a file and returns its path.
inline std::string WriteKey(const TempDir& dir, char letter) {
  const std::string path = dir / (std::string("key-") + letter);
  EXPECT_TRUE(ReplaceFile(path, KeyOf(letter).bytes(), 0600).ok());
  return path;
}

// The keys of these letters, the first first.
inline KeyRing MakeKeyRing(const std::string& letters) {
  std::vector<EncryptionKey> keys;
  for (const char letter : letters) keys.push_back(KeyOf(letter));
  return KeyRing(std::move(keys));
}

}  // namespace binlogd::testing
