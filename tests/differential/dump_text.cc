#include "tests/differential/dump_text.h"

#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/status_macros.h"
#include "tests/harness/subprocess.h"

namespace binlogd::testing {
namespace {

using Kind = ColumnValue::Kind;
using Operation = RowsEvent::Operation;

const char* StatementOf(Operation operation) {
  switch (operation) {
    case Operation::kWrite: return "INSERT INTO";
    case Operation::kUpdate: return "UPDATE";
    case Operation::kDelete: return "DELETE FROM";
  }
  return "";
}

// Takes "INSERT INTO `db`.`t`" apart. False when the line is none of these.
bool ParseHead(absl::string_view line, DumpedImage* image) {
  for (const Operation operation : {Operation::kWrite, Operation::kUpdate, Operation::kDelete}) {
    absl::string_view name = line;
    if (!absl::ConsumePrefix(&name, absl::StrCat(StatementOf(operation), " `"))) continue;
    const std::vector<std::string> parts = absl::StrSplit(absl::StripSuffix(name, "`"), "`.`");
    if (parts.size() != 2) return false;
    image->statement = StatementOf(operation);
    image->database = parts[0];
    image->table = parts[1];
    return true;
  }
  return false;
}

// Takes "  @1=…" apart.
void ParseColumn(absl::string_view line, DumpedImage* image) {
  const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(line, absl::MaxSplits('=', 1));
  size_t number = 0;
  if (absl::SimpleAtoi(absl::StripPrefix(sides.first, "  @"), &number) && number > 0) {
    image->columns[number - 1] = std::string(sides.second);
  }
}

std::string Name(absl::string_view statement, absl::string_view table, bool is_before) {
  return absl::StrCat(statement, " ", table, is_before ? " (before)" : "");
}

size_t CompareImage(const DumpedImage& dumped, const LoggedImage& decoded, Findings* findings) {
  size_t compared = 0;
  for (size_t i = 0; i < decoded.values.size(); ++i) {
    const DecodedValue& value = decoded.values[i];
    const TableColumn& column = decoded.version->columns[i];
    const auto printed = dumped.columns.find(i);
    const std::string place = absl::StrCat(dumped.table, " ", column.Definition().substr(0, 60), ": ");
    if ((value.kind == Kind::kAbsent) != (printed == dumped.columns.end())) {
      findings->Add("columns of the server's program", absl::StrCat(place, Describe(value)));
    }
    if (printed == dumped.columns.end() || value.kind == Kind::kAbsent) continue;
    absl::optional<std::string> ours;
    if (value.kind == Kind::kNull) {
      ours = "NULL";
    } else {
      ours = column.type->Printed(value);
    }
    if (!ours.has_value()) continue;
    ++compared;
    if (*ours == printed->second) continue;
    findings->Add("values of the server's program",
                  absl::StrCat(place, "it says ", Describe(absl::string_view(printed->second)), " and we say ",
                               Describe(absl::string_view(*ours))));
  }
  return compared;
}

}  // namespace

std::vector<DumpedImage> ParseDump(absl::string_view output) {
  std::vector<DumpedImage> images;
  DumpedImage head;
  for (absl::string_view line : absl::StrSplit(output, '\n')) {
    if (!absl::ConsumePrefix(&line, "### ")) continue;
    if (ParseHead(line, &head)) continue;
    if (line == "SET" || line == "WHERE") {
      images.push_back(head);
      images.back().is_before = line == "WHERE";
    } else if (!images.empty()) {
      ParseColumn(line, &images.back());
    }
  }
  return images;
}

absl::StatusOr<std::vector<DumpedImage>> DumpFiles(const MySqlServer& server, const std::vector<std::string>& files) {
  const bool mysql = server.flavor() == Flavor::kMySql;
  SubprocessOptions options;
  options.arguments = {server.Program(mysql ? "mysqlbinlog" : "mariadb-binlog"), "--no-defaults", "-v",
                       "--base64-output=decode-rows"};
  options.arguments.insert(options.arguments.end(), files.begin(), files.end());
  ASSIGN_OR_RETURN(const CommandResult result, RunCommand(options, absl::Minutes(5)));
  constexpr int kDied = 128;  // And the signal's number, as the wrapper's shell tells it.
  if (result.exit_code != 0) {
    return absl::Status(
        result.exit_code > kDied ? absl::StatusCode::kAborted : absl::StatusCode::kInternal,
        absl::StrCat(options.arguments[0], " ended with ", result.exit_code, ": ", result.error_output));
  }
  return ParseDump(result.output);
}

size_t CompareDump(const std::vector<DumpedImage>& dumped, const LogModel& model, Findings* findings) {
  std::vector<LoggedImage> decoded;
  std::set<std::string> unknown;
  for (const LoggedImage& image : model.images()) {
    if (image.table->DumpKnows()) {
      decoded.push_back(image);
    } else {
      unknown.insert(image.table->name);
    }
  }
  size_t compared = 0;
  size_t next = 0;
  for (const DumpedImage& image : dumped) {
    if (image.database != model.database() || unknown.count(image.table) > 0) continue;
    if (next == decoded.size()) {
      findings->Add("rows of the server's program", "it has more of them");
      return compared;
    }
    const LoggedImage& ours = decoded[next++];
    const std::string name = Name(image.statement, image.table, image.is_before);
    const std::string our_name = Name(StatementOf(ours.operation), ours.table->name, ours.is_before);
    if (name != our_name) {
      findings->Add("rows of the server's program", absl::StrCat("row ", next, " is ", name, ", not ", our_name));
      return compared;
    }
    compared += CompareImage(image, ours, findings);
  }
  if (next != decoded.size()) findings->Add("rows of the server's program", "we have more of them");
  return compared;
}

}  // namespace binlogd::testing
