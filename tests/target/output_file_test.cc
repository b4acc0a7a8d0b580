#include "target/output_file.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/codec/keys.h"
#include "tests/target/file_reading.h"

namespace binlogd {
namespace {

using testing::MakeKeyRing;
using testing::ReadContent;

// What sha256sum says.
std::string DigestOf(const std::string& path) {
  const std::string bytes = *ReadWholeFile(path);
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  return absl::BytesToHexString(absl::string_view(reinterpret_cast<char*>(digest), size));
}

class OutputFileTest : public ::testing::TestWithParam<FileForm> {
 protected:
  const FileForm form_ = GetParam();
  const testing::TempDir dir_;
  const std::string path_ = dir_ / ("file" + form_.suffix());
  const KeyRing keys_ = MakeKeyRing("ka");
};

class CompressedFileTest : public OutputFileTest {};
class EncryptedFileTest : public OutputFileTest {};

TEST_P(OutputFileTest, EveryFramesEndIsAPlaceToCut) {
  struct Cut {
    uint64_t stored = 0;
    std::string content;
  };
  std::vector<Cut> cuts(1);
  auto file = OutputFile::Create(path_, form_, &keys_);
  ASSERT_TRUE(file.ok()) << file.status();
  for (int frame = 0; frame < 6; ++frame) {
    std::string content = cuts.back().content;
    for (int i = 0; i < 50 * frame; ++i) {
      const std::string bytes(static_cast<size_t>(i) * 30, static_cast<char>('a' + i % 26));
      content += bytes;
      ASSERT_TRUE((*file)->Append(bytes).ok());
    }
    ASSERT_TRUE((*file)->EndFrame().ok());
    ASSERT_TRUE((*file)->EndFrame().ok()) << "nothing more to end";
    EXPECT_EQ((*file)->content_bytes(), content.size());
    EXPECT_EQ((*file)->stored_bytes(), std::filesystem::file_size(path_));
    cuts.push_back({(*file)->stored_bytes(), content});
  }
  ASSERT_TRUE((*file)->Append("torn").ok());
  file->reset();
  for (size_t i = cuts.size(); i-- > 0;) {
    testing::AppendGarbage(path_, "garbage");
    auto again = OutputFile::Reopen(path_, form_, &keys_, cuts[i].stored, cuts[i].content.size());
    ASSERT_TRUE(again.ok()) << again.status();
    EXPECT_EQ(ReadContent(path_, keys_), cuts[i].content);
    ASSERT_TRUE((*again)->Append(" and on").ok());
    ASSERT_TRUE((*again)->EndFrame().ok());
    EXPECT_EQ(ReadContent(path_, keys_), cuts[i].content + " and on");
    EXPECT_EQ(*(*again)->Digest(), DigestOf(path_));
  }
}

TEST_P(OutputFileTest, TheDigestIsThatOfTheFile) {
  std::string noise;
  for (uint32_t i = 0, x = 1; i < 1 << 20; ++i) noise += static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  uint64_t stored = 0;
  {
    auto file = OutputFile::Create(path_, form_, &keys_);
    ASSERT_TRUE((*file)->Append(noise).ok());
    ASSERT_TRUE((*file)->EndFrame().ok());
    EXPECT_EQ(*(*file)->Digest(), DigestOf(path_));
    EXPECT_EQ(*(*file)->Digest(), DigestOf(path_)) << "asked again";
    stored = (*file)->stored_bytes();
  }
  auto file = OutputFile::Reopen(path_, form_, &keys_, stored, noise.size());
  for (size_t at = 0; at < noise.size(); at += 100000) {
    ASSERT_TRUE((*file)->Append(absl::string_view(noise).substr(at, 100000)).ok());
  }
  ASSERT_TRUE((*file)->EndFrame().ok());
  EXPECT_EQ(*(*file)->Digest(), DigestOf(path_)) << "of what an earlier process wrote too";
}

TEST_P(CompressedFileTest, TheToolsReadIt) {
  const std::string tool = form_.compression == Compression::kZstd ? "zstdcat" : "zcat";
  if (std::system(absl::StrCat("command -v ", tool, " >/dev/null").c_str()) != 0) GTEST_SKIP() << "no " << tool;
  uint64_t stored = 0;
  std::string content;
  for (int process = 0; process < 3; ++process) {
    auto file = process == 0 ? OutputFile::Create(path_, form_, &keys_)
                             : OutputFile::Reopen(path_, form_, &keys_, stored, content.size());
    ASSERT_TRUE(file.ok());
    for (int frame = 0; frame < 3; ++frame) {
      const std::string bytes = absl::StrCat("process ", process, " frame ", frame, "\n");
      content += bytes;
      ASSERT_TRUE((*file)->Append(bytes).ok());
      ASSERT_TRUE((*file)->EndFrame().ok());
    }
    stored = (*file)->stored_bytes();
    ASSERT_TRUE((*file)->Append("a torn tail").ok());
  }
  ASSERT_EQ(std::system(absl::StrCat(tool, " ", path_, " >", dir_ / "content").c_str()), 0);
  EXPECT_EQ(*ReadWholeFile(dir_ / "content"), content);
}

TEST_P(EncryptedFileTest, ACutTailIsNotWrittenWithTheSameKeyAgain) {
  { ASSERT_TRUE((*OutputFile::Create(path_, form_, &keys_))->EndFrame().ok()); }
  std::vector<std::string> tails;
  for (int i = 0; i < 3; ++i) {
    auto file = OutputFile::Reopen(path_, form_, &keys_, 0, 0);
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE((*file)->Append("the same again").ok());
    ASSERT_TRUE((*file)->EndFrame().ok());
    tails.push_back(*ReadWholeFile(path_));
    for (int earlier = 0; earlier < i; ++earlier) {
      EXPECT_NE(tails[static_cast<size_t>(earlier)].substr(kSegmentHeaderSize),
                tails.back().substr(kSegmentHeaderSize));
    }
  }
}

TEST_P(EncryptedFileTest, AKeyThatIsMissingIsNamedAndNothingTouched) {
  auto file = OutputFile::Create(path_, form_, &keys_);
  ASSERT_TRUE((*file)->Append("secret").ok());
  ASSERT_TRUE((*file)->EndFrame().ok());
  const uint64_t stored = (*file)->stored_bytes();
  testing::AppendGarbage(path_, "tail");
  const std::string before = *ReadWholeFile(path_);
  for (const char* letters : {"", "x", "ax"}) {
    const KeyRing others = MakeKeyRing(letters);
    const absl::Status refused = OutputFile::Reopen(path_, form_, &others, stored, 6).status();
    EXPECT_EQ(ErrorReason(refused), "ENCRYPTION_KEY_MISSING");
    EXPECT_TRUE(IsPermanent(refused));
    EXPECT_NE(refused.message().find(keys_.first().name()), absl::string_view::npos) << refused;
    EXPECT_NE(refused.message().find(path_), absl::string_view::npos) << refused;
    EXPECT_EQ(*ReadWholeFile(path_), before);
  }
  const KeyRing rotated = MakeKeyRing("xk");
  auto again = OutputFile::Reopen(path_, form_, &rotated, stored, 6);
  ASSERT_TRUE(again.ok()) << again.status();
  ASSERT_TRUE((*again)->Append(" in two").ok());
  ASSERT_TRUE((*again)->EndFrame().ok());
  EXPECT_EQ(ReadContent(path_, rotated), "secret in two");
  EXPECT_EQ((*again)->key_name(), testing::KeyOf('x').name());
}

TEST_P(EncryptedFileTest, ADamagedBeginningIsDamageBeforeAnythingIsTouched) {
  auto file = OutputFile::Create(path_, form_, &keys_);
  ASSERT_TRUE((*file)->Append("secret").ok());
  ASSERT_TRUE((*file)->EndFrame().ok());
  const std::string good = *ReadWholeFile(path_);
  for (const size_t at : {size_t{0}, size_t{50}, kSegmentHeaderSize + 5, good.size() - 1}) {
    std::string bad = good;
    bad[at] ^= 1;
    ASSERT_TRUE(ReplaceFile(path_, bad + "tail", 0640).ok());
    const absl::Status refused = OutputFile::Reopen(path_, form_, &keys_, good.size(), 6).status();
    EXPECT_EQ(ErrorReason(refused), "TARGET_DAMAGED") << at;
    EXPECT_TRUE(IsPermanent(refused));
    EXPECT_EQ(*ReadWholeFile(path_), bad + "tail");
  }
}

TEST_P(OutputFileTest, NothingIsWrittenOver) {
  testing::AppendGarbage(path_, "mine");
  EXPECT_TRUE(absl::IsAlreadyExists(OutputFile::Create(path_, form_, &keys_).status()));
  EXPECT_EQ(*ReadWholeFile(path_), "mine");
  EXPECT_TRUE(absl::IsNotFound(OutputFile::Create(dir_ / "none/file", form_, &keys_).status()));
}

TEST_P(OutputFileTest, ACutIsDamageAndNotAHole) {
  for (const bool written_since : {false, true}) {
    for (const uint64_t kept : {0, 10}) {
      std::filesystem::remove(path_);
      auto file = OutputFile::Create(path_, form_, &keys_);
      ASSERT_TRUE((*file)->Append(std::string(5000, 'x')).ok());
      ASSERT_TRUE((*file)->EndFrame().ok());
      ASSERT_TRUE((*file)->Sync().ok());
      std::filesystem::resize_file(path_, kept);
      absl::Status refused = written_since ? (*file)->Append("more") : absl::OkStatus();
      if (refused.ok()) refused = (*file)->EndFrame();
      if (refused.ok()) refused = (*file)->Sync();
      EXPECT_EQ(ErrorReason(refused), "TARGET_DAMAGED") << refused;
      EXPECT_TRUE(IsPermanent(refused));
      EXPECT_NE(refused.message().find(path_), absl::string_view::npos) << refused;
      EXPECT_EQ(std::filesystem::file_size(path_), kept);
    }
  }
}

TEST_P(OutputFileTest, WhatOthersAppendIsNoticedAndCutOff) {
  auto file = OutputFile::Create(path_, form_, &keys_);
  ASSERT_TRUE((*file)->Append("content").ok());
  ASSERT_TRUE((*file)->EndFrame().ok());
  const uint64_t stored = (*file)->stored_bytes();
  testing::AppendGarbage(path_, "somebody's");
  const absl::Status noticed = (*file)->Sync();
  EXPECT_EQ(ErrorReason(noticed), "TARGET_FILE_CHANGED");
  EXPECT_FALSE(IsPermanent(noticed));
  auto again = OutputFile::Reopen(path_, form_, &keys_, stored, 7);
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_TRUE((*again)->Sync().ok());
  EXPECT_EQ(ReadContent(path_, keys_), "content");
}

TEST_P(OutputFileTest, AWriteThatWasTornByAFullDiskIsOurs) {
  auto file = OutputFile::Create(path_, form_, &keys_);
  ASSERT_TRUE((*file)->Append("content").ok());
  ASSERT_TRUE((*file)->EndFrame().ok());
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited;
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  const rlimit limited{(*file)->stored_bytes() + 10, unlimited.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limited), 0);
  const bool written = (*file)->Append("more than there is room for").ok() && (*file)->EndFrame().ok();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
  EXPECT_FALSE(written);
  EXPECT_GT(std::filesystem::file_size(path_), (*file)->stored_bytes());
  EXPECT_TRUE((*file)->Sync().ok());
}

std::string FormName(const ::testing::TestParamInfo<FileForm>& info) {
  return absl::StrCat(CompressionName(info.param.compression), info.param.encrypted ? "Encrypted" : "");
}

INSTANTIATE_TEST_SUITE_P(Forms, OutputFileTest, ::testing::ValuesIn(AllFileForms()), FormName);
INSTANTIATE_TEST_SUITE_P(Forms, CompressedFileTest,
                         ::testing::Values(FileForm{Compression::kZstd, false}, FileForm{Compression::kGzip, false}),
                         FormName);
INSTANTIATE_TEST_SUITE_P(Forms, EncryptedFileTest,
                         ::testing::Values(FileForm{Compression::kNone, true}, FileForm{Compression::kZstd, true},
                                           FileForm{Compression::kGzip, true}),
                         FormName);

TEST(FileFormTest, IsToldByTheName) {
  for (const FileForm& form : AllFileForms()) {
    const std::string name = absl::StrCat("binlog.000001", form.suffix());
    absl::string_view stem = name;
    EXPECT_EQ(TakeFileForm(&stem), form) << name;
    EXPECT_EQ(stem, "binlog.000001");
  }
}

}  // namespace
}  // namespace binlogd
