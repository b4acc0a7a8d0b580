#include "client/error_reasons.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace binlogd {
namespace {

std::string Plain(absl::string_view cell) {
  return absl::StrReplaceAll(absl::StripAsciiWhitespace(cell), {{"`", ""}, {"**", ""}});
}

// The rows of each table by the names that stand above its columns.
std::vector<ReasonHelp> ReadPage(absl::string_view page) {
  std::vector<ReasonHelp> all;
  std::vector<std::string> columns;
  for (const absl::string_view line : absl::StrSplit(page, '\n')) {
    if (!absl::StartsWith(line, "| ")) continue;
    std::vector<std::string> cells;
    for (const absl::string_view cell : absl::StrSplit(line.substr(1), " |")) cells.push_back(Plain(cell));
    if (cells[0] == "reason") {
      columns = cells;
      continue;
    }
    ReasonHelp help;
    help.reasons = absl::StrSplit(cells[0], ", ");
    for (size_t i = 1; i < std::min(cells.size(), columns.size()); ++i) {
      if (columns[i] == "code") help.code = cells[i];
      if (columns[i] == "then") help.then = cells[i];
      if (columns[i] == "meaning and way out") help.meaning = cells[i];
    }
    all.push_back(help);
  }
  return all;
}

}  // namespace

const std::vector<ReasonHelp>& AllReasons() {
  static const std::vector<ReasonHelp>& reasons = *new std::vector<ReasonHelp>(ReadPage(kErrorsPage));
  return reasons;
}

const ReasonHelp* FindReason(absl::string_view reason) {
  for (const ReasonHelp& help : AllReasons()) {
    if (std::find(help.reasons.begin(), help.reasons.end(), reason) != help.reasons.end()) return &help;
  }
  return nullptr;
}

}  // namespace binlogd
