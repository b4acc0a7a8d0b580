#include "tests/fault/torture/change_checker.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace binlogd::testing {

using nlohmann::json;

namespace {

constexpr int kMostComplaints = 10;

// Rows in a message: their fillers are long and all alike.
std::string Shown(const json& row) { return row.dump().substr(0, 100); }

}  // namespace

void ChangeChecker::Complain(absl::string_view what) {
  if (++complaints_ <= kMostComplaints) absl::StrAppend(&text_, "  ", what, "\n");
}

void ChangeChecker::Apply(const std::string& table, const json& before, const json& after) {
  if (table == "orders") ApplyOrder(before, after);
  if (table == "journal") ApplyJournal(before, after);
  if (!after.is_null()) Advance(after);
}

void ChangeChecker::ApplyOrder(const json& before, const json& after) {
  ++changes_;
  ++since_journal_;
  if (after.is_null()) ++deletes_;
  const uint64_t id = (after.is_null() ? before : after).at("id").get<uint64_t>();
  const auto found = orders_.find(id);
  if (before.is_null()) {
    if (!orders_.emplace(id, after).second) Complain(absl::StrCat("written twice: ", Shown(after)));
  } else if (found == orders_.end()) {
    Complain(absl::StrCat("changed but not there: ", Shown(before)));
  } else if (found->second != before) {
    Complain(absl::StrCat("changed from ", Shown(before), " but it is ", Shown(found->second)));
  } else if (after.is_null()) {
    orders_.erase(found);
  } else {
    found->second = after;
  }
}

void ChangeChecker::ApplyJournal(const json& before, const json& after) {
  if (!before.is_null() || after.is_null()) return Complain("the journal was changed");
  if (!journal_.emplace(after.at("sequence").get<uint64_t>(), after).second)
    Complain(absl::StrCat("written twice: ", Shown(after)));
  const auto changes = after.at("changes").get<uint64_t>();
  journal_changes_ += changes;
  if (order_ == Order::kTotal && changes != since_journal_)
    Complain(absl::StrCat("a transaction of ", changes, " changes has ", since_journal_, ": ", Shown(after)));
  since_journal_ = 0;
}

void ChangeChecker::Advance(const json& after) {
  const auto sequence = after.at("sequence").get<uint64_t>();
  if (order_ == Order::kTotal && sequence <= last_sequence_)
    Complain(absl::StrCat(Shown(after), " comes after ", last_sequence_));
  last_sequence_ = sequence;
}

void ChangeChecker::CompareRows(const std::string& table, const Rows& rows, const std::string& second_column,
                                MySqlServer& server) {
  const ResultSet result = server.Run({absl::StrCat("SELECT * FROM shop.", table)});
  if (result.rows.size() != rows.size()) {
    Complain(absl::StrCat(table, ": ", rows.size(), " rows, the server has ", result.rows.size()));
  }
  const size_t second = std::find(result.columns.begin(), result.columns.end(), second_column) - result.columns.begin();
  for (const ResultRow& row : result.rows) {
    uint64_t key = 0;
    uint64_t value = 0;
    const bool numbers =
        absl::SimpleAtoi(row[0].value_or(""), &key) && absl::SimpleAtoi(row[second].value_or(""), &value);
    const auto found = rows.find(key);
    if (!numbers || found == rows.end()) {
      Complain(absl::StrCat(table, ": row ", row[0].value_or("NULL"), " is missing"));
    } else if (found->second.at(second_column).get<uint64_t>() != value) {
      Complain(absl::StrCat(table, ": ", Shown(found->second), ", the server has ", second_column, " ", value));
    }
  }
}

std::string ChangeChecker::Finish(MySqlServer& server) {
  CompareRows("orders", orders_, "sequence", server);
  CompareRows("journal", journal_, "changes", server);
  if (journal_changes_ != changes_)
    Complain(absl::StrCat(changes_, " changes, the journal tells of ", journal_changes_));
  if (complaints_ > kMostComplaints) absl::StrAppend(&text_, "  and ", complaints_ - kMostComplaints, " more\n");
  return text_;
}

}  // namespace binlogd::testing
