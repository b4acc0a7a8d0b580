#include "format/foreign_value.h"

#include "format/json_writer.h"

namespace binlogd {

// Metadata: low byte the bits that do not fill a byte, high byte the whole bytes.
size_t BitWidth(const Column& column) { return (column.metadata >> 8) * size_t{8} + (column.metadata & 0xff); }

bool HoldsBytes(const Column& column) {
  if (column.fixed_binary != FixedBinaryType::kNotTold) return false;  // Its values are text.
  return column.charset == Charset::kBinary || column.type == ColumnType::kGeometry ||
         column.type == ColumnType::kVector;
}

void AppendForeignValue(const Column& column, const ColumnValue& value, std::string* out) {
  using Kind = ColumnValue::Kind;
  switch (value.kind) {
    case Kind::kAbsent:
    case Kind::kNull: out->append("null", 4); return;
    case Kind::kInt: AppendJsonInteger(value.int_value, out); return;
    case Kind::kUint: AppendJsonInteger(value.uint_value, out); return;
    case Kind::kFloat: AppendJsonFloat(value.float_value, out); return;
    case Kind::kDouble: AppendJsonDouble(value.double_value, out); return;
    case Kind::kDecimal:
    case Kind::kJson: out->append(value.text.data(), value.text.size()); return;
    case Kind::kJsonDiff: AppendJsonDiff(value.text, out); return;
    case Kind::kTemporal:
    case Kind::kText: AppendJsonText(value.text, out); return;
    case Kind::kBinary:
      if (HoldsBytes(column)) return AppendJsonBase64(value.text, out);
      AppendJsonBinary(value.text, out);
      return;
  }
}

}  // namespace binlogd
