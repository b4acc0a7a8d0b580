// Whether the changes that a target tells are those that the load made.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "tests/harness/mysql_server.h"

namespace binlogd::testing {

// Replays the changes of what Load writes, and notes what cannot be if each comes once and in order: a row that is
// written twice, changed or deleted from another state than it is in, or whose number goes back. Not thread-safe.
class ChangeChecker {
 public:
  enum class Order {
    kTotal,   // All changes come in the order in which the source made them.
    kPerRow,  // Only those of each row.
  };
  explicit ChangeChecker(Order order) : order_(order) {}

  // A row of shop.`table` that was `before` and is `after`; null when it was or is not there.
  void Apply(const std::string& table, const nlohmann::json& before, const nlohmann::json& after);
  // For what the reader of a target finds wrong with it.
  void Complain(absl::string_view what);

  // Compares with the tables of the server as they are now. The empty string, or all that is wrong.
  std::string Finish(MySqlServer& server);
  uint64_t changes() const { return changes_; }
  uint64_t deletes() const { return deletes_; }

 private:
  using Rows = std::map<uint64_t, nlohmann::json>;  // By primary key.
  void ApplyOrder(const nlohmann::json& before, const nlohmann::json& after);
  void ApplyJournal(const nlohmann::json& before, const nlohmann::json& after);
  void Advance(const nlohmann::json& after);
  void CompareRows(const std::string& table, const Rows& rows, const std::string& second_column, MySqlServer& server);

  const Order order_;
  Rows orders_;
  Rows journal_;
  uint64_t last_sequence_ = 0;
  uint64_t changes_ = 0;          // Of shop.orders.
  uint64_t deletes_ = 0;          // Of shop.orders.
  uint64_t journal_changes_ = 0;  // What the journal says.
  uint64_t since_journal_ = 0;    // Changes of shop.orders since its last row.
  int complaints_ = 0;
  std::string text_;
};

}  // namespace binlogd::testing
