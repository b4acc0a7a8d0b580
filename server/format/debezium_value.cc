#include "format/debezium_value.h"

#include <cstdint>
#include <cstring>

#include "base/byte_reader.h"
#include "format/foreign_value.h"
#include "format/json_writer.h"
#include "format/temporal_text.h"

namespace binlogd {
namespace {

using Kind = ColumnValue::Kind;

// What stands for a date with a zero in it, which has no number: null where the column may be, else the epoch.
void AppendZeroDate(const Column& column, absl::string_view epoch, std::string* out) {
  const absl::string_view text = column.nullable ? "null" : epoch;
  out->append(text.data(), text.size());
}

void AppendBits(const Column& column, uint64_t bits, std::string* out) {
  const size_t width = BitWidth(column);
  if (width == 1) {
    out->append(bits != 0 ? "true" : "false");
    return;
  }
  std::string bytes;
  for (size_t i = 0; i < (width + 7) / 8; ++i) bytes.push_back(static_cast<char>(bits >> (8 * i)));
  AppendJsonBase64(bytes, out);
}

// A date is its day's number; a DATETIME is milliseconds if 3 digits of a second suffice for its type, else
// microseconds.
void AppendDateTime(const Column& column, absl::string_view text, std::string* out) {
  DateTimeFields fields;
  if (!ParseDateTime(text, &fields)) return AppendJsonText(text, out);
  if (fields.has_zero()) return AppendZeroDate(column, "0", out);
  if (fields.is_invalid()) return AppendJsonText(text, out);
  switch (column.type) {
    case ColumnType::kDate:
    case ColumnType::kNewDate: AppendJsonInteger(fields.epoch_days(), out); return;
    case ColumnType::kDatetime2:
      if (column.metadata > 3) return AppendJsonInteger(fields.epoch_microseconds(), out);
      [[fallthrough]];
    default: AppendJsonInteger(fields.epoch_microseconds() / 1000, out); return;
  }
}

void AppendTimestamp(const Column& column, absl::string_view text, std::string* out) {
  DateTimeFields fields;
  const size_t space = text.find(' ');
  if (!ParseDateTime(text, &fields) || space == absl::string_view::npos) return AppendJsonText(text, out);
  if (fields.has_zero()) return AppendZeroDate(column, "\"1970-01-01T00:00:00Z\"", out);
  out->push_back('"');
  out->append(text.data(), space);
  out->push_back('T');
  out->append(text.data() + space + 1, text.size() - space - 1);
  out->append("Z\"", 2);
}

void AppendTime(absl::string_view text, std::string* out) {
  int64_t microseconds = 0;
  if (!ParseTime(text, &microseconds)) return AppendJsonText(text, out);
  AppendJsonInteger(microseconds, out);
}

void AppendGeometry(absl::string_view bytes, std::string* out) {
  ByteReader reader(bytes);
  uint32_t srid = 0;
  if (!reader.ReadU32(&srid)) return AppendJsonBinary(bytes, out);
  out->append("{\"wkb\":");
  AppendJsonBase64(reader.rest(), out);
  AppendJsonNextMember("srid", out);
  if (srid == 0) {
    out->append("null");
  } else {
    AppendJsonInteger(uint64_t{srid}, out);
  }
  out->push_back('}');
}

void AppendVector(absl::string_view bytes, std::string* out) {
  if (bytes.size() % sizeof(float) != 0) return AppendJsonBinary(bytes, out);
  ByteReader reader(bytes);
  out->push_back('[');
  for (uint32_t bits = 0; reader.ReadU32(&bits);) {
    if (out->back() != '[') out->push_back(',');
    float number = 0;
    std::memcpy(&number, &bits, sizeof number);
    AppendJsonFloat(number, out);
  }
  out->push_back(']');
}

}  // namespace

void AppendDebeziumValue(const Column& column, const ColumnValue& value, std::string* out) {
  switch (column.type) {
    case ColumnType::kBit: AppendBits(column, value.uint_value, out); return;
    case ColumnType::kDate:
    case ColumnType::kNewDate:
    case ColumnType::kDatetime:
    case ColumnType::kDatetime2: AppendDateTime(column, value.text, out); return;
    case ColumnType::kTimestamp:
    case ColumnType::kTimestamp2: AppendTimestamp(column, value.text, out); return;
    case ColumnType::kTime:
    case ColumnType::kTime2: AppendTime(value.text, out); return;
    case ColumnType::kGeometry: AppendGeometry(value.text, out); return;
    case ColumnType::kVector: AppendVector(value.text, out); return;
    default: break;
  }
  if (value.kind == Kind::kDecimal || value.kind == Kind::kJson) return AppendJsonText(value.text, out);
  AppendForeignValue(column, value, out);
}

}  // namespace binlogd
