#include "tests/fault/torture/target_checks.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/file.h"
#include "tests/fault/torture/change_checker.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {

using nlohmann::json;

namespace {

constexpr size_t kMostFileBytes = size_t{2} << 30;

// Lines of JSON, as docs/formats.md has them.
void ApplyLines(const std::string& text, ChangeChecker* checker) {
  if (!text.empty() && !absl::EndsWith(text, "\n")) checker->Complain("the last line has no end");
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const json event = json::parse(line, nullptr, false);
    if (event.is_discarded()) {
      checker->Complain(absl::StrCat("no JSON: ", line.substr(0, 100)));
      continue;
    }
    if (event.value("database", "") != "shop" || !event.contains("table")) continue;
    const json before = event.value("old_rows", json::array());
    const json after = event.value("rows", json::array());
    for (size_t i = 0; i < std::max(before.size(), after.size()); ++i) {
      checker->Apply(event.at("table"), i < before.size() ? before[i] : json(), i < after.size() ? after[i] : json());
    }
  }
}

// What an S3 target's key tells: PREFIX/EPOCH/FILE/START-END.SUFFIX.
struct Piece {
  std::string epoch;
  std::string file;
};

bool ParseKey(const std::string& key, const std::string& prefix, Piece* piece) {
  const std::vector<std::string> parts = absl::StrSplit(absl::StripPrefix(key, prefix), '/');
  // Beside the pieces a target has things of its own there, manifests among them.
  if (parts.size() != 3 || !absl::StartsWith(parts[1], "binlog.") || parts[2].empty() ||
      !absl::ascii_isdigit(static_cast<unsigned char>(parts[2][0]))) {
    return false;
  }
  *piece = {parts[0], parts[1]};
  return true;
}

}  // namespace

std::string CheckJsonFiles(const std::string& path, MySqlServer& server) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  ChangeChecker checker(ChangeChecker::Order::kTotal);
  for (const std::string& file : files) {
    const absl::StatusOr<std::string> text = ReadWholeFile(file, kMostFileBytes);
    if (!text.ok()) return text.status().ToString();
    ApplyLines(*text, &checker);
  }
  return checker.Finish(server);
}

std::string CheckRawObjects(const S3Server& s3, const std::string& bucket, const std::string& prefix,
                            MySqlServer& server, const Position& end) {
  absl::StatusOr<std::vector<S3Object>> objects = s3.ReadAll(bucket, prefix);
  if (!objects.ok()) return objects.status().ToString();
  std::string epoch;
  std::map<std::string, std::string> logs;  // Of the newest epoch.
  for (const S3Object& object : *objects) {
    Piece piece;
    if (!ParseKey(object.key, prefix, &piece)) continue;
    if (piece.epoch != epoch) logs.clear();
    epoch = piece.epoch;
    logs[piece.file] += object.bytes;
  }
  std::string differences;
  const std::vector<std::string> originals = server.LogFiles();
  for (const std::string& original : originals) {
    const std::string file = std::filesystem::path(original).filename().string();
    absl::StrAppend(&differences, CompareLog(absl::StrCat(prefix, epoch, "/", file), logs[file], original,
                                             BytesToExpect(server, original, end)));
  }
  return differences;
}

std::string CheckJsonObjects(const S3Server& s3, const std::string& bucket, const std::string& prefix,
                             MySqlServer& server) {
  absl::StatusOr<std::vector<S3Object>> objects = s3.ReadAll(bucket, prefix);
  if (!objects.ok()) return objects.status().ToString();
  ChangeChecker checker(ChangeChecker::Order::kTotal);
  for (const S3Object& object : *objects) {
    Piece piece;
    if (ParseKey(object.key, prefix, &piece)) ApplyLines(object.bytes, &checker);
  }
  return checker.Finish(server);
}

std::string CheckTopics(const KafkaBroker& kafka, const std::string& prefix, MySqlServer& server) {
  ChangeChecker checker(ChangeChecker::Order::kPerRow);
  uint64_t tombstones = 0;
  for (const char* table : {"orders", "journal"}) {
    const absl::StatusOr<std::vector<KafkaRecord>> records = kafka.client().Consume(absl::StrCat(prefix, ".", table));
    if (!records.ok()) return records.status().ToString();
    std::map<std::string, int32_t> partitions;  // By key.
    for (const KafkaRecord& record : *records) {
      const auto found = partitions.emplace(record.key.value_or(""), record.partition).first;
      if (found->second != record.partition) checker.Complain(absl::StrCat("in two partitions: ", found->first));
      if (!record.value) {
        ++tombstones;
        continue;
      }
      const json change = json::parse(*record.value, nullptr, false);
      if (change.is_discarded()) {
        checker.Complain(absl::StrCat("no JSON: ", record.value->substr(0, 100)));
        continue;
      }
      checker.Apply(table, change.at("before"), change.at("after"));
    }
  }
  if (tombstones != checker.deletes())
    checker.Complain(absl::StrCat(checker.deletes(), " deletes, ", tombstones, " tombstones"));
  return checker.Finish(server);
}

}  // namespace binlogd::testing
