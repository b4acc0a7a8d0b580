#include "tests/differential/model.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "binlog/checksum.h"
#include "tests/differential/json_patch.h"

namespace binlogd::testing {
namespace {

using Kind = ColumnValue::Kind;
using Operation = RowsEvent::Operation;

constexpr size_t kLargestFile = size_t{2} << 30;

RowMetadata MetadataOf(const TableMap& map, size_t id_index) {
  if (map.has_names()) return RowMetadata::kFull;
  return map.columns[id_index].signedness_known ? RowMetadata::kMinimal : RowMetadata::kNoLog;
}

// The values of the columns that stayed, in the order of the new version.
void Rearrange(const TableVersion& from, const TableVersion& to, DecodedRow* row) {
  std::map<int, size_t> places;
  for (size_t i = 0; i < from.columns.size(); ++i) places[from.columns[i].number] = i;
  DecodedRow changed;
  for (const TableColumn& column : to.columns) {
    const auto place = places.find(column.number);
    changed.push_back(place == places.end() ? DecodedValue() : std::move((*row)[place->second]));
  }
  *row = std::move(changed);
}

// What a row of the JSON line gets wrong; empty when nothing.
std::string JsonDifference(const nlohmann::json& row, const LoggedImage& image) {
  if (!row.is_object()) return "it is no object";
  size_t present = 0;
  for (size_t i = 0; i < image.values.size(); ++i) {
    const DecodedValue& value = image.values[i];
    if (value.kind == Kind::kAbsent) continue;
    ++present;
    const std::string key =
        value.metadata == RowMetadata::kFull ? image.version->columns[i].name : absl::StrCat("@", i + 1);
    const auto member = row.find(key);
    if (member == row.end()) return absl::StrCat("it lacks ", key);
    if (!JsonAgrees(*member, value)) {
      return absl::StrCat(key, " is ", Describe(member->dump(-1, ' ', true, nlohmann::json::error_handler_t::replace)),
                          " and the value ", Describe(value));
    }
  }
  return present == row.size() ? "" : "it has columns that the image lacks";
}

}  // namespace

LogModel::LogModel(Flavor flavor, std::string database, const std::vector<GeneratedTable>* tables, Findings* findings)
    : flavor_(flavor), database_(std::move(database)), findings_(*findings) {
  for (const GeneratedTable& table : *tables) states_[table.name].table = &table;
}

const std::map<int64_t, DecodedRow>& LogModel::rows(const GeneratedTable& table) const {
  return states_.at(table.name).rows;
}

bool LogModel::whole(const GeneratedTable& table) const { return states_.at(table.name).whole; }

void LogModel::Fail(TableState* state, const std::string& about, const std::string& detail) {
  state->whole = false;
  findings_.Add(about, detail);
}

absl::Status LogModel::ReadFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(path, kLargestFile));
  if (!absl::StartsWith(bytes, kFileMagic)) return absl::DataLossError(absl::StrCat(path, " is no binary log"));
  decoder_ = std::make_unique<EventDecoder>(flavor_, nullptr);
  const std::string file = path.substr(path.rfind('/') + 1);
  for (size_t at = kFirstEventOffset; at < bytes.size();) {
    ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(absl::string_view(bytes).substr(at)));
    if (header.size > bytes.size() - at) return absl::DataLossError(absl::StrCat(path, ":", at, " is cut short"));
    Apply(absl::string_view(bytes).substr(at, header.size), file, at + header.size);
    at += header.size;
  }
  return absl::OkStatus();
}

void LogModel::Apply(absl::string_view event_bytes, absl::string_view file, uint64_t end_offset) {
  const std::string place = absl::StrCat(file, ":", end_offset - event_bytes.size());
  const EventType type = ParseEventHeader(event_bytes)->type;
  if (type == EventType::kFormatDescription) {
    const absl::StatusOr<FormatDescription> format = ParseFormatDescription(event_bytes);
    if (format.ok()) checksum_size_ = format->checksum_size();
  }
  if (checksum_size_ > 0 && !ChecksumMatches(event_bytes)) findings_.Add("checksum", place);
  in_payload_ = type == EventType::kTransactionPayload;
  const DecodedEvent* event = nullptr;
  absl::Status status = decoder_->Feed(event_bytes, &event);
  // A fed event may hold several.
  while (status.ok() && event != nullptr) {
    ApplyDecoded(*event, file, end_offset);
    status = decoder_->Next(&event);
  }
  if (!status.ok())
    findings_.Add(absl::StrCat("event ", EventTypeName(type)), absl::StrCat(place, ": ", status.ToString()));
}

