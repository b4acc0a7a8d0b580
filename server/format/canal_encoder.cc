#include "format/canal_encoder.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "base/status_macros.h"
#include "binlog/statement.h"
#include "format/canal_value.h"
#include "format/json_writer.h"

namespace binlogd {
namespace {

bool IsModifier(absl::string_view word) {
  constexpr absl::string_view kModifiers[] = {"OR",      "REPLACE", "TEMPORARY", "UNIQUE", "FULLTEXT",
                                              "SPATIAL", "VECTOR",  "ONLINE",    "IGNORE"};
  return std::any_of(std::begin(kModifiers), std::end(kModifiers),
                     [word](absl::string_view modifier) { return absl::EqualsIgnoreCase(word, modifier); });
}

// What Canal calls a statement, from its first words.
absl::string_view StatementType(absl::string_view statement) {
  const auto words = LeadingWords(statement);
  size_t at = 1;
  while (at + 1 < words.size() && IsModifier(words[at])) ++at;
  const auto is = [&words](size_t i, absl::string_view word) { return absl::EqualsIgnoreCase(words[i], word); };
  if (is(0, "TRUNCATE")) return "TRUNCATE";
  if (is(at, "TABLE")) {
    if (is(0, "CREATE")) return "CREATE";
    if (is(0, "ALTER")) return "ALTER";
    if (is(0, "DROP")) return "ERASE";
    if (is(0, "RENAME")) return "RENAME";
  }
  if (is(at, "INDEX") && is(0, "CREATE")) return "CINDEX";
  if (is(at, "INDEX") && is(0, "DROP")) return "DINDEX";
  return "QUERY";
}

absl::string_view RowsType(EventKind kind) {
  return kind == EventKind::kWrite ? "INSERT" : kind == EventKind::kUpdate ? "UPDATE" : "DELETE";
}

// An object with a member for each column that `value` appends something for.
template <typename Value>
void AppendColumns(absl::string_view name, const TableMap& table, std::string* out, Value value) {
  AppendJsonNextMember(name, out);
  out->push_back('{');
  bool first = true;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const std::string text = value(table.columns[i]);
    if (text.empty()) continue;
    if (!first) out->push_back(',');
    first = false;
    AppendJsonColumnKey(table.columns[i].name, i, out);
    out->append(text);
  }
  out->push_back('}');
}

std::string QuotedType(const Column& column) {
  std::string quoted;
  const std::string type = CanalMySqlType(column);
  if (!type.empty()) AppendJsonText(type, &quoted);
  return quoted;
}

void AppendTypes(const TableMap& table, std::string* out) {
  AppendJsonNextMember("pkNames", out);
  if (table.primary_key.empty()) {
    out->append("null");
  } else {
    AppendPrimaryKeyNames(table, out);
  }
  AppendColumns("sqlType", table, out, [](const Column& column) { return std::to_string(CanalSqlType(column)); });
  AppendColumns("mysqlType", table, out, QuotedType);
}

}  // namespace

CanalEncoder::CanalEncoder(const EncoderOptions& options) : received_(options.received), changes_(AppendCanalValue) {}

absl::Status CanalEncoder::Append(const DecodedEvent& event, const EventPlace& place, bool passes, RecordBuffer* out) {
  if (!passes || (event.rows == nullptr && event.kind != EventKind::kQuery)) return absl::OkStatus();
  const size_t begin = out->values.size();
  if (event.rows != nullptr) {
    AppendHead(event, place, RowsType(event.kind), &out->values);
    const absl::Status rows = AppendRows(event, &out->values);
    if (!rows.ok()) {
      out->values.resize(begin);
      return rows;
    }
  } else {
    AppendHead(event, place, StatementType(event.query), &out->values);
    out->values.append(",\"pkNames\":null,\"sqlType\":null,\"mysqlType\":null,\"data\":null,\"old\":null");
  }
  out->values.append("}\n");
  ++out->count;
  if (out->wants_records) {
    out->origins.emplace_back(event, place);
    out->AddRecord(begin, out->values.size() - begin - 1, {});
  }
  return absl::OkStatus();
}

void CanalEncoder::AppendHead(const DecodedEvent& event, const EventPlace& place, absl::string_view type,
                              std::string* out) {
  out->append("{\"id\":");
  AppendJsonInteger(place.end_offset, out);
  AppendJsonNextMember("database", out);
  AppendJsonText(event.database, out);
  AppendJsonNextMember("table", out);
  AppendJsonText(event.table, out);
  AppendJsonNextMember("type", out);
  AppendJsonText(type, out);
  AppendJsonNextMember("isDdl", out);
  out->append(event.is_ddl ? "true" : "false");
  AppendJsonNextMember("es", out);
  AppendJsonInteger(int64_t{event.header.timestamp} * 1000, out);
  AppendJsonNextMember("ts", out);
  if (received_ == absl::InfinitePast()) {
    out->append("null");
  } else {
    AppendJsonInteger(absl::ToUnixMillis(received_), out);
  }
  AppendJsonNextMember("gtid", out);
  AppendJsonText(event.gtid, out);
  AppendJsonNextMember("sql", out);
  AppendJsonText(event.rows == nullptr ? event.query : absl::string_view(), out);
}

absl::Status CanalEncoder::AppendRows(const DecodedEvent& event, std::string* values) {
  const TableMap& table = *event.table_map;
  AppendTypes(table, values);
  AppendJsonNextMember("data", values);
  values->push_back('[');
  old_rows_.assign(1, '[');
  changes_.Start(event);
  for (bool first = true; changes_.Next(); first = false) {
    const WrittenRow& row = changes_.after() != nullptr ? *changes_.after() : *changes_.before();
    if (!first) values->push_back(',');
    AppendRowObject(row, table, values);
    if (event.kind != EventKind::kUpdate) continue;
    if (!first) old_rows_.push_back(',');
    AppendChangedColumns(*changes_.before(), row, table, &old_rows_);
  }
  RETURN_IF_ERROR(changes_.status());
  values->push_back(']');
  AppendJsonNextMember("old", values);
  values->append(event.kind == EventKind::kUpdate ? old_rows_ + "]" : "null");
  return absl::OkStatus();
}

}  // namespace binlogd
