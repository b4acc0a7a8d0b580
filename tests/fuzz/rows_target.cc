// A table map and its row event. Input: 1 flavor (bit 0) and what definitions tell beside the log; 1 type of the row
// event; 2 length of the table map's body, the body; the body of the row event.
#include <cstdlib>
#include <cstring>
#include <memory>

#include "binlog/rows.h"
#include "binlog/table_map.h"
#include "binlog/utf8.h"
#include "tests/fuzz/fuzz_events.h"

namespace binlogd::fuzz {
namespace {

void Define(uint8_t option, TableMap* table) {
  for (Column& column : table->columns) {
    switch (column.type) {
      case ColumnType::kTime:
      case ColumnType::kDatetime:
      case ColumnType::kTimestamp: column.metadata = option % 8; break;
      case ColumnType::kString: column.fixed_binary = static_cast<FixedBinaryType>(option / 8 % 4); break;
      default: break;
    }
  }
}

void CheckValues(const TableMap& table, const RowCursor& cursor) {
  if (cursor.values().size() != table.columns.size()) std::abort();
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnValue& value = cursor.values()[i];
    const bool is_checked_later =
        table.columns[i].charset == Charset::kUtf8 || table.columns[i].charset == Charset::kNotTold;
    if (value.kind == ColumnValue::Kind::kText && !is_checked_later && !IsUtf8(value.text)) std::abort();
    if (value.kind == ColumnValue::Kind::kJson && !IsUtf8(value.text)) std::abort();
  }
}

}  // namespace
}  // namespace binlogd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace binlogd;
  fuzz::FuzzInput input(data, size);
  const uint8_t option = input.TakeByte();
  const EventType type = static_cast<EventType>(input.TakeByte());
  auto table = ParseTableMap((option & 1) == 0 ? Flavor::kMySql : Flavor::kMariaDb, input.TakePart(), 6);
  if (!table.ok()) return 0;
  fuzz::Define(option >> 1, &*table);
  const absl::string_view rest = input.TakeRest();
  const std::unique_ptr<char[]> body(new char[rest.size()]);
  std::memcpy(body.get(), rest.data(), rest.size());
  RowsEvent rows;
  if (!ParseRowsEvent(type, absl::string_view(body.get(), rest.size()), 6, &rows).ok()) return 0;
  RowCursor cursor(rows, *table);
  while (cursor.Next()) fuzz::CheckValues(*table, cursor);
  if (!cursor.status().ok() && cursor.status().code() != absl::StatusCode::kDataLoss) std::abort();
  return 0;
}
