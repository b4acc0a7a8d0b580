// Row images as the servers' own programs print them.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/differential/findings.h"
#include "tests/differential/model.h"

namespace binlogd::testing {

// A row image of the pseudo-SQL of `mysqlbinlog -v`.
struct DumpedImage {
  std::string statement;  // "INSERT INTO", "UPDATE" or "DELETE FROM".
  std::string database;
  std::string table;
  bool is_before = false;                 // WHERE, not SET.
  std::map<size_t, std::string> columns;  // What stands behind @1=, by index from 0.
};

// The images of a whole output, in order.
std::vector<DumpedImage> ParseDump(absl::string_view output);

// Runs the server's program over whole files, oldest first. ABORTED when it dies of them.
absl::StatusOr<std::vector<DumpedImage>> DumpFiles(const MySqlServer& server, const std::vector<std::string>& files);

// Compares the images of the model's database with its own, but for tables with types that the program does not know:
// the same rows of the same tables in the same order, with the same columns, and the same values where the print is
// unambiguous. Returns how many values were compared.
size_t CompareDump(const std::vector<DumpedImage>& dumped, const LogModel& model, Findings* findings);

}  // namespace binlogd::testing
