// The events of one binary log file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "archive/log_bytes.h"
#include "binlog/event_header.h"
#include "binlog/flavor.h"
#include "binlog/format_description.h"
#include "codec/key_ring.h"

namespace binlogd {

struct LogFileOptions {
  // Whose log it is; by default the format description tells.
  std::optional<Flavor> flavor;
  // What standard input is called.
  std::string standard_input_name = "-";
  // Of files that are encrypted at rest.
  KeyRing keys;
  bool check_checksums = true;
};

// One event of a file, as it stands there.
struct LogFileEvent {
  uint64_t offset = 0;  // Of its first byte, in the uncompressed file.
  EventHeader header;
  absl::string_view bytes;  // Checksum included. Valid until the next call of LogFileReader::Next().

  uint64_t end() const { return offset + bytes.size(); }
};

// Reads a plain, compressed (zstd, gzip) or encrypted (by binlogd) binary log file of version 4 (MySQL 5.0 and later,
// MariaDB), or a relay log. Memory grows with the largest event only, and only as its bytes arrive, whatever size it
// claims. Not thread-safe.
class LogFileReader {
 public:
  // "-" is standard input. Besides the system's errors: NOT_A_BINARY_LOG, LOG_ENCRYPTED, LOG_CUT_SHORT; errors of
  // LogBytes. Messages begin with the path.
  static absl::StatusOr<std::unique_ptr<LogFileReader>> Open(const std::string& path, const LogFileOptions& options);

  // Moves to the next event; false at the end of the file. DATA_LOSS: LOG_CUT_SHORT, EVENT_MALFORMED,
  // CHECKSUM_MISMATCH; FAILED_PRECONDITION (LOG_ENCRYPTED). Messages are those of EventError(). After an error the file
  // cannot be read on.
  absl::StatusOr<bool> Next(LogFileEvent* event);

  // As it was given.
  const std::string& path() const { return path_; }
  // Without folders and without the endings of a compressed or encrypted file: the name that the server gave it.
  const std::string& name() const { return name_; }
  // Of the last event's end.
  uint64_t offset() const { return offset_ + event_size_; }
  // The format description in force; null before the first event.
  const std::shared_ptr<const FormatDescription>& format() const { return format_; }
  Flavor flavor() const { return flavor_; }
  // Flags of the first format description: the server had not closed the file, or a replica received it.
  bool in_use() const { return (first_flags_ & kBinlogInUseFlag) != 0; }
  bool relay_log() const { return (first_flags_ & kRelayLogFlag) != 0; }
  // Whether Next() will not wait for the file's bytes.
  bool next_is_buffered() const;
  const LogBytes& bytes() const { return *source_; }

 private:
  LogFileReader(std::string path, const LogFileOptions& options);
  absl::Status CheckMagic();
  // Buffers `size` bytes from the current place on, or what there is.
  absl::Status Buffer(size_t size);
  absl::Status TakeFormat(const LogFileEvent& event);
  absl::Status Check(const LogFileEvent& event);
  absl::Status CutShort(absl::string_view what) const;
  absl::string_view buffered() const { return absl::string_view(buffer_.get() + begin_, end_ - begin_); }

  const std::string path_;
  const std::string name_;
  const LogFileOptions options_;
  std::unique_ptr<LogBytes> source_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t offset_ = 0;    // Of buffer_[begin_] in the file.
  size_t event_size_ = 0;  // Of the event there that was handed out.
  std::shared_ptr<const FormatDescription> format_;
  Flavor flavor_ = Flavor::kMySql;
  uint16_t first_flags_ = 0;
};

// Whose server wrote the file that begins with this event.
Flavor FlavorOf(const FormatDescription& format);

// The name that a server gave the file at `path`: without folders and without ".zst", ".gz" and ".enc".
std::string LogFileName(absl::string_view path);

}  // namespace binlogd
