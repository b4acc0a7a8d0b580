#include "target/object_draft.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "codec/sha256.h"

namespace binlogd {
namespace {

constexpr uint64_t kDigestStep = 1 << 20;

// O_TMPFILE where the file system knows it.
absl::StatusOr<FileDescriptor> OpenUnnamed(const std::string& directory) {
  absl::StatusOr<FileDescriptor> file = OpenFile(directory, O_RDWR | O_TMPFILE, 0600);
  if (file.ok() || absl::IsNotFound(file.status()) || absl::IsPermissionDenied(file.status())) return file;
  std::string path = absl::StrCat(directory, "/binlogd-spool-XXXXXX");
  const int fd = mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return SystemError(errno, absl::StrCat("cannot make a file in ", directory));
  unlink(path.c_str());
  return FileDescriptor(fd);
}

class DraftBody : public ObjectBody {
 public:
  DraftBody(const SpooledBytes* bytes, uint64_t size) : bytes_(bytes), size_(size) {}
  uint64_t size() const override { return size_; }
  absl::StatusOr<std::string> Read(uint64_t offset, uint64_t size) override { return bytes_->Read(offset, size); }

 private:
  const SpooledBytes* const bytes_;
  const uint64_t size_;
};

}  // namespace

SpooledBytes::SpooledBytes(std::string directory, size_t most_in_memory)
    : directory_(std::move(directory)), most_in_memory_(most_in_memory) {}

absl::Status SpooledBytes::Unwritable(const absl::Status& cause) const {
  return MakeError(absl::StatusCode::kUnavailable, "SPOOL_UNWRITABLE",
                   absl::StrCat("no room for an object in ", directory_, ": ", cause.message()));
}

absl::Status SpooledBytes::Spill() {
  absl::StatusOr<FileDescriptor> file = OpenUnnamed(directory_);
  if (!file.ok()) return Unwritable(file.status());
  if (absl::Status written = WriteAt(*file, memory_, 0, directory_); !written.ok()) return Unwritable(written);
  file_ = *std::move(file);
  begin_ = 0;
  memory_ = std::string();
  return absl::OkStatus();
}

absl::Status SpooledBytes::Append(absl::string_view bytes) {
  if (!file_.valid()) {
    memory_.resize(size_);
    if (size_ + bytes.size() <= most_in_memory_) {
      memory_.append(bytes.data(), bytes.size());
      size_ += bytes.size();
      return absl::OkStatus();
    }
    RETURN_IF_ERROR(Spill());
  }
  if (absl::Status written = WriteAt(file_, bytes, begin_ + size_, directory_); !written.ok()) {
    return Unwritable(written);
  }
  size_ += bytes.size();
  return absl::OkStatus();
}

absl::StatusOr<std::string> SpooledBytes::Read(uint64_t offset, uint64_t size) const {
  if (offset + size > size_) return absl::InternalError("read behind the end of an object");
  if (!file_.valid()) return memory_.substr(offset, size);
  std::string bytes(size, '\0');
  size_t got = 0;
  while (got < size) {
    const ssize_t now = pread(file_.get(), bytes.data() + got, size - got, static_cast<off_t>(begin_ + offset + got));
    if (now < 0 && errno == EINTR) continue;
    if (now < 0) return SystemError(errno, absl::StrCat("cannot read a temporary file in ", directory_));
    if (now == 0) return absl::InternalError(absl::StrCat("a temporary file in ", directory_, " lost its end"));
    got += static_cast<size_t>(now);
  }
  return bytes;
}

absl::Status SpooledBytes::DropFront(uint64_t count) {
  if (!file_.valid()) {
    memory_.erase(0, count);
    size_ -= count;
    return absl::OkStatus();
  }
  if (size_ - count <= most_in_memory_) {
    ASSIGN_OR_RETURN(memory_, Read(count, size_ - count));
    size_ -= count;
    file_.Close();
    return absl::OkStatus();
  }
  begin_ += count;
  size_ -= count;
  // Only room is at stake, and a file system may not know how.
  (void)fallocate(file_.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(begin_));
  return absl::OkStatus();
}

void SpooledBytes::Clear() {
  size_ = 0;
  memory_.clear();
  file_.Close();
}

ObjectDraft::ObjectDraft(Compression compression, std::string spool_directory, size_t most_in_memory)
    : compression_(compression),
      compressor_(MakeCompressor(compression)),
      stored_(std::move(spool_directory), most_in_memory) {}

absl::Status ObjectDraft::Compress(absl::string_view bytes) {
  content_ += bytes.size();
  if (compression_ == Compression::kNone) return stored_.Append(bytes);
  // Step by step, so that what comes out is never large.
  constexpr size_t kStep = 4 << 20;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kStep, bytes.size()))) {
    std::string out;
    RETURN_IF_ERROR(compressor_->Append(bytes.substr(0, kStep), &out));
    RETURN_IF_ERROR(stored_.Append(out));
  }
  return absl::OkStatus();
}

absl::Status ObjectDraft::EndMarkedFrame() {
  std::string out;
  RETURN_IF_ERROR(compressor_->EndFrame(&out));
  RETURN_IF_ERROR(stored_.Append(out));
  marked_size_ = stored_.size();
  return absl::OkStatus();
}

absl::Status ObjectDraft::Append(absl::string_view bytes, size_t marked) {
  if (marked != kNoMark) {
    RETURN_IF_ERROR(Compress(bytes.substr(0, marked)));
    bytes.remove_prefix(marked);
    at_mark_ = true;
    marked_content_ = content_;
  }
  if (bytes.empty()) return absl::OkStatus();
  if (at_mark_) RETURN_IF_ERROR(EndMarkedFrame());
  at_mark_ = false;
  return Compress(bytes);
}

absl::StatusOr<uint64_t> ObjectDraft::Seal() {
  if (at_mark_) RETURN_IF_ERROR(EndMarkedFrame());
  return marked_size_;
}

std::unique_ptr<ObjectBody> ObjectDraft::Body() const { return std::make_unique<DraftBody>(&stored_, marked_size_); }

absl::StatusOr<std::string> ObjectDraft::Digest() const {
  Sha256 sha256;
  for (uint64_t at = 0; at < marked_size_; at += kDigestStep) {
    ASSIGN_OR_RETURN(const std::string bytes, stored_.Read(at, std::min(kDigestStep, marked_size_ - at)));
    sha256.Update(bytes);
  }
  return absl::BytesToHexString(sha256.Finish());
}

absl::Status ObjectDraft::DropSealed() {
  RETURN_IF_ERROR(stored_.DropFront(marked_size_));
  content_ -= marked_content_;
  marked_size_ = 0;
  marked_content_ = 0;
  return absl::OkStatus();
}

void ObjectDraft::DropUnmarked() {
  if (at_mark_) return;
  compressor_->Reset();
  stored_.Truncate(marked_size_);
  content_ = marked_content_;
  at_mark_ = true;
}

void ObjectDraft::Clear() {
  compressor_->Reset();
  stored_.Clear();
  at_mark_ = true;
  marked_size_ = content_ = marked_content_ = 0;
}

}  // namespace binlogd
