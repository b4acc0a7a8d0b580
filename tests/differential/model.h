// The tables as a reader of the log knows them: our decoded events, applied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "binlog/decoder.h"
#include "format/json_encoder.h"
#include "tests/differential/findings.h"
#include "tests/differential/table.h"

namespace binlogd::testing {

using DecodedRow = std::vector<DecodedValue>;

// A row image as it stood in the log.
struct LoggedImage {
  RowsEvent::Operation operation = RowsEvent::Operation::kWrite;
  bool is_before = false;
  const GeneratedTable* table = nullptr;
  const TableVersion* version = nullptr;
  DecodedRow values;
};

// Follows one database through the log. Every image is also looked up in the JSON line of its event, and every before
// image compared with what the model already knows. Not thread-safe.
class LogModel {
 public:
  // All arguments outlive the model; the tables have all their versions when ReadFile() is called.
  LogModel(Flavor flavor, std::string database, const std::vector<GeneratedTable>* tables, Findings* findings);

  // Applies a whole binary log file. An error when it is no such file; what its events get wrong goes to the findings.
  absl::Status ReadFile(const std::string& path);

  const std::string& database() const { return database_; }
  // A table's rows by id. A value that the log did not tell (of a column that ALTER TABLE added) is kAbsent.
  const std::map<int64_t, DecodedRow>& rows(const GeneratedTable& table) const;
  // Whether all events of the table could be applied.
  bool whole(const GeneratedTable& table) const;
  // How many row events there were of each type, also of those in compressed transactions ("in Transaction_payload"),
  // and how many documents were put together from differences ("JSON differences").
  const std::map<std::string, size_t>& seen() const { return seen_; }
  // All row images in their order.
  const std::vector<LoggedImage>& images() const { return images_; }

 private:
  struct TableState {
    const GeneratedTable* table = nullptr;
    size_t version = 0;  // Index of the version in force.
    bool whole = true;
    std::map<int64_t, DecodedRow> rows;
  };

  void Apply(absl::string_view event_bytes, absl::string_view file, uint64_t end_offset);
  void ApplyDecoded(const DecodedEvent& event, absl::string_view file, uint64_t end_offset);
  void ApplyStatement(const DecodedEvent& event);
  void ApplyRows(const DecodedEvent& event, absl::string_view file, uint64_t end_offset);
  bool CheckTableMap(const TableMap& map, TableState* state);
  void CompareJson(const nlohmann::json& json, const std::vector<LoggedImage>& images, const std::string& place);
  void ApplyImages(TableState* state, const std::vector<LoggedImage>& images);
  void ApplyDifferences(const TableState& state, const DecodedValue& differences, size_t column, DecodedValue* value);
  void ApplyUpdate(TableState* state, const DecodedRow& before, const DecodedRow& after);
  // The row that a before image is of, after a comparison; rows.end() when there is none.
  std::map<int64_t, DecodedRow>::iterator FindRow(TableState* state, const DecodedRow& before);
  void Fail(TableState* state, const std::string& about, const std::string& detail);

  const Flavor flavor_;
  const std::string database_;
  Findings& findings_;
  std::map<std::string, TableState> states_;
  std::unique_ptr<EventDecoder> decoder_;
  size_t checksum_size_ = 0;
  bool in_payload_ = false;
  std::map<std::string, size_t> seen_;
  JsonEncoder encoder_;
  std::vector<LoggedImage> images_;
};

}  // namespace binlogd::testing
