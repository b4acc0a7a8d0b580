#include "format/event_proto.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "binlog/rows.h"
#include "binlog/utf8.h"

namespace binlogd {
namespace {

// The two lists of kinds are one list.
static_assert(static_cast<int>(EventKind::kWrite) == v1::WRITE);
static_assert(static_cast<int>(EventKind::kQuery) == v1::QUERY);
static_assert(static_cast<int>(EventKind::kRotate) == v1::ROTATE);
static_assert(static_cast<int>(EventKind::kOther) == v1::OTHER);

void SetValue(const ColumnValue& value, v1::Value* to) {
  using Kind = ColumnValue::Kind;
  const auto assign = [&value](std::string* text) { text->assign(value.text.data(), value.text.size()); };
  switch (value.kind) {
    case Kind::kAbsent:
    case Kind::kNull: return;
    case Kind::kInt: to->set_int_value(value.int_value); return;
    case Kind::kUint: to->set_uint_value(value.uint_value); return;
    case Kind::kFloat: to->set_float_value(value.float_value); return;
    case Kind::kDouble: to->set_double_value(value.double_value); return;
    case Kind::kDecimal: assign(to->mutable_decimal_value()); return;
    case Kind::kTemporal: assign(to->mutable_temporal_value()); return;
    case Kind::kText:
      // A protobuf string is UTF-8.
      assign(IsUtf8(value.text) ? to->mutable_text_value() : to->mutable_binary_value());
      return;
    case Kind::kBinary: assign(to->mutable_binary_value()); return;
    case Kind::kJson: assign(to->mutable_json_value()); return;
    case Kind::kJsonDiff: assign(to->mutable_json_diff_value()); return;
  }
}

void SetRow(const RowCursor& cursor, const TableMap& table, v1::Row* row) {
  for (size_t i = 0; i < cursor.values().size(); ++i) {
    const ColumnValue& value = cursor.values()[i];
    if (value.kind == ColumnValue::Kind::kAbsent) continue;
    v1::Column* column = row->add_columns();
    const std::string& name = table.columns[i].name;
    column->set_name(name.empty() ? absl::StrCat("@", i + 1) : name);
    SetValue(value, column->mutable_value());
  }
}

// Adds the rows that match. An after image follows its before image; which of both is wanted is known with the second.
absl::Status AddWantedRows(const DecodedEvent& decoded, RowMatcher* wanted, v1::Event* event) {
  const bool in_pairs = decoded.rows->operation == RowsEvent::Operation::kUpdate;
  bool before_matches = false;
  RowCursor cursor(*decoded.rows, *decoded.table_map);
  while (cursor.Next()) {
    const bool matches = wanted->Matches(cursor.values());
    if (cursor.is_before() && in_pairs) {
      before_matches = matches;
      SetRow(cursor, *decoded.table_map, event->add_old_rows());
    } else if (matches || (in_pairs && before_matches)) {
      SetRow(cursor, *decoded.table_map, cursor.is_before() ? event->add_old_rows() : event->add_rows());
    } else if (in_pairs) {
      event->mutable_old_rows()->RemoveLast();
    }
  }
  return cursor.status();
}

}  // namespace

absl::Status ToProto(const DecodedEvent& decoded, absl::string_view file, uint64_t end_offset, RowMatcher* wanted,
                     v1::Event* event) {
  event->Clear();
  event->set_type(static_cast<v1::EventType>(decoded.kind));
  event->mutable_timestamp()->set_seconds(decoded.header.timestamp);
  event->set_database(std::string(decoded.database));
  event->set_table(std::string(decoded.table));
  event->mutable_position()->set_file(std::string(file));
  event->mutable_position()->set_position(end_offset);
  event->mutable_position()->set_gtid(std::string(decoded.gtid));
  event->set_gtid(std::string(decoded.gtid));
  event->set_query(std::string(decoded.query));
  for (const auto& [name, value] : decoded.extra) (*event->mutable_extra())[std::string(name)] = value;
  if (decoded.rows == nullptr) return absl::OkStatus();
  if (wanted != nullptr) return AddWantedRows(decoded, wanted, event);
  RowCursor cursor(*decoded.rows, *decoded.table_map);
  while (cursor.Next())
    SetRow(cursor, *decoded.table_map, cursor.is_before() ? event->add_old_rows() : event->add_rows());
  return cursor.status();
}

}  // namespace binlogd
