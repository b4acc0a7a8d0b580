#include "archive/log_file.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlog/checksum.h"
#include "binlog/event_error.h"
#include "binlog/malformed.h"
#include "binlog/utf8.h"

namespace binlogd {
namespace {

constexpr size_t kFirstCapacity = 1 << 20;
// MySQL 8.0.14 and later; encrypted files of MariaDB begin as others do.
constexpr absl::string_view kEncryptedMagic("\xfd\x62\x69\x6e", 4);

struct OtherFormat {
  absl::string_view magic;
  absl::string_view way_out;
};

// What else a log may be wrapped in.
constexpr OtherFormat kOtherFormats[] = {
    {absl::string_view("\xfd\x37\x7a\x58", 4),
     "it is compressed by xz: uncompress it first, or hand it over by a pipe"},
    {absl::string_view("BZh", 3), "it is compressed by bzip2: uncompress it first, or hand it over by a pipe"},
    {absl::string_view("\x04\x22\x4d\x18", 4),
     "it is compressed by lz4: uncompress it first, or hand it over by a pipe"},
    {absl::string_view("PK\x03\x04", 4), "it is a zip archive: unpack it first"},
};

absl::Status NotALog(absl::string_view path, absl::string_view what) {
  return MakeError(absl::StatusCode::kInvalidArgument, "NOT_A_BINARY_LOG", absl::StrCat(path, ": ", what));
}

absl::Status Encrypted(absl::string_view what) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "LOG_ENCRYPTED",
                   absl::StrCat(what,
                                ", and its key is with the server; let a streamer read it from the server, which "
                                "sends it in clear, or have the server's own tools decrypt it"));
}

absl::Status WrongChecksum() {
  return MakeError(absl::StatusCode::kDataLoss, "CHECKSUM_MISMATCH",
                   "its checksum is wrong: the file is damaged here; take another copy");
}

}  // namespace

Flavor FlavorOf(const FormatDescription& format) {
  // MariaDB's own event types begin at 160, and it always lists them; the version text can be set by an administrator.
  constexpr size_t kFirstMariaDbType = 160;
  const bool mariadb =
      format.post_header_lengths.size() >= kFirstMariaDbType || absl::StrContains(format.server_version, "MariaDB");
  return mariadb ? Flavor::kMariaDb : Flavor::kMySql;
}

std::string LogFileName(absl::string_view path) {
  absl::string_view name = path.substr(path.rfind('/') + 1);
  absl::ConsumeSuffix(&name, ".enc");
  if (!absl::ConsumeSuffix(&name, ".zst")) absl::ConsumeSuffix(&name, ".gz");
  return ReplaceInvalidUtf8(name);
}

LogFileReader::LogFileReader(std::string path, const LogFileOptions& options)
    : path_(std::move(path)),
      name_(path_ == "-" ? options.standard_input_name : LogFileName(path_)),
      options_(options),
      buffer_(new char[kFirstCapacity]),
      capacity_(kFirstCapacity) {}

absl::StatusOr<std::unique_ptr<LogFileReader>> LogFileReader::Open(const std::string& path,
                                                                   const LogFileOptions& options) {
  std::unique_ptr<LogFileReader> file(new LogFileReader(path, options));
  // The keys that it reads by are its own.
  ASSIGN_OR_RETURN(file->source_, LogBytes::Open(path, &file->options_.keys));
  RETURN_IF_ERROR(file->CheckMagic());
  return file;
}

absl::Status LogFileReader::CheckMagic() {
  RETURN_IF_ERROR(Buffer(kFileMagic.size()));
  const absl::string_view begin = buffered();
  if (begin.empty()) return NotALog(path_, "the file is empty; a binary log begins with the bytes fe 62 69 6e");
  if (absl::StartsWith(begin, kEncryptedMagic)) {
    return Annotate(Encrypted("the file is encrypted (binlog_encryption)"), path_);
  }
  if (absl::StartsWith(begin, kFileMagic)) {
    begin_ = kFileMagic.size();
    offset_ = kFirstEventOffset;
    return absl::OkStatus();
  }
  if (begin.size() < kFileMagic.size() && absl::StartsWith(kFileMagic, begin)) {
    return CutShort(absl::StrCat("the file has only ", begin.size(), " bytes"));
  }
  for (const OtherFormat& other : kOtherFormats) {
    if (absl::StartsWith(begin, other.magic)) return NotALog(path_, other.way_out);
  }
  return NotALog(path_,
                 "not a binary log: it does not begin with the bytes fe 62 69 6e; is it another file, or a part from "
                 "the middle of a log? give the whole file, from its beginning");
}

