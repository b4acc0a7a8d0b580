#include "target/manifest.h"

#include <libdeflate.h>

#include <nlohmann/json.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace binlogd {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kVersion = 1;
constexpr absl::string_view kChecksum = ",\n  \"crc32\": \"";
constexpr absl::string_view kEnd = "\"\n}\n";
constexpr std::pair<ManifestFile::State, absl::string_view> kStates[] = {{ManifestFile::State::kOpen, "open"},
                                                                         {ManifestFile::State::kClosed, "closed"},
                                                                         {ManifestFile::State::kDeleted, "deleted"}};

Json PlaceJson(const std::optional<ManifestPlace>& place) {
  if (!place) return nullptr;
  return {{"epoch", place->epoch},
          {"file", place->position.file},
          {"offset", place->position.offset},
          {"gtid_set", place->position.gtid_set}};
}

Json FileJson(const ManifestFile& file) {
  Json json = {{"name", file.name}};
  for (const auto& [state, name] : kStates) {
    if (state == file.state) json["state"] = std::string(name);
  }
  json["compression"] = std::string(CompressionName(file.compression));
  json["key_ids"] = file.key_ids;
  json["from"] = PlaceJson(file.from);
  json["to"] = PlaceJson(file.to);
  json["first_event_time"] = file.first_event_time;
  json["last_event_time"] = file.last_event_time;
  json["stored_bytes"] = file.stored_bytes;
  json["content_bytes"] = file.content_bytes;
  json["sha256"] = file.sha256;
  return json;
}

Json DeletionsJson(const ManifestDeletions& deleted) {
  return {{"files", deleted.files},
          {"bytes", deleted.bytes},
          {"last_file", deleted.last_file},
          {"last_to", PlaceJson(deleted.last_to)},
          {"last_event_time", deleted.last_event_time}};
}

std::string Dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string Crc32(absl::string_view text) {
  return absl::StrFormat("%08x", libdeflate_crc32(0, text.data(), text.size()));
}

// These throw when a field is missing or has the wrong type.
std::optional<ManifestPlace> ParsePlace(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return ManifestPlace{json.at("epoch"), Position{json.at("file"), json.at("offset"), json.at("gtid_set")}};
}

ManifestFile ParseFile(const Json& json) {
  ManifestFile file;
  file.name = json.at("name");
  const std::string state = json.at("state");
  for (const auto& [value, name] : kStates) {
    if (name == state) file.state = value;
  }
  const std::string compression = json.at("compression");
  for (const Compression value : {Compression::kNone, Compression::kZstd, Compression::kGzip}) {
    if (CompressionName(value) == compression) file.compression = value;
  }
  file.key_ids = json.at("key_ids").get<std::vector<std::string>>();
  file.from = ParsePlace(json.at("from"));
  file.to = ParsePlace(json.at("to"));
  file.first_event_time = json.at("first_event_time");
  file.last_event_time = json.at("last_event_time");
  file.stored_bytes = json.at("stored_bytes");
  file.content_bytes = json.at("content_bytes");
  file.sha256 = json.at("sha256");
  return file;
}

bool ParseBody(const Json& json, Manifest* manifest) {
  if (json.at("version") != kVersion) return false;
  manifest->format = json.at("format");
  manifest->folder = json.value("folder", "");
  for (const Json& file : json.at("files")) manifest->files.push_back(ParseFile(file));
  const Json& deleted = json.at("deleted");
  manifest->deleted.files = deleted.at("files");
  manifest->deleted.bytes = deleted.at("bytes");
  manifest->deleted.last_file = deleted.at("last_file");
  manifest->deleted.last_to = ParsePlace(deleted.at("last_to"));
  manifest->deleted.last_event_time = deleted.at("last_event_time");
  return true;
}

}  // namespace

std::string ManifestJson(const Manifest& manifest) {
  std::vector<std::string> files;
  for (const ManifestFile& file : manifest.files) files.push_back(absl::StrCat("\n    ", Dump(FileJson(file))));
  const std::string folder = manifest.folder.empty() ? "" : absl::StrCat(",\n  \"folder\": ", Dump(manifest.folder));
  const std::string body = absl::StrCat("{\n  \"version\": ", kVersion, ",\n  \"format\": ", Dump(manifest.format),
                                        folder, ",\n  \"files\": [", absl::StrJoin(files, ","),
                                        "\n  ],\n  \"deleted\": ", Dump(DeletionsJson(manifest.deleted)));
  return absl::StrCat(body, kChecksum, Crc32(body), kEnd);
}

bool ParseManifest(absl::string_view text, Manifest* manifest) {
  const size_t end = text.rfind(kChecksum);
  if (end == absl::string_view::npos) return false;
  absl::string_view sum = text.substr(end);
  const absl::string_view body = text.substr(0, end);
  if (!absl::ConsumePrefix(&sum, kChecksum) || !absl::ConsumeSuffix(&sum, kEnd) || sum != Crc32(body)) return false;
  try {
    return ParseBody(Json::parse(absl::StrCat(body, "}")), manifest);
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

}  // namespace binlogd