void LogModel::ApplyDecoded(const DecodedEvent& event, absl::string_view file, uint64_t end_offset) {
  if (event.database != database_) return;
  if (event.kind == EventKind::kQuery) ApplyStatement(event);
  if (event.rows != nullptr) ApplyRows(event, file, end_offset);
}

void LogModel::ApplyStatement(const DecodedEvent& event) {
  for (auto& [name, state] : states_) {
    if (absl::StartsWith(event.query, absl::StrCat("TRUNCATE TABLE `", name, "`"))) state.rows.clear();
    if (!absl::StartsWith(event.query, absl::StrCat("ALTER TABLE `", name, "`"))) continue;
    if (state.version + 1 >= state.table->versions.size()) {
      Fail(&state, "statement", absl::StrCat("one ALTER TABLE too many: ", Describe(event.query)));
      return;
    }
    const TableVersion& from = state.table->versions[state.version];
    const TableVersion& to = state.table->versions[++state.version];
    for (auto& row : state.rows) Rearrange(from, to, &row.second);
  }
}

bool LogModel::CheckTableMap(const TableMap& map, TableState* state) {
  const TableVersion& version = state->table->versions[state->version];
  if (map.columns.size() != version.columns.size()) {
    Fail(state, "table map",
         absl::StrCat(map.table, " has ", map.columns.size(), " columns instead of ", version.columns.size()));
    return false;
  }
  if (!map.has_names()) return true;
  for (size_t i = 0; i < map.columns.size(); ++i) {
    if (map.columns[i].name != version.columns[i].name) {
      findings_.Add("column name", absl::StrCat(map.table, ": ", map.columns[i].name, " is ", version.columns[i].name));
    }
  }
  // The servers take a unique key without NULLs for the primary one where there is none.
  std::vector<uint32_t> key;
  if (!state->table->key.empty()) key.push_back(static_cast<uint32_t>(version.IdIndex()));
  if (map.primary_key != key) findings_.Add("primary key", map.table);
  return true;
}

void LogModel::ApplyRows(const DecodedEvent& event, absl::string_view file, uint64_t end_offset) {
  const auto found = states_.find(std::string(event.table));
  if (found == states_.end()) return findings_.Add("unknown table", std::string(event.table));
  TableState& state = found->second;
  ++seen_[std::string(EventTypeName(event.header.type))];
  if (in_payload_) ++seen_["in Transaction_payload"];
  if (!CheckTableMap(*event.table_map, &state)) return;
  const TableVersion& version = state.table->versions[state.version];
  const RowMetadata metadata = MetadataOf(*event.table_map, version.IdIndex());
  TableMap defined_map;
  DecodedEvent defined = event;
  if (state.table->is_defined) {
    defined_map = *event.table_map;
    for (size_t i = 0; i < version.columns.size(); ++i) version.columns[i].type->Define(&defined_map.columns[i]);
    defined.table_map = &defined_map;
  }
  std::vector<LoggedImage> images;
  RowCursor cursor(*event.rows, *defined.table_map);
  while (cursor.Next()) {
    LoggedImage image{event.rows->operation, cursor.is_before(), state.table, &version, {}};
    for (const ColumnValue& value : cursor.values()) {
      image.values.push_back(KeepValue(value, metadata, state.table->is_defined));
    }

    images.push_back(std::move(image));
  }
  const std::string place = absl::StrCat(file, " before ", end_offset, ": ");
  if (!cursor.status().ok()) return Fail(&state, "row event", place + cursor.status().ToString());
  RecordBuffer records;
  const absl::Status encoded = encoder_.Append(defined, EventPlace{file, end_offset}, true, &records);
  const std::string& line = records.values;
  const nlohmann::json json = nlohmann::json::parse(line, nullptr, false);
  if (!encoded.ok() || json.is_discarded()) {
    findings_.Add("JSON line", absl::StrCat(place, encoded.ok() ? Describe(line) : encoded.ToString()));
  } else {
    CompareJson(json, images, place);
  }
  ApplyImages(&state, images);
  images_.insert(images_.end(), std::make_move_iterator(images.begin()), std::make_move_iterator(images.end()));
}

