#include "pipeline/definition_file.h"

#include <libdeflate.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/error.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr size_t kMostBytes = size_t{1} << 30;

// Names of a column's fields are short: a file may have a million columns.
Json ToJson(const Column& column) {
  Json json = {{"name", column.name}, {"type", static_cast<int>(column.type)}, {"metadata", column.metadata}};
  if (column.nullable) json["nullable"] = true;
  if (column.signedness_known) json["unsigned"] = column.is_unsigned;
  if (column.collation != 0) json["collation"] = column.collation;
  if (column.fixed_binary != FixedBinaryType::kNotTold) json["fixed_binary"] = static_cast<int>(column.fixed_binary);
  if (!column.labels.empty()) json["labels"] = column.labels;
  return json;
}

Column ColumnFromJson(const Json& json) {
  Column column;
  column.name = json.at("name").get<std::string>();
  column.type = static_cast<ColumnType>(json.at("type").get<uint8_t>());
  column.metadata = json.at("metadata").get<uint16_t>();
  column.nullable = json.value("nullable", false);
  column.signedness_known = json.contains("unsigned");
  column.is_unsigned = json.value("unsigned", false);
  column.collation = json.value("collation", 0u);
  column.fixed_binary = static_cast<FixedBinaryType>(json.value("fixed_binary", uint8_t{0}));
  column.labels = json.value("labels", std::vector<std::string>());
  return column;
}

Json ToJson(LogPlace place) { return Json::array({place.file_number, place.offset}); }

LogPlace PlaceFromJson(const Json& json) { return LogPlace{json.at(0).get<uint64_t>(), json.at(1).get<uint64_t>()}; }

Json ToJson(const TableName& name, const TableVersion& version) {
  Json json = {{"database", name.database}, {"table", name.table}, {"since", ToJson(version.since)}};
  if (version.until) json["until"] = ToJson(*version.until);
  json["table_id"] = version.table_id;
  json["primary_key"] = version.definition->primary_key;
  Json& columns = json["columns"] = Json::array();
  for (const Column& column : version.definition->columns) columns.push_back(ToJson(column));
  return json;
}

void AddVersion(const Json& json, TableVersions* versions) {
  auto definition = std::make_shared<TableDefinition>();
  for (const Json& column : json.at("columns")) definition->columns.push_back(ColumnFromJson(column));
  definition->primary_key = json.at("primary_key").get<std::vector<uint32_t>>();
  for (const uint32_t column : definition->primary_key) (void)definition->columns.at(column);
  TableVersion version;
  version.since = PlaceFromJson(json.at("since"));
  if (json.contains("until")) version.until = PlaceFromJson(json.at("until"));
  version.table_id = json.at("table_id").get<uint64_t>();
  version.definition = std::move(definition);
  versions->Add(TableName{json.at("database").get<std::string>(), json.at("table").get<std::string>()},
                std::move(version));
}

std::string ChecksumText(absl::string_view bytes) {
  return absl::StrFormat("%08x", libdeflate_crc32(0, bytes.data(), bytes.size()));
}

// The library throws where a field is missing or of another type.
absl::StatusOr<KeptDefinitions> FromJson(absl::string_view text) {
  try {
    const Json json = Json::parse(text);
    if (json.at("version").get<int>() != kVersion) return absl::DataLossError("it is of another version");
    KeptDefinitions kept;
    kept.epoch = json.at("epoch").get<std::string>();
    kept.observed.file = json.at("observed").at("file").get<std::string>();
    kept.observed.offset = json.at("observed").at("position").get<uint64_t>();
    for (const auto& [name, file] : json.at("files").items()) {
      kept.files[name] = LogFileIdentity{file.at("created").get<uint32_t>(), file.at("server_id").get<uint32_t>()};
    }
    for (const Json& table : json.at("tables")) AddVersion(table, &kept.versions);
    return kept;
  } catch (const std::exception& error) {
    return absl::DataLossError(error.what());
  }
}

}  // namespace

std::string SerializeDefinitions(const KeptDefinitions& kept) {
  Json files = Json::object();
  for (const auto& [name, file] : kept.files) {
    files[name] = Json{{"created", file.created}, {"server_id", file.server_id}};
  }
  Json tables = Json::array();
  for (const auto& [name, versions] : kept.versions.tables()) {
    for (const TableVersion& version : versions) {
      if (version.definition != nullptr) tables.push_back(ToJson(name, version));
    }
  }
  const Json json = {{"version", kVersion},
                     {"epoch", kept.epoch},
                     {"observed", Json{{"file", kept.observed.file}, {"position", kept.observed.offset}}},
                     {"files", files},
                     {"tables", tables}};
  const std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
  return absl::StrCat(ChecksumText(text), " ", text, "\n");
}

absl::StatusOr<KeptDefinitions> ParseDefinitions(absl::string_view bytes) {
  constexpr size_t kChecksumDigits = 8;
  if (bytes.size() < kChecksumDigits + 2 || bytes[kChecksumDigits] != ' ' || bytes.back() != '\n') {
    return absl::DataLossError("it is cut short");
  }
  const absl::string_view text = bytes.substr(kChecksumDigits + 1, bytes.size() - kChecksumDigits - 2);
  if (bytes.substr(0, kChecksumDigits) != ChecksumText(text)) return absl::DataLossError("its checksum is wrong");
  return FromJson(text);
}

absl::StatusOr<KeptDefinitions> LoadDefinitions(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string bytes, ReadWholeFile(path, kMostBytes));
  absl::StatusOr<KeptDefinitions> kept = ParseDefinitions(bytes);
  if (!absl::IsDataLoss(kept.status())) return kept;
  (void)std::rename(path.c_str(), absl::StrCat(path, ".corrupt").c_str());
  return Annotate(kept.status(), absl::StrCat(path, " is damaged and was moved aside"));
}

absl::Status SaveDefinitions(const std::string& path, const KeptDefinitions& kept) {
  RETURN_IF_ERROR(MakeDirectories(std::filesystem::path(path).parent_path().string(), 0750));
  return ReplaceFile(path, SerializeDefinitions(kept), 0640);
}

}  // namespace binlogd
