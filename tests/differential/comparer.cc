#include "tests/differential/comparer.h"

#include <set>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "tests/differential/json_tokens.h"

namespace binlogd::testing {
namespace {

using Kind = ColumnValue::Kind;

const char* MetadataName(RowMetadata metadata) {
  switch (metadata) {
    case RowMetadata::kNoLog: return "NO_LOG";
    case RowMetadata::kMinimal: return "MINIMAL";
    case RowMetadata::kFull: return "FULL";
  }
  return "";
}

// Long definitions, of labels, are cut.
std::string ShortDefinition(const ColumnType& type) {
  constexpr size_t kMost = 60;
  const std::string definition = type.Definition();
  if (definition.size() <= kMost) return definition;
  return absl::StrCat(definition.substr(0, kMost / 2), "…", definition.substr(definition.size() - kMost / 2));
}

}  // namespace

std::string SelectStatement(const GeneratedTable& table) {
  std::string sql = "SELECT id";
  for (const TableColumn& column : table.current().columns)
    absl::StrAppend(&sql, ", ", column.type->Select(column.Quoted()));
  return absl::StrCat(sql, " FROM `", table.name, "` ORDER BY id");
}

size_t CompareRow(const GeneratedTable& table, const DecodedRow& decoded, const ResultRow& server, Findings* findings) {
  const std::vector<TableColumn>& columns = table.current().columns;
  size_t compared = 0;
  for (size_t i = 0; i < columns.size(); ++i) {
    const DecodedValue& value = decoded[i];
    const std::optional<std::string>& truth = server[i + 1];
    if (value.kind == Kind::kAbsent) continue;
    ++compared;
    const bool is_null = value.kind == Kind::kNull;
    if (truth.has_value() ? !is_null && columns[i].type->Agrees(value, *truth) : is_null) continue;
    const std::string where = value.kind == Kind::kJson && !value.is_patched && truth.has_value()
                                  ? absl::StrCat(": ", FirstJsonDifference(value.text, *truth))
                                  : "";
    findings->Add(absl::StrCat("value of ", ShortDefinition(*columns[i].type)),
                  absl::StrCat(table.name, " id ", *server[0], " ", columns[i].name, ": SELECT says ",
                               truth.has_value() ? Describe(absl::string_view(*truth)) : "NULL", ", the log says ",
                               Describe(value), " (metadata ", MetadataName(value.metadata), ")", where));
  }
  return compared;
}

absl::StatusOr<size_t> CompareTable(const GeneratedTable& table, const LogModel& model, Connection* connection,
                                    Findings* findings) {
  if (!model.whole(table)) return 0;
  ASSIGN_OR_RETURN(const ResultSet result, connection->Query(SelectStatement(table)));
  const std::map<int64_t, DecodedRow>& rows = model.rows(table);
  size_t compared = 0;
  size_t known = 0;
  for (const ResultRow& server : result.rows) {
    int64_t id = 0;
    const auto row = absl::SimpleAtoi(server[0].value_or(""), &id) ? rows.find(id) : rows.end();
    if (row == rows.end()) {
      findings->Add("row", absl::StrCat(table.name, " id ", server[0].value_or("NULL"), " is not in the log"));
      continue;
    }
    ++known;
    compared += CompareRow(table, row->second, server, findings);
  }
  if (known != rows.size())
    findings->Add("row", absl::StrCat(table.name, " has ", rows.size() - known, " rows less than the log tells"));
  return compared;
}

}  // namespace binlogd::testing
