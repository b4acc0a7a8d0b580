#include "archive/stored_bytes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "codec/decryptor.h"

namespace binlogd {
namespace {

constexpr size_t kBufferSize = 256 << 10;

class FileBytes : public StoredBytes {
 public:
  FileBytes() : StoredBytes(kBufferSize) {}

  absl::Status Open(const std::string& path) {
    const bool standard_input = path == "-";
    path_ = standard_input ? "standard input" : path;
    if (standard_input) {
      file_ = FileDescriptor(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
    } else {
      ASSIGN_OR_RETURN(file_, OpenFile(path, O_RDONLY));
    }
    struct stat info = {};
    if (fstat(file_.get(), &info) != 0) return SystemError(errno, absl::StrCat("cannot read ", path_));
    if (S_ISREG(info.st_mode)) size_ = static_cast<uint64_t>(info.st_size);
    return FillTo(kSegmentMagic.size());  // What tells one form from another.
  }

  const std::string& path() const override { return path_; }
  uint64_t size() const override { return size_; }
  uint64_t taken() const override { return read_ - rest().size(); }

  absl::StatusOr<size_t> Read(char* out, size_t size) override {
    while (true) {
      const ssize_t count = read(file_.get(), out, size);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return SystemError(errno, absl::StrCat("cannot read ", path_));
      read_ += static_cast<uint64_t>(count);
      return static_cast<size_t>(count);
    }
  }

 private:
  std::string path_;
  FileDescriptor file_;
  uint64_t size_ = 0;
  uint64_t read_ = 0;
};

class DecryptedBytes : public StoredBytes {
 public:
  DecryptedBytes(std::unique_ptr<StoredBytes> file, const KeyRing* keys)
      : StoredBytes(kBufferSize), file_(std::move(file)), decryptor_(keys, file_->path()) {}

  // So that a key that is missing shows at once.
  absl::Status Start() { return FillTo(1); }

  const std::string& path() const override { return file_->path(); }
  uint64_t size() const override { return file_->size(); }
  uint64_t taken() const override { return decryptor_.offset(); }

  absl::StatusOr<size_t> Read(char* out, size_t size) override {
    while (at_ == content_.size()) {
      content_.clear();
      at_ = 0;
      ASSIGN_OR_RETURN(const size_t taken, decryptor_.Take(file_->rest(), &content_));
      file_->Skip(taken);
      if (taken > 0) continue;
      ASSIGN_OR_RETURN(const bool more, file_->Fill());
      if (more) continue;
      if (!file_->rest().empty() || !decryptor_.at_end()) return StoredCutShort(*this, "encrypted");
      return 0;
    }
    const size_t count = std::min(size, content_.size() - at_);
    std::memcpy(out, content_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  const std::unique_ptr<StoredBytes> file_;
  Decryptor decryptor_;
  std::string content_;  // Of one chunk.
  size_t at_ = 0;        // In it.
};

}  // namespace

absl::StatusOr<bool> StoredBytes::Fill() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  ASSIGN_OR_RETURN(const size_t count, Read(buffer_.data() + end_, buffer_.size() - end_));
  end_ += count;
  return count > 0;
}

absl::Status StoredBytes::FillTo(size_t size) {
  while (rest().size() < size) {
    ASSIGN_OR_RETURN(const bool more, Fill());
    if (!more) break;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<StoredBytes>> StoredBytes::Open(const std::string& path, const KeyRing* keys) {
  auto file = std::make_unique<FileBytes>();
  RETURN_IF_ERROR(file->Open(path));
  std::unique_ptr<StoredBytes> bytes = std::move(file);
  if (!absl::StartsWith(bytes->rest(), kSegmentMagic)) return bytes;
  auto decrypted = std::make_unique<DecryptedBytes>(std::move(bytes), keys);
  RETURN_IF_ERROR(decrypted->Start());
  bytes = std::move(decrypted);
  return bytes;
}

absl::Status StoredCutShort(const StoredBytes& file, absl::string_view format) {
  return MakeError(absl::StatusCode::kDataLoss, "LOG_CUT_SHORT",
                   absl::StrCat(file.path(), ": the ", format, " data is cut short after ", file.taken(),
                                " bytes; take a whole copy of the file"));
}

}  // namespace binlogd