absl::Status LogFileReader::Buffer(size_t size) {
  while (end_ - begin_ < size) {
    if (begin_ > 0 && capacity_ - begin_ < size) {
      std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (end_ == capacity_) {
      // Never more than twice what has arrived: a claimed size is not believed.
      const size_t capacity = std::min(capacity_ * 2, std::max(size, kFirstCapacity));
      std::unique_ptr<char[]> buffer(new char[capacity]);
      std::memcpy(buffer.get(), buffer_.get() + begin_, end_ - begin_);
      buffer_ = std::move(buffer);
      capacity_ = capacity;
      end_ -= begin_;
      begin_ = 0;
    }
    ASSIGN_OR_RETURN(const size_t count, source_->Read(buffer_.get() + end_, capacity_ - end_));
    if (count == 0) return absl::OkStatus();
    end_ += count;
  }
  return absl::OkStatus();
}

absl::Status LogFileReader::CutShort(absl::string_view what) const {
  return MakeError(
      absl::StatusCode::kDataLoss, "LOG_CUT_SHORT",
      absl::StrCat(path_, ": offset ", offset_, ": ", what,
                   ": the file is cut short; the server still writes it or crashed, or the copy is not whole"));
}

absl::StatusOr<bool> LogFileReader::Next(LogFileEvent* event) {
  begin_ += event_size_;
  offset_ += event_size_;
  event_size_ = 0;
  RETURN_IF_ERROR(Buffer(kEventHeaderSize));
  if (buffered().empty() && format_ != nullptr) return false;
  if (buffered().size() < kEventHeaderSize) {
    return CutShort(buffered().empty() ? "the file ends before its first event"
                                       : absl::StrCat("an event begins that has only ", buffered().size(), " bytes"));
  }
  absl::StatusOr<EventHeader> header = ParseEventHeader(buffered());
  if (!header.ok()) {
    constexpr size_t kTypeOffset = 4;
    return EventError(path_, offset_, static_cast<EventType>(buffered()[kTypeOffset]), header.status());
  }
  event->offset = offset_;
  event->header = *header;
  if (format_ == nullptr && header->type != EventType::kFormatDescription) {
    return EventError(path_, offset_, header->type,
                      Malformed("the first event must be a format description (version 4); this is no binary log of "
                                "MySQL 5.0 or later, or of MariaDB, or its beginning is missing"));
  }
  RETURN_IF_ERROR(Buffer(header->size));
  if (buffered().size() < header->size) {
    return CutShort(absl::StrCat(EventTypeName(header->type), ": the event claims ", header->size, " bytes, but only ",
                                 buffered().size(), " follow"));
  }
  event->bytes = buffered().substr(0, header->size);
  if (absl::Status checked = Check(*event); !checked.ok()) {
    return EventError(path_, offset_, header->type, checked);
  }
  event_size_ = header->size;
  return true;
}

absl::Status LogFileReader::Check(const LogFileEvent& event) {
  if (event.header.type == EventType::kFormatDescription) return TakeFormat(event);
  if (event.bytes.size() < kEventHeaderSize + format_->checksum_size()) {
    return Malformed(absl::StrCat("its ", event.bytes.size(), " bytes have no room for its checksum"));
  }
  if (options_.check_checksums && format_->checksum == ChecksumAlgorithm::kCrc32 && !ChecksumMatches(event.bytes)) {
    return WrongChecksum();
  }
  // A server that sends an encrypted log in clear marks the event as ignorable: so it stands in a copy of what was
  // sent.
  const bool is_clear = (event.header.flags & kIgnorableFlag) != 0;
  if (event.header.type == EventType::kMariaDbStartEncryption && flavor_ == Flavor::kMariaDb && !is_clear) {
    return Encrypted("what follows is encrypted (encrypt_binlog)");
  }
  return absl::OkStatus();
}

absl::Status LogFileReader::TakeFormat(const LogFileEvent& event) {
  ASSIGN_OR_RETURN(FormatDescription format, ParseFormatDescription(event.bytes));
  if (options_.check_checksums && format.checksum == ChecksumAlgorithm::kCrc32 && !ChecksumMatches(event.bytes)) {
    return WrongChecksum();
  }
  flavor_ = options_.flavor.value_or(FlavorOf(format));
  if (format_ == nullptr) first_flags_ = event.header.flags;
  format_ = std::make_shared<const FormatDescription>(std::move(format));
  return absl::OkStatus();
}

bool LogFileReader::next_is_buffered() const {
  const absl::string_view next = buffered().substr(event_size_);
  if (next.size() < kEventHeaderSize) return false;
  const absl::StatusOr<EventHeader> header = ParseEventHeader(next);
  return !header.ok() || next.size() >= header->size;
}

}  // namespace binlogd
