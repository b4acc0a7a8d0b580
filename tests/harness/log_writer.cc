#include "tests/harness/log_writer.h"

#include <libdeflate.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "binlog/gtid_set.h"
#include "tests/binlog/events.h"

namespace binlogd::testing {
namespace {

constexpr size_t kSizeAt = 9;
constexpr size_t kEndAt = 13;
constexpr size_t kFlagsAt = 17;

void Put(uint64_t value, int width, size_t at, std::string* event) {
  const std::string bytes = Little(value, width);
  std::copy(bytes.begin(), bytes.end(), event->begin() + static_cast<std::ptrdiff_t>(at));
}

void PutChecksum(std::string* event) {
  event->resize(event->size() - kChecksumSize);
  event->append(Little(libdeflate_crc32(0, event->data(), event->size()), 4));
}

}  // namespace

LogWriter::LogWriter(std::string file, uint32_t created) : file_(std::move(file)), created_(created) {
  ArtificialRotate(file_);
  Append(Format(false), false);
}

void LogWriter::Append(std::string event, bool artificial) {
  event.append(kChecksumSize, '\0');
  Put(event.size(), 4, kSizeAt, &event);
  const bool no_end = artificial || no_end_positions_;
  Put(no_end ? 0 : offset_ + event.size(), 4, kEndAt, &event);
  if (time_ != 0) Put(time_, 4, 0, &event);
  if (artificial) Put(kArtificialFlag, 2, kFlagsAt, &event);
  PutChecksum(&event);
  const EventType type = ParseEventHeader(event)->type;
  LoggedEvent logged{std::move(event), artificial ? "" : file_, artificial ? 0 : offset_, type};
  if (!artificial) offset_ += logged.bytes.size();
  events_.push_back(std::move(logged));
}

std::string LogWriter::Format(bool artificial) const {
  std::string event = MakeFormat("8.0.40");
  event.resize(event.size() - kChecksumSize);  // Append adds the checksum's place.
  event.back() = 1;                            // CRC-32.
  Put(created_, 4, 0, &event);
  if (artificial) Put(0, 4, kEventHeaderSize + 52, &event);
  return event;
}

void LogWriter::Add(EventType type, absl::string_view body) { Append(MakeEvent(type, body), false); }

void LogWriter::Rotate() {
  const size_t dot = file_.rfind('.');
  const uint64_t next = std::stoull(file_.substr(dot + 1)) + 1;
  const std::string name = absl::StrFormat("%s.%06d", file_.substr(0, dot), next);
  Add(EventType::kRotate, absl::StrCat(Little(kFirstEventOffset, 8), name));
  ArtificialRotate(name);
  file_ = name;
  offset_ = kFirstEventOffset;
  Append(Format(false), false);
  PreviousGtids();
}

void LogWriter::Transaction(const std::vector<std::pair<int32_t, std::string>>& rows) {
  Gtid();
  Query("BEGIN");
  TableMap();
  for (size_t i = 0; i < rows.size(); ++i) WriteRows(rows[i].first, rows[i].second, i + 1 == rows.size());
  Xid();
}

void LogWriter::PayloadTransaction(const std::vector<std::pair<int32_t, std::string>>& rows) {
  Gtid();
  std::string events = MakeQuery("BEGIN") + MakeEvent(EventType::kTableMap, TableMapBody());
  for (size_t i = 0; i < rows.size(); ++i) {
    events += MakeEvent(EventType::kWriteRows, WriteRowsBody(rows[i].first, rows[i].second, i + 1 == rows.size()));
  }
  events += MakeEvent(EventType::kXid, Little(++xid_, 8));
  Add(EventType::kTransactionPayload, MakePayloadBody(events, 255, events.size()));
}

void LogWriter::Ddl(absl::string_view statement) {
  Gtid();
  Query(statement);
}

void LogWriter::Gtid() { Append(MakeGtid(++gtid_), false); }

void LogWriter::Query(absl::string_view statement, absl::string_view schema) {
  Append(MakeQuery(statement, schema), false);
}

// shop.t: id INT NOT NULL, name VARCHAR(200) of utf8mb4; optional metadata SIGNEDNESS (1), DEFAULT_CHARSET (2),
// COLUMN_NAME (4).
std::string LogWriter::TableMapBody() {
  return absl::StrCat(Little(7, 6), Little(1, 2), Little(4, 1), "shop", Little(0, 1), Little(1, 1), "t", Little(0, 1),
                      Little(2, 1), Little(3, 1), Little(15, 1), Little(2, 1), Little(800, 2), Little(2, 1),
                      Little(1, 1), Little(1, 1), Little(0, 1), Little(2, 1), Little(1, 1), Little(45, 1), Little(4, 1),
                      Little(8, 1), Little(2, 1), "id", Little(4, 1), "name");
}

void LogWriter::TableMap() { Add(EventType::kTableMap, TableMapBody()); }

std::string LogWriter::WriteRowsBody(int32_t id, absl::string_view name, bool ends_statement) {
  return absl::StrCat(Little(7, 6), Little(ends_statement ? 1 : 0, 2), Little(2, 2), Little(2, 1), Little(3, 1),
                      Little(0, 1), Little(static_cast<uint32_t>(id), 4), Little(name.size(), 2), name);
}

void LogWriter::WriteRows(int32_t id, absl::string_view name, bool ends_statement) {
  Add(EventType::kWriteRows, WriteRowsBody(id, name, ends_statement));
}

void LogWriter::Xid() { Add(EventType::kXid, Little(++xid_, 8)); }

std::string LogWriter::gtid_set() const {
  if (gtid_ == 0) return "";
  return gtid_ == 1 ? absl::StrCat(kServerUuid, ":1") : absl::StrCat(kServerUuid, ":1-", gtid_);
}

void LogWriter::PreviousGtids() {
  Add(EventType::kPreviousGtids, GtidSet::Parse(Flavor::kMySql, gtid_set())->Encode());
}

void LogWriter::Heartbeat() { Append(MakeEvent(EventType::kHeartbeat, file_), true); }

void LogWriter::ArtificialRotate(const std::string& file, uint64_t offset) {
  std::string event = MakeEvent(EventType::kRotate, absl::StrCat(Little(offset, 8), file));
  Put(0, 4, 0, &event);
  Append(std::move(event), true);
}

void LogWriter::ArtificialFormat() {
  Append(Format(true), true);
  // Servers do not flag it; they only leave its end out.
  std::string& event = events_.back().bytes;
  Put(0, 2, kFlagsAt, &event);
  PutChecksum(&event);
}

std::string LogWriter::FileBytes(const std::string& file) const {
  std::string bytes(kFileMagic);
  for (const LoggedEvent& event : events_) {
    if (event.file == file) bytes += event.bytes;
  }
  return bytes;
}

std::vector<std::string> LogWriter::files() const {
  std::vector<std::string> names;
  for (const LoggedEvent& event : events_) {
    if (event.in_file() && (names.empty() || names.back() != event.file)) names.push_back(event.file);
  }
  return names;
}

std::string WithBadChecksum(std::string event) {
  event.back() = static_cast<char>(event.back() ^ 1);
  return event;
}

std::string WithEndPosition(std::string event, uint32_t end) {
  Put(end, 4, kEndAt, &event);
  PutChecksum(&event);
  return event;
}

std::string WithSize(std::string event, uint32_t size) {
  Put(size, 4, kSizeAt, &event);
  PutChecksum(&event);
  return event;
}

}  // namespace binlogd::testing
