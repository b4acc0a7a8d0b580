// A binary log made up for a test.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "binlog/event_header.h"

namespace binlogd::testing {

// One event as a dump sends it.
struct LoggedEvent {
  std::string bytes;
  std::string file;    // The file that it stands in; empty for an artificial one.
  uint64_t begin = 0;  // Its offset there.
  EventType type = EventType::kUnknown;

  uint64_t end() const { return begin + bytes.size(); }
  bool in_file() const { return !file.empty(); }
};

// Writes the log of a MySQL server with CRC-32 checksums and GTIDs, event by event: sizes, ends and checksums are right
// unless asked otherwise. The events are what a dump from the first file's beginning sends, artificial ones included.
// Not thread-safe.
class LogWriter {
 public:
  static constexpr char kServerUuid[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

  // The log's first file, with its format description.
  explicit LogWriter(std::string file = "binlog.000001", uint32_t created = 1700000000);

  // Goes on in the next file: ROTATE, the artificial ROTATE that a dump adds, the format description and the GTIDs so
  // far.
  void Rotate();
  // GTID, BEGIN, a table map of shop.t (id INT, name VARCHAR; names in the metadata), a rows event for each row, XID.
  void Transaction(const std::vector<std::pair<int32_t, std::string>>& rows);
  // GTID and the rest of such a transaction in a TRANSACTION_PAYLOAD, not compressed.
  void PayloadTransaction(const std::vector<std::pair<int32_t, std::string>>& rows);
  // GTID and a statement.
  void Ddl(absl::string_view statement);

  // Single events, for logs that no server writes.
  void Gtid();
  void Query(absl::string_view statement, absl::string_view schema = "shop");
  void TableMap();
  void WriteRows(int32_t id, absl::string_view name, bool ends_statement);
  void Xid();
  void PreviousGtids();
  void Heartbeat();
  void ArtificialRotate(const std::string& file, uint64_t offset = kFirstEventOffset);
  // The format description that a dump from inside a file begins with.
  void ArtificialFormat();
  // The bodies of a table map and a rows event.
  static std::string TableMapBody();
  static std::string WriteRowsBody(int32_t id, absl::string_view name, bool ends_statement);
  // An event of `type` with this body; its header and checksum are right.
  void Add(EventType type, absl::string_view body);

  // As if the file went on at `offset`: for places that no test could write its way to.
  void SkipTo(uint64_t offset) { offset_ = offset; }
  // MariaDB 11.4 and later send 0 as the end of events inside a transaction.
  void set_no_end_positions(bool none) { no_end_positions_ = none; }

  // The time of the events that follow, seconds since 1970.
  void set_time(uint32_t time) { time_ = time; }

  const std::vector<LoggedEvent>& events() const { return events_; }
  const std::string& file() const { return file_; }
  uint64_t offset() const { return offset_; }
  uint64_t gtids() const { return gtid_; }
  std::string gtid_set() const;
  // The file as it stands on the source's disk; only of files that were not skipped in.
  std::string FileBytes(const std::string& file) const;
  std::vector<std::string> files() const;

 private:
  void Append(std::string event, bool artificial);
  std::string Format(bool artificial) const;

  std::string file_;
  uint32_t created_;
  uint64_t offset_ = kFirstEventOffset;
  uint64_t gtid_ = 0;
  uint64_t xid_ = 0;
  bool no_end_positions_ = false;
  uint32_t time_ = 0;
  std::vector<LoggedEvent> events_;
};

// Faults.
std::string WithBadChecksum(std::string event);
// The header's end is `end`; the checksum is right again.
std::string WithEndPosition(std::string event, uint32_t end);
// The header's size is `size`; the checksum is right again.
std::string WithSize(std::string event, uint32_t size);

}  // namespace binlogd::testing