void LogModel::CompareJson(const nlohmann::json& json, const std::vector<LoggedImage>& images,
                           const std::string& place) {
  static const nlohmann::json kNone = nlohmann::json::array();
  const nlohmann::json& rows = json.contains("rows") ? json["rows"] : kNone;
  const nlohmann::json& old_rows = json.contains("old_rows") ? json["old_rows"] : kNone;
  size_t next = 0;
  size_t next_old = 0;
  for (const LoggedImage& image : images) {
    const nlohmann::json& side = image.is_before ? old_rows : rows;
    const size_t i = image.is_before ? next_old++ : next++;
    const std::string difference = i < side.size() ? JsonDifference(side[i], image) : "it is not there";
    if (!difference.empty()) findings_.Add("JSON line", absl::StrCat(place, "row ", i, ": ", difference));
  }
  if (next != rows.size() || next_old != old_rows.size()) findings_.Add("JSON line", place + "it has more rows");
}

void LogModel::ApplyImages(TableState* state, const std::vector<LoggedImage>& images) {
  const size_t id_index = state->table->versions[state->version].IdIndex();
  for (size_t i = 0; i < images.size(); ++i) {
    const DecodedRow& values = images[i].values;
    if (images[i].operation == Operation::kUpdate) {
      if (++i < images.size()) ApplyUpdate(state, values, images[i].values);
    } else if (images[i].operation == Operation::kDelete) {
      const auto row = FindRow(state, values);
      if (row != state->rows.end()) state->rows.erase(row);
    } else {
      int64_t id = 0;
      const bool has_id = absl::SimpleAtoi(values[id_index].text, &id);
      if (!has_id || !state->rows.emplace(id, values).second) {
        Fail(state, "written row",
             absl::StrCat(state->table->name, " id ", values[id_index].text, " is there already"));
      }
    }
  }
}

std::map<int64_t, DecodedRow>::iterator LogModel::FindRow(TableState* state, const DecodedRow& before) {
  const TableVersion& version = state->table->versions[state->version];
  int64_t id = 0;
  const bool has_id = absl::SimpleAtoi(before[version.IdIndex()].text, &id);
  const auto row = state->rows.find(id);
  if (!has_id || row == state->rows.end()) {
    Fail(state, "before image",
         absl::StrCat(state->table->name, " id ", before[version.IdIndex()].text, " is not there"));
    return state->rows.end();
  }
  for (size_t i = 0; i < before.size(); ++i) {
    const DecodedValue& known = row->second[i];
    if (before[i].kind == Kind::kAbsent || known.kind == Kind::kAbsent || known.metadata != before[i].metadata)
      continue;
    const bool same = known.is_patched ? SameJsonDocument(known.text, before[i].text) : known == before[i];
    if (!same) {
      findings_.Add("before image", absl::StrCat(state->table->name, " id ", id, " ", version.columns[i].name, " was ",
                                                 Describe(known), " and is ", Describe(before[i])));
    }
  }
  return row;
}

void LogModel::ApplyDifferences(const TableState& state, const DecodedValue& differences, size_t column,
                                DecodedValue* value) {
  // What was not known before is not known after.
  if (value->kind == Kind::kAbsent) return;
  if (value->kind == Kind::kJson && ApplyJsonDifferences(differences.text, &value->text)) {
    value->is_patched = true;
    ++seen_["JSON differences"];
    return;
  }
  findings_.Add("JSON differences",
                absl::StrCat(state.table->name, " ", state.table->versions[state.version].columns[column].name, ": ",
                             Describe(differences), " do not fit ", Describe(*value)));
}

void LogModel::ApplyUpdate(TableState* state, const DecodedRow& before, const DecodedRow& after) {
  const auto row = FindRow(state, before);
  if (row == state->rows.end()) return;
  const std::vector<TableColumn>& columns = state->table->versions[state->version].columns;
  for (size_t i = 0; i < after.size(); ++i) {
    if (after[i].kind == Kind::kJsonDiff) {
      ApplyDifferences(*state, after[i], i, &row->second[i]);
    } else if (after[i].kind != Kind::kAbsent) {
      row->second[i] = after[i];
    } else if (columns[i].type->IsGenerated()) {
      // It may have changed with others: MariaDB then leaves it out of a MINIMAL image.
      row->second[i] = DecodedValue();
    }
  }
  const size_t id_index = state->table->versions[state->version].IdIndex();
  int64_t id = 0;
  if (!absl::SimpleAtoi(row->second[id_index].text, &id) || id == row->first) return;
  auto node = state->rows.extract(row);
  node.key() = id;
  if (!state->rows.insert(std::move(node)).inserted) {
    Fail(state, "updated row", absl::StrCat(state->table->name, " id ", id, " is there already"));
  }
}

}  // namespace binlogd::testing
