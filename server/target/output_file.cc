#include "target/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "codec/decryptor.h"
#include "target/file_folder.h"

namespace binlogd {
namespace {

constexpr absl::string_view kEncryptedSuffix = ".enc";
constexpr uint64_t kFlushStep = 8 << 20;
// So much content is compressed at a time: what is large is never compressed as a whole in memory.
constexpr size_t kAppendStep = 1 << 20;
// What is made is written when there is so much of it.
constexpr size_t kWriteStep = 256 << 10;
constexpr size_t kDigestStep = 256 << 10;

// How a file that is opened again catches up with its digest: so many bytes for each that is appended.
constexpr uint64_t kCatchUp = 4;

absl::StatusOr<size_t> ReadAt(const FileDescriptor& file, char* out, size_t size, uint64_t offset,
                              const std::string& path) {
  for (;;) {
    const ssize_t got = pread(file.get(), out, size, static_cast<off_t>(offset));
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) return SystemError(errno, absl::StrCat("cannot read ", path));
  }
}

// Proves that the key of the file's beginning is at hand, and returns the file's id.
absl::StatusOr<std::string> CheckKey(const std::string& path, const KeyRing& keys) {
  absl::StatusOr<FileDescriptor> file = OpenFile(path, O_RDONLY);
  if (absl::IsNotFound(file.status())) return TargetDamaged(absl::StrCat(path, " is gone"));
  RETURN_IF_ERROR(file.status());
  std::string begin(kSegmentHeaderSize + Decryptor::kMostNeeded, '\0');
  ASSIGN_OR_RETURN(const size_t size, ReadAt(*file, begin.data(), begin.size(), 0, path));
  begin.resize(size);
  Decryptor decryptor(&keys, path);
  std::string content;
  absl::StatusOr<size_t> header = decryptor.Take(begin, &content);
  absl::StatusOr<size_t> chunk = header.ok() ? decryptor.Take(begin.substr(*header), &content) : header;
  if (absl::IsDataLoss(chunk.status())) return TargetDamaged(std::string(chunk.status().message()));
  if (!chunk.ok()) return Permanent(chunk.status());
  if (*chunk == 0) return TargetDamaged(absl::StrCat(path, " is cut short"));
  return ParseSegmentHeader(absl::string_view(begin).substr(0, kSegmentHeaderSize))->file_id;
}

}  // namespace

std::string FileForm::suffix() const {
  return absl::StrCat(CompressionSuffix(compression), encrypted ? kEncryptedSuffix : "");
}

const std::vector<FileForm>& AllFileForms() {
  static const auto* const forms = [] {
    auto* all = new std::vector<FileForm>();
    for (const Compression compression : {Compression::kNone, Compression::kZstd, Compression::kGzip}) {
      for (const bool encrypted : {false, true}) all->push_back({compression, encrypted});
    }
    return all;
  }();
  return *forms;
}

FileForm TakeFileForm(absl::string_view* name) {
  FileForm form;
  form.encrypted = absl::ConsumeSuffix(name, kEncryptedSuffix);
  for (const Compression compression : {Compression::kZstd, Compression::kGzip}) {
    if (absl::ConsumeSuffix(name, CompressionSuffix(compression))) form.compression = compression;
  }
  return form;
}

OutputFile::OutputFile(std::string path, const FileForm& form, const KeyRing* keys, FileDescriptor file)
    : path_(std::move(path)),
      form_(form),
      keys_(keys),
      file_(std::move(file)),
      compressor_(MakeCompressor(form.compression)) {}

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Create(const std::string& path, const FileForm& form,
                                                               const KeyRing* keys) {
  absl::StatusOr<FileDescriptor> file = OpenFile(path, O_RDWR | O_CREAT | O_EXCL, 0640);
  if (!file.ok()) {
    struct stat info;
    if (lstat(path.c_str(), &info) != 0) return file.status();
    return absl::AlreadyExistsError(absl::StrCat(path, " is there already"));
  }
  if (absl::Status synced = SyncDirectory(std::filesystem::path(path).parent_path().string()); !synced.ok()) {
    // Ours and empty; gone again, so that the next try can make it.
    unlink(path.c_str());
    return synced;
  }
  return std::unique_ptr<OutputFile>(new OutputFile(path, form, keys, *std::move(file)));
}

