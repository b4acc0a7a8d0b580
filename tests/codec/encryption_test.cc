#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "codec/decryptor.h"
#include "codec/encryptor.h"
#include "tests/codec/keys.h"

namespace binlogd {
namespace {

using testing::KeyOf;
using testing::MakeKeyRing;

// Appends a segment of these chunks to a file.
void AppendSegment(const EncryptionKey& key, const std::vector<std::string>& chunks, std::string* file,
                   std::string* file_id) {
  auto encryptor = Encryptor::Create(key, file->size(), *file_id);
  ASSERT_TRUE(encryptor.ok());
  const size_t header = file->size();
  for (const std::string& chunk : chunks) {
    ASSERT_TRUE((*encryptor)->Append(chunk, file).ok());
    ASSERT_TRUE((*encryptor)->EndChunk(file).ok());
  }
  if (file_id->empty()) *file_id = ParseSegmentHeader(file->substr(header, kSegmentHeaderSize))->file_id;
}

// Two segments, of a key each; "one two three four".
std::string SmallFile(std::vector<size_t>* ends = nullptr) {
  std::string file, file_id;
  AppendSegment(KeyOf('a'), {"one ", "two "}, &file, &file_id);
  AppendSegment(KeyOf('b'), {"three ", "four"}, &file, &file_id);
  if (ends != nullptr) {
    for (const size_t content : {0, 4, 4, 0, 6, 4}) {
      ends->push_back((ends->empty() ? 0 : ends->back()) + (content == 0 ? kSegmentHeaderSize : 20 + content));
    }
  }
  return file;
}

struct Decrypted {
  std::string content;
  absl::Status status;
  bool whole = false;
};

Decrypted Decrypt(absl::string_view file, const KeyRing& keys) {
  Decrypted result;
  Decryptor decryptor(&keys, "archive/file.enc");
  while (!file.empty()) {
    const absl::StatusOr<size_t> taken = decryptor.Take(file, &result.content);
    result.status = taken.status();
    if (!taken.ok() || *taken == 0) return result;
    file.remove_prefix(*taken);
  }
  result.whole = decryptor.at_end();
  return result;
}

// The same by the page that describes the form, with nothing of ours: one chunk of a segment.
std::string OpenByHand(const std::string& key, absl::string_view header, uint64_t number, absl::string_view chunk) {
  const auto hmac = [](const std::string& secret, const std::string& text) {
    unsigned char digest[32];
    unsigned int size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size);
    return std::string(reinterpret_cast<char*>(digest), size);
  };
  // RFC 5869: one block is enough for 32 bytes.
  const std::string extracted = hmac(std::string(header.substr(48, 32)), key);
  const std::string derived = hmac(extracted, "binlogd segment 1\x01");
  std::string nonce(12, '\0');
  for (int i = 0; i < 8; ++i) nonce[11 - i] = static_cast<char>(number >> (8 * i));
  std::string content(chunk.substr(4, chunk.size() - 20));
  std::string tag(chunk.substr(chunk.size() - 16));
  EVP_CIPHER_CTX* context = EVP_CIPHER_CTX_new();
  int size = 0, rest = 0;
  auto* bytes = reinterpret_cast<unsigned char*>(content.data());
  EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), nullptr, reinterpret_cast<const unsigned char*>(derived.data()),
                     reinterpret_cast<const unsigned char*>(nonce.data()));
  EVP_DecryptUpdate(context, nullptr, &size, reinterpret_cast<const unsigned char*>(header.data()), 80);
  EVP_DecryptUpdate(context, bytes, &size, bytes, static_cast<int>(content.size()));
  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, tag.data());
  const bool good = EVP_DecryptFinal_ex(context, bytes + size, &rest) == 1;
  EVP_CIPHER_CTX_free(context);
  return good ? content : "not authentic";
}

TEST(EncryptionTest, IsReadBack) {
  std::vector<size_t> ends;
  const std::string file = SmallFile(&ends);
  EXPECT_EQ(file.size(), ends.back());
  const Decrypted all = Decrypt(file, MakeKeyRing("ab"));
  EXPECT_EQ(all.content, "one two three four") << all.status;
  EXPECT_TRUE(all.whole);
  EXPECT_EQ(file.find("one"), std::string::npos);
  EXPECT_EQ(file.find(std::string(32, 'a')), std::string::npos);
}

TEST(EncryptionTest, IsReadByTheDescriptionAlone) {
  std::vector<size_t> ends;
  const std::string bytes = SmallFile(&ends);
  const absl::string_view file = bytes;
  const auto part = [&](size_t i) {
    return file.substr(i == 0 ? 0 : ends[i - 1], ends[i] - (i == 0 ? 0 : ends[i - 1]));
  };
  EXPECT_EQ(OpenByHand(std::string(32, 'a'), part(0), 0, part(1)), "one ");
  EXPECT_EQ(OpenByHand(std::string(32, 'a'), part(0), 1, part(2)), "two ");
  EXPECT_EQ(OpenByHand(std::string(32, 'b'), part(3), 0, part(4)), "three ");
  EXPECT_EQ(OpenByHand(std::string(32, 'b'), part(3), 1, part(5)), "four");
  EXPECT_EQ(OpenByHand(std::string(32, 'b'), part(3), 0, part(5)), "not authentic");
}

