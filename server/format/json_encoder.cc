#include "format/json_encoder.h"

#include "base/status_macros.h"
#include "format/json_writer.h"

namespace binlogd {
namespace {

void AppendValue(const ColumnValue& value, std::string* out) {
  using Kind = ColumnValue::Kind;
  switch (value.kind) {
    case Kind::kAbsent:
    case Kind::kNull: out->append("null", 4); return;
    case Kind::kInt: AppendJsonInteger(value.int_value, out); return;
    case Kind::kUint: AppendJsonInteger(value.uint_value, out); return;
    case Kind::kFloat: AppendJsonFloat(value.float_value, out); return;
    case Kind::kDouble: AppendJsonDouble(value.double_value, out); return;
    case Kind::kDecimal:
    case Kind::kTemporal:
      // Digits and punctuation: nothing to escape.
      out->push_back('"');
      out->append(value.text.data(), value.text.size());
      out->push_back('"');
      return;
    case Kind::kText: AppendJsonText(value.text, out); return;
    case Kind::kBinary: AppendJsonBinary(value.text, out); return;
    case Kind::kJson: out->append(value.text.data(), value.text.size()); return;
    case Kind::kJsonDiff: AppendJsonDiff(value.text, out); return;
  }
}

// Appends a row to an array, which is empty or ends with a row.
void AppendRow(const RowCursor& cursor, const TableMap& table, std::string* out) {
  if (out->back() == '}') out->push_back(',');
  out->push_back('{');
  bool first = true;
  for (size_t i = 0; i < cursor.values().size(); ++i) {
    const ColumnValue& value = cursor.values()[i];
    if (value.kind == ColumnValue::Kind::kAbsent) continue;
    if (!first) out->push_back(',');
    first = false;
    AppendJsonColumnKey(table.columns[i].name, i, out);
    AppendValue(value, out);
  }
  out->push_back('}');
}

void AppendExtra(const DecodedEvent& event, std::string* out) {
  AppendJsonNextMember("extra", out);
  out->push_back('{');
  bool first = true;
  for (const auto& [name, value] : event.extra) {
    AppendJsonExtra(name, value, first, out);
    first = false;
  }
  out->push_back('}');
}

}  // namespace

absl::Status JsonEncoder::Append(const DecodedEvent& event, const EventPlace& place, bool passes,
                                 RecordBuffer* buffer) {
  if (!passes) return absl::OkStatus();
  std::string* const out = &buffer->values;
  const size_t begin = out->size();
  JsonEventHead head;
  head.type = EventKindName(event.kind);
  head.timestamp = event.header.timestamp;
  head.database = event.database;
  head.table = event.table;
  head.file = place.file;
  head.end_offset = place.end_offset;
  head.gtid = event.gtid;
  head.query = event.query;
  AppendJsonEventHead(head, out);
  if (event.rows != nullptr) {
    const absl::Status status = AppendRows(event, out);
    if (!status.ok()) {
      out->resize(begin);
      return status;
    }
  }
  if (!event.extra.empty()) AppendExtra(event, out);
  AppendJsonEventEnd(out);
  ++buffer->count;
  if (buffer->wants_records) {
    buffer->origins.emplace_back(event, place);
    buffer->AddRecord(begin, out->size() - begin - 1, {});
  }
  return absl::OkStatus();
}

absl::Status JsonEncoder::AppendRows(const DecodedEvent& event, std::string* out) {
  using Operation = RowsEvent::Operation;
  const bool has_new = event.rows->operation != Operation::kDelete;
  const bool has_old = event.rows->operation != Operation::kWrite;
  if (has_new) {
    AppendJsonNextMember("rows", out);
    out->push_back('[');
  }
  old_rows_.assign(1, '[');
  cursor_.Start(*event.rows, *event.table_map);
  while (cursor_.Next()) AppendRow(cursor_, *event.table_map, cursor_.is_before() ? &old_rows_ : out);
  RETURN_IF_ERROR(cursor_.status());
  if (has_new) out->push_back(']');
  if (has_old) {
    AppendJsonNextMember("old_rows", out);
    out->append(old_rows_);
    out->push_back(']');
  }
  return absl::OkStatus();
}

}  // namespace binlogd
