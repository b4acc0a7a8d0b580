#include "format/proto_json.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "binlog/decoder.h"
#include "format/json_writer.h"

namespace binlogd {
namespace {

void AppendValue(const v1::Value& value, std::string* out) {
  switch (value.kind_case()) {
    case v1::Value::KIND_NOT_SET: out->append("null", 4); return;
    case v1::Value::kIntValue: AppendJsonInteger(int64_t{value.int_value()}, out); return;
    case v1::Value::kUintValue: AppendJsonInteger(uint64_t{value.uint_value()}, out); return;
    case v1::Value::kFloatValue: AppendJsonFloat(value.float_value(), out); return;
    case v1::Value::kDoubleValue: AppendJsonDouble(value.double_value(), out); return;
    case v1::Value::kDecimalValue: AppendJsonText(value.decimal_value(), out); return;
    case v1::Value::kTextValue: AppendJsonText(value.text_value(), out); return;
    case v1::Value::kBinaryValue: AppendJsonBinary(value.binary_value(), out); return;
    case v1::Value::kTemporalValue: AppendJsonText(value.temporal_value(), out); return;
    case v1::Value::kJsonValue: out->append(value.json_value()); return;
    case v1::Value::kJsonDiffValue: AppendJsonDiff(value.json_diff_value(), out); return;
  }
}

void AppendRows(absl::string_view name, const google::protobuf::RepeatedPtrField<v1::Row>& rows, std::string* out) {
  AppendJsonNextMember(name, out);
  out->push_back('[');
  for (int i = 0; i < rows.size(); ++i) {
    out->append(i == 0 ? "{" : ",{");
    for (int j = 0; j < rows[i].columns_size(); ++j) {
      const v1::Column& column = rows[i].columns(j);
      if (j > 0) out->push_back(',');
      AppendJsonColumnKey(column.name(), static_cast<size_t>(j), out);
      AppendValue(column.value(), out);
    }
    out->push_back('}');
  }
  out->push_back(']');
}

void AppendExtra(const v1::Event& event, std::string* out) {
  std::vector<std::pair<absl::string_view, absl::string_view>> fields;
  for (const auto& [name, value] : event.extra()) fields.emplace_back(name, value);
  std::sort(fields.begin(), fields.end());
  AppendJsonNextMember("extra", out);
  out->push_back('{');
  for (size_t i = 0; i < fields.size(); ++i) AppendJsonExtra(fields[i].first, fields[i].second, i == 0, out);
  out->push_back('}');
}

}  // namespace

void AppendProtoAsJson(const v1::Event& event, std::string* out) {
  JsonEventHead head;
  head.type = EventKindName(static_cast<EventKind>(event.type()));
  head.timestamp = event.timestamp().seconds();
  head.database = event.database();
  head.table = event.table();
  head.file = event.position().file();
  head.end_offset = event.position().position();
  head.gtid = event.gtid();
  head.query = event.query();
  AppendJsonEventHead(head, out);
  // An event of rows has its arrays even when they are empty.
  if (event.type() == v1::WRITE || event.type() == v1::UPDATE) AppendRows("rows", event.rows(), out);
  if (event.type() == v1::UPDATE || event.type() == v1::DELETE) AppendRows("old_rows", event.old_rows(), out);
  if (event.extra_size() > 0) AppendExtra(event, out);
  AppendJsonEventEnd(out);
}

}  // namespace binlogd