TEST(EncryptionTest, LargeContentInPiecesOfAnySize) {
  std::string content;
  for (uint32_t i = 0, x = 1; i < 300000; ++i) content += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  for (const size_t piece : {1u, 1000u, 65535u, 65536u, 65537u, 131072u, 300000u}) {
    auto encryptor = Encryptor::Create(KeyOf('a'), 0, "");
    ASSERT_TRUE(encryptor.ok());
    std::string file;
    for (size_t at = 0; at < content.size(); at += piece) {
      ASSERT_TRUE((*encryptor)->Append(absl::string_view(content).substr(at, piece), &file).ok());
    }
    ASSERT_TRUE((*encryptor)->EndChunk(&file).ok());
    ASSERT_TRUE((*encryptor)->EndChunk(&file).ok()) << "nothing is left to write";
    EXPECT_EQ(file.size(), content.size() + 80 + 5 * 20) << "chunks are full";
    EXPECT_EQ(Decrypt(file, MakeKeyRing("a")).content, content) << piece;
  }
}

TEST(EncryptionTest, NoSaltComesTwice) {
  std::set<std::string> salts, files;
  for (int i = 0; i < 1000; ++i) {
    std::string file;
    auto encryptor = Encryptor::Create(KeyOf('a'), 0, "");
    ASSERT_TRUE((*encryptor)->Append("x", &file).ok());
    ASSERT_TRUE((*encryptor)->EndChunk(&file).ok());
    const auto header = ParseSegmentHeader(file.substr(0, kSegmentHeaderSize));
    EXPECT_TRUE(salts.insert(header->salt).second);
    EXPECT_TRUE(files.insert(header->file_id).second);
  }
}

TEST(EncryptionTest, CutAnywhereOnlyWholeChunksAreRead) {
  std::vector<size_t> ends;
  const std::string file = SmallFile(&ends);
  const KeyRing keys = MakeKeyRing("ab");
  const std::set<size_t> whole = {0, ends[1], ends[2], ends[4], ends[5]};
  for (size_t length = 0; length < file.size(); ++length) {
    const Decrypted cut = Decrypt(absl::string_view(file).substr(0, length), keys);
    EXPECT_TRUE(cut.status.ok()) << length << cut.status;
    EXPECT_EQ(cut.whole || length == 0, whole.count(length) == 1) << length;
    EXPECT_EQ(cut.content, std::string("one two three four").substr(0, cut.content.size()));
  }
}

TEST(EncryptionTest, EveryFlippedBitIsNoticed) {
  const std::string file = SmallFile();
  const KeyRing keys = MakeKeyRing("ab");
  for (size_t bit = 0; bit < file.size() * 8; ++bit) {
    std::string flipped = file;
    flipped[bit / 8] ^= static_cast<char>(1 << (bit % 8));
    const Decrypted read = Decrypt(flipped, keys);
    ASSERT_TRUE(!read.status.ok() || !read.whole) << bit;
    ASSERT_EQ(read.content, std::string("one two three four").substr(0, read.content.size())) << bit;
    if (read.status.ok()) continue;  // A size that is larger than what is there.
    const std::string reason = ErrorReason(read.status);
    ASSERT_TRUE(reason == "ENCRYPTION_DAMAGED" || reason == "ENCRYPTION_KEY_MISSING") << read.status;
    ASSERT_NE(read.status.message().find("archive/file.enc"), absl::string_view::npos) << read.status;
  }
}

TEST(EncryptionTest, WhatIsInAnotherPlaceIsNoticed) {
  std::vector<size_t> ends;
  const std::string file = SmallFile(&ends);
  const KeyRing keys = MakeKeyRing("ab");
  const auto part = [&ends](const std::string& of, size_t i) {
    return of.substr(i == 0 ? 0 : ends[i - 1], ends[i] - (i == 0 ? 0 : ends[i - 1]));
  };
  std::vector<std::string> parts;
  for (size_t i = 0; i < ends.size(); ++i) parts.push_back(part(file, i));
  const std::string other = SmallFile();
  const auto join = [](const std::vector<std::string>& of) {
    std::string all;
    for (const std::string& one : of) all += one;
    return all;
  };
  const auto expect_damaged = [&keys](const std::string& changed, const std::string& what) {
    const absl::Status status = Decrypt(changed, keys).status;
    EXPECT_EQ(ErrorReason(status), "ENCRYPTION_DAMAGED") << what << status;
    EXPECT_TRUE(absl::IsDataLoss(status)) << what;
  };
  for (size_t i = 0; i < parts.size(); ++i) {
    std::vector<std::string> dropped = parts, doubled = parts, foreign = parts;
    dropped.erase(dropped.begin() + static_cast<std::ptrdiff_t>(i));
    if (i + 1 < parts.size()) expect_damaged(join(dropped), absl::StrCat("dropped ", i));
    doubled.insert(doubled.begin() + static_cast<std::ptrdiff_t>(i), parts[i]);
    expect_damaged(join(doubled), absl::StrCat("doubled ", i));
    foreign[i] = part(other, i);
    expect_damaged(join(foreign), absl::StrCat("of another file ", i));
    for (size_t j = 0; j < i; ++j) {
      std::vector<std::string> swapped = parts;
      std::swap(swapped[i], swapped[j]);
      expect_damaged(join(swapped), absl::StrCat("swapped ", i, " ", j));
    }
  }
  const std::string segment_of_other = other.substr(ends[2]);
  expect_damaged(file.substr(0, ends[2]) + segment_of_other, "a whole segment of another file");
  expect_damaged(file.substr(ends[2]), "without its first segment");
}

TEST(EncryptionTest, AMissingKeyIsNamed) {
  const Decrypted read = Decrypt(SmallFile(), MakeKeyRing("a"));
  EXPECT_EQ(read.content, "one two ");
  EXPECT_EQ(ErrorReason(read.status), "ENCRYPTION_KEY_MISSING");
  EXPECT_TRUE(absl::IsFailedPrecondition(read.status));
  EXPECT_NE(read.status.message().find(KeyOf('b').name()), absl::string_view::npos) << read.status;
}

}  // namespace
}  // namespace binlogd
