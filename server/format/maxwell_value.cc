#include "format/maxwell_value.h"

#include <cstdint>

#include "format/foreign_value.h"
#include "format/json_writer.h"
#include "format/well_known_text.h"

namespace binlogd {
namespace {

// The labels whose bits are set.
void AppendLabels(const Column& column, uint64_t bits, std::string* out) {
  out->push_back('[');
  for (size_t i = 0; i < column.labels.size() && i < 64; ++i) {
    if ((bits >> i & 1) == 0) continue;
    if (out->back() != '[') out->push_back(',');
    AppendJsonText(column.labels[i], out);
  }
  out->push_back(']');
}

void AppendGeometry(absl::string_view bytes, std::string* out) {
  constexpr size_t kSridSize = 4;
  std::string text;
  if (bytes.size() < kSridSize || !AppendWellKnownText(bytes.substr(kSridSize), &text)) {
    return AppendJsonBinary(bytes, out);
  }
  AppendJsonText(text, out);
}

}  // namespace

void AppendMaxwellValue(const Column& column, const ColumnValue& value, std::string* out) {
  if (column.type == ColumnType::kSet && value.kind == ColumnValue::Kind::kText) {
    AppendLabels(column, value.uint_value, out);
  } else if (column.type == ColumnType::kGeometry) {
    AppendGeometry(value.text, out);
  } else {
    AppendForeignValue(column, value, out);
  }
}

}  // namespace binlogd
