#include "client/log_report.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "binlog/utf8.h"
#include "client/table.h"
#include "client/text.h"

namespace binlogd {
namespace {

using Align = Table::Align;

std::string EventName(uint8_t type) {
  const absl::string_view name = EventTypeName(static_cast<EventType>(type));
  return name == "Unknown" ? absl::StrCat("type ", type) : std::string(name);
}

std::string Seconds(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(time.seconds()), absl::UTCTimeZone());
}

std::string ServerText(const v1::LogContents& file) {
  std::string text = absl::StrCat(file.flavor(), " ", file.server_version(), ", checksum ", file.checksum());
  if (file.relay_log()) absl::StrAppend(&text, ", relay log");
  if (file.in_use()) absl::StrAppend(&text, ", not closed by the server");
  return text;
}

std::string BiggestText(const v1::LogContents::Transaction& biggest) {
  return absl::StrCat(BytesText(biggest.bytes()), " at ", biggest.position(), biggest.gtid().empty() ? "" : ", ",
                      biggest.gtid());
}

std::string Indented(const std::string& table) {
  std::string text;
  size_t begin = 0;
  for (size_t end = 0; (end = table.find('\n', begin)) != std::string::npos; begin = end + 1) {
    absl::StrAppend(&text, "  ", absl::string_view(table).substr(begin, end + 1 - begin));
  }
  return text;
}

std::string EventsTable(const v1::LogContents& file, bool colour) {
  Table table({{"EVENT"}, {"COUNT", Align::kRight}});
  for (int type = 0; type < 256; ++type) {
    const auto found = file.events_by_type().find(EventName(static_cast<uint8_t>(type)));
    // Both dialects have a "Gtid".
    if (found == file.events_by_type().end() || type == static_cast<int>(EventType::kMariaDbGtid)) continue;
    table.Add({found->first, absl::StrCat(found->second)});
  }
  return Indented(table.Text(colour));
}

std::string RowsTable(const v1::LogContents& file, bool colour) {
  if (file.rows_by_table().empty()) return "";
  Table table({{"TABLE"}, {"INSERTS", Align::kRight}, {"UPDATES", Align::kRight}, {"DELETES", Align::kRight}});
  for (const v1::LogContents::TableRows& rows : file.rows_by_table()) {
    table.Add({absl::StrCat(rows.database(), ".", rows.table()), absl::StrCat(rows.inserts()),
               absl::StrCat(rows.updates()), absl::StrCat(rows.deletes())});
  }
  return absl::StrCat("\n", Indented(table.Text(colour)));
}

void SetProblem(const absl::Status& problem, std::string* text, std::string* reason) {
  if (problem.ok()) return;
  *text = ReplaceInvalidUtf8(problem.message());
  *reason = ErrorReason(problem);
}

}  // namespace

v1::LogVerification ToProto(const LogFinding& finding) {
  v1::LogVerification file;
  file.set_file(ReplaceInvalidUtf8(finding.path));
  file.set_ok(finding.problem.ok());
  file.set_size(finding.size);
  file.set_events(finding.events);
  file.set_transactions(finding.transactions);
  file.set_gtid_set(finding.gtid_set);
  SetProblem(finding.problem, file.mutable_problem(), file.mutable_reason());
  return file;
}

v1::LogContents ToProto(const LogSummary& summary, const absl::Status& problem) {
  v1::LogContents file;
  file.set_file(ReplaceInvalidUtf8(summary.path));
  SetProblem(problem, file.mutable_problem(), file.mutable_reason());
  if (summary.event_count == 0) return file;
  file.set_flavor(FlavorName(summary.flavor));
  file.set_server_version(ReplaceInvalidUtf8(summary.server_version));
  file.set_checksum(summary.checksum == ChecksumAlgorithm::kCrc32 ? "CRC32" : "NONE");
  file.set_in_use(summary.in_use);
  file.set_relay_log(summary.relay_log);
  file.set_size(summary.size);
  file.set_events(summary.event_count);
  file.set_transactions(summary.transactions);
  for (size_t type = 0; type < summary.events.size(); ++type) {
    if (summary.events[type] == 0) continue;
    (*file.mutable_events_by_type())[EventName(static_cast<uint8_t>(type))] += summary.events[type];
  }
  for (const auto& [table, rows] : summary.rows) {
    v1::LogContents::TableRows& entry = *file.add_rows_by_table();
    entry.set_database(table.first);
    entry.set_table(table.second);
    entry.set_inserts(rows.inserts);
    entry.set_updates(rows.updates);
    entry.set_deletes(rows.deletes);
  }
  file.set_previous_gtid_set(summary.stated_gtids.ToString());
  file.set_gtid_set(summary.gtids.ToString());
  file.set_first_gtid(summary.first_gtid);
  file.set_last_gtid(summary.last_gtid);
  if (summary.first_time != 0) {
    file.mutable_first_time()->set_seconds(summary.first_time);
    file.mutable_last_time()->set_seconds(summary.last_time);
  }
  if (summary.transactions > 0) {
    v1::LogContents::Transaction& biggest = *file.mutable_biggest_transaction();
    biggest.set_bytes(summary.biggest.bytes);
    biggest.set_position(summary.biggest.begin);
    biggest.set_gtid(summary.biggest.gtid);
  }
  return file;
}

std::string VerificationTable(const std::vector<v1::LogVerification>& files, bool colour) {
  Table table({{"FILE"},
               {"RESULT"},
               {"SIZE", Align::kRight},
               {"EVENTS", Align::kRight},
               {"TRANSACTIONS", Align::kRight},
               {"REASON"}});
  for (const v1::LogVerification& file : files) {
    const Table::Cell result = file.ok() ? Table::Cell("ok", Colour::kGreen) : Table::Cell("bad", Colour::kRed);
    table.Add({file.file(), result, BytesText(file.size()), absl::StrCat(file.events()),
               absl::StrCat(file.transactions()), file.reason()});
  }
  return table.Text(colour);
}

std::string ContentsText(const v1::LogContents& file, bool colour) {
  std::string text = absl::StrCat(Paint(EscapeText(file.file()), Colour::kBold, colour), "\n");
  if (file.events() == 0) return text;
  const auto line = [&text](absl::string_view name, absl::string_view value) {
    const std::string shown = EscapeText(value);
    absl::StrAppend(&text, "  ", name, std::string(14 - name.size(), ' '), shown.empty() ? "-" : shown, "\n");
  };
  line("Server", ServerText(file));
  line("Size", absl::StrCat(BytesText(file.size()), " (", file.size(), " bytes)"));
  line("Events", absl::StrCat(file.events()));
  line("Transactions", absl::StrCat(file.transactions()));
  line("Time",
       file.has_first_time() ? absl::StrCat(Seconds(file.first_time()), " to ", Seconds(file.last_time())) : "");
  line("GTIDs", file.first_gtid().empty() ? "" : absl::StrCat(file.first_gtid(), " to ", file.last_gtid()));
  line("GTID set", file.gtid_set());
  line("Before it", file.previous_gtid_set());
  line("Biggest", file.has_biggest_transaction() ? BiggestText(file.biggest_transaction()) : "");
  absl::StrAppend(&text, "\n", EventsTable(file, colour), RowsTable(file, colour));
  return text;
}

}  // namespace binlogd