absl::StatusOr<std::unique_ptr<OutputFile>> OutputFile::Reopen(const std::string& path, const FileForm& form,
                                                               const KeyRing* keys, uint64_t stored_bytes,
                                                               uint64_t content_bytes) {
  std::string file_id;
  if (form.encrypted && keys != nullptr && stored_bytes > 0) {
    ASSIGN_OR_RETURN(file_id, CheckKey(path, *keys));
  }
  ASSIGN_OR_RETURN(FileDescriptor file, OpenAtLength(path, stored_bytes));
  std::unique_ptr<OutputFile> output(new OutputFile(path, form, keys, std::move(file)));
  output->file_id_ = std::move(file_id);
  output->stored_ = output->flushing_ = stored_bytes;
  output->content_ = content_bytes;
  return output;
}

std::string OutputFile::key_name() const {
  return form_.encrypted && keys_ != nullptr && !keys_->empty() ? keys_->first().name() : "";
}

absl::Status OutputFile::Append(absl::string_view content) {
  if (form_.plain()) {
    RETURN_IF_ERROR(Write(content));
    content_ += content.size();
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(Flush());
  while (!content.empty()) {
    const absl::string_view step = content.substr(0, kAppendStep);
    RETURN_IF_ERROR(compressor_->Append(step, &compressed_));
    RETURN_IF_ERROR(Encrypt());
    content_ += step.size();
    content.remove_prefix(step.size());
    if (made_.size() < kWriteStep) continue;
    // It is taken: that there is no room shows with the next call.
    const absl::Status flushed = Flush();
    if (!flushed.ok() && !absl::IsResourceExhausted(flushed)) return flushed;
  }
  return absl::OkStatus();
}

absl::Status OutputFile::EndFrame() {
  RETURN_IF_ERROR(compressor_->EndFrame(&compressed_));
  RETURN_IF_ERROR(Encrypt());
  if (encryptor_ != nullptr) RETURN_IF_ERROR(encryptor_->EndChunk(&made_));
  return Flush();
}

absl::Status OutputFile::Encrypt() {
  if (compressed_.empty()) return absl::OkStatus();
  if (!form_.encrypted) {
    made_.append(compressed_);
  } else {
    if (encryptor_ == nullptr) {
      ASSIGN_OR_RETURN(encryptor_, Encryptor::Create(keys_->first(), stored_ + made_.size(), file_id_));
    }
    RETURN_IF_ERROR(encryptor_->Append(compressed_, &made_));
  }
  compressed_.clear();
  return absl::OkStatus();
}

absl::Status OutputFile::Flush() {
  if (made_.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(Write(made_));
  made_.clear();
  return absl::OkStatus();
}

absl::Status OutputFile::Write(absl::string_view bytes) {
  RETURN_IF_ERROR(CheckAsWritten());
  if (const absl::Status written = WriteAt(file_, bytes, stored_, path_); !written.ok()) {
    torn_ = stored_ + bytes.size();
    return written;
  }
  const bool caught_up = digested_ == stored_;
  stored_ += bytes.size();
  if (caught_up) {
    sha256_.Update(bytes);
    digested_ = stored_;
  } else {
    RETURN_IF_ERROR(DigestMore(kCatchUp * bytes.size()));
  }
  if (stored_ - flushing_ >= kFlushStep) {
    // Starts the disk early, so that the commit has little left to wait for. A failure shows at the commit.
    (void)sync_file_range(file_.get(), static_cast<off_t>(flushing_), static_cast<off_t>(stored_ - flushing_),
                          SYNC_FILE_RANGE_WRITE);
    flushing_ = stored_;
  }
  return absl::OkStatus();
}

absl::Status OutputFile::DigestMore(uint64_t most) {
  const uint64_t end = digested_ + std::min(most, stored_ - digested_);
  std::string bytes(std::min<uint64_t>(kDigestStep, end - digested_), '\0');
  while (digested_ < end) {
    const size_t size = std::min<uint64_t>(bytes.size(), end - digested_);
    ASSIGN_OR_RETURN(const size_t got, ReadAt(file_, bytes.data(), size, digested_, path_));
    if (got == 0) return TargetDamaged(absl::StrCat(path_, " became shorter while it was written"));
    sha256_.Update(absl::string_view(bytes).substr(0, got));
    digested_ += got;
  }
  return absl::OkStatus();
}

absl::Status OutputFile::CheckAsWritten() const {
  return binlogd::CheckAsWritten(file_, stored_, std::max(stored_, torn_), path_);
}

absl::Status OutputFile::Sync() {
  RETURN_IF_ERROR(CheckAsWritten());
  return SyncFile(file_, path_);
}

absl::StatusOr<std::string> OutputFile::Digest() {
  RETURN_IF_ERROR(DigestMore(stored_ - digested_));
  digested_ = 0;
  return absl::BytesToHexString(sha256_.Finish());
}

}  // namespace binlogd
