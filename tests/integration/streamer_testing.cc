#include "tests/integration/streamer_testing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "mysql/server_info.h"

namespace binlogd::testing {

using nlohmann::json;

StreamerSpec SpecFor(const MySqlServer& server, const std::string& name) {
  StreamerSpec spec;
  spec.name = name;
  spec.source.flavor = server.flavor();
  spec.source.endpoints = {server.endpoint()};
  spec.source.user = "repl";
  spec.source.password = Secret{Secret::Kind::kValue, "replpass"};
  spec.batch.max_wait = absl::Milliseconds(200);
  spec.checkpoint.interval = absl::Milliseconds(500);
  return spec;
}

TargetSpec RawTarget(const std::string& path) {
  TargetSpec target;
  target.name = "archive";
  target.file()->path = path;
  return target;
}

TargetSpec JsonTarget(const std::string& path) {
  TargetSpec target;
  target.name = "changes";
  target.file()->path = path;
  target.file()->format = EventFormat::kJson;
  return target;
}

void OrdersLoad::Stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void OrdersLoad::Run() {
  ASSERT_TRUE(connection_.ok());
  for (int i = 0; !stop_; ++i) {
    for (const std::string& statement :
         {absl::StrCat("INSERT INTO shop.orders (total, filler) VALUES (", i, ", REPEAT('x', 400)), (", i, ", '')"),
          absl::StrCat("UPDATE shop.orders SET total = total + 1 WHERE id % 7 = ", i % 7, " ORDER BY id DESC LIMIT 5"),
          std::string(i % 11 == 0 ? "DELETE FROM shop.orders ORDER BY id LIMIT 3" : "DO 1"),
          std::string(i % 97 == 96 ? "FLUSH BINARY LOGS" : "DO 1")}) {
      if (!(*connection_)->Query(statement).ok()) return;
    }
  }
}

std::string ServerIdentifier(ServerKind kind) {
  switch (kind) {
    case ServerKind::kMySql97: return "MySql97";
    case ServerKind::kMariaDb1011: return "MariaDb1011";
    case ServerKind::kMariaDb118: return "MariaDb118";
  }
  return "";
}

bool WaitUntil(const std::function<bool()>& condition, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  while (!condition()) {
    if (absl::Now() > deadline) return false;
    absl::SleepFor(absl::Milliseconds(20));
  }
  return true;
}

bool WaitUntilCaughtUp(Streamer& streamer, MySqlServer& server, absl::Duration timeout) {
  Interrupter interrupter;
  const auto connection = server.Connect(&interrupter);
  if (!connection.ok()) return false;
  const auto info = DescribeServer(**connection);
  const auto end = info.ok() ? EndOfLog(**connection, *info) : info.status();
  if (!end.ok()) return false;
  const bool reached = WaitUntil(
      [&] {
        const StreamerSnapshot snapshot = streamer.Snapshot();
        return !snapshot.position.empty() && ComparePositions(snapshot.position, *end) >= 0;
      },
      timeout);
  if (!reached) {
    const StreamerSnapshot snapshot = streamer.Snapshot();
    ADD_FAILURE() << "not caught up: at " << ToString(snapshot.position) << ", read "
                  << ToString(snapshot.read_position) << ", wanted " << ToString(*end) << ", state "
                  << StreamerStateName(snapshot.state) << " " << snapshot.error;
  }
  return reached;
}

std::vector<std::string> Epochs(const std::string& path) {
  std::vector<std::string> epochs;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    Epoch epoch;
    if (ParseEpochName(entry.path().filename().string(), &epoch)) epochs.push_back(entry.path().string());
  }
  std::sort(epochs.begin(), epochs.end());
  return epochs;
}

std::string CompareLog(const std::string& what, std::string ours, const std::string& original, uint64_t at_least) {
  constexpr size_t kFlagsOffset = 21;
  auto theirs = ReadWholeFile(original, size_t{2} << 30);
  if (!theirs.ok()) return theirs.status().ToString();
  for (std::string* bytes : {&ours, &*theirs}) {
    if (bytes->size() > kFlagsOffset) (*bytes)[kFlagsOffset] = static_cast<char>((*bytes)[kFlagsOffset] & ~1);
  }
  if (ours == *theirs) return "";
  if (ours.size() >= at_least && absl::StartsWith(*theirs, ours)) return "";
  const size_t same =
      std::mismatch(ours.begin(), ours.begin() + static_cast<long>(std::min(ours.size(), theirs->size())),
                    theirs->begin())
          .first -
      ours.begin();
  return absl::StrCat(what, " (", ours.size(), " bytes) differs from ", original, " (", theirs->size(), " bytes) at ",
                      same, "\n");
}

uint64_t BytesToExpect(const MySqlServer& server, const std::string& original, const Position& end) {
  if (original != server.LogFiles().back()) return std::numeric_limits<uint64_t>::max();
  return std::filesystem::path(original).filename() == end.file ? end.offset : 0;
}

std::string CompareArchive(const std::string& path, const MySqlServer& server, const Position& end) {
  const std::vector<std::string> epochs = Epochs(path);
  if (epochs.empty()) return absl::StrCat(path, " has no epoch");
  const std::vector<std::string> originals = server.LogFiles();
  if (originals.empty()) return "the server has no log";
  std::string differences;
  for (const std::string& original : originals) {
    const std::string archived = absl::StrCat(epochs.back(), "/", std::filesystem::path(original).filename().string());
    absl::StatusOr<std::string> ours = ReadWholeFile(archived, size_t{2} << 30);
    absl::StrAppend(&differences,
                    ours.ok() ? CompareLog(archived, *std::move(ours), original, BytesToExpect(server, original, end))
                              : ours.status().ToString());
  }
  return differences;
}

std::vector<json> ReadEvents(const std::string& path) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.path().extension() == ".jsonl") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  std::vector<json> events;
  for (const std::string& file : files) {
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      json event = json::parse(line, nullptr, false);
      if (event.is_discarded()) ADD_FAILURE() << file << ": not JSON: " << line.substr(0, 200);
      events.push_back(std::move(event));
    }
  }
  return events;
}

std::string AsText(const json& value) {
  if (value.is_null()) return "NULL";
  if (value.is_string()) return value.get<std::string>();
  return value.dump();
}

std::map<std::string, json> ReplayTable(const std::vector<json>& events, const std::string& table,
                                        const std::string& key) {
  std::map<std::string, json> rows;
  for (const json& event : events) {
    if (event.value("table", "") != table) continue;
    const json empty = json::array();
    const json& after = event.contains("rows") ? event["rows"] : empty;
    const json& before = event.contains("old_rows") ? event["old_rows"] : empty;
    for (const json& row : before) {
      if (rows.erase(AsText(row.at(key))) != 1) ADD_FAILURE() << "no such row: " << event.dump().substr(0, 400);
    }
    for (const json& row : after) {
      if (!rows.emplace(AsText(row.at(key)), row).second) ADD_FAILURE() << "twice: " << event.dump().substr(0, 400);
    }
  }
  return rows;
}

std::string CompareTable(const std::vector<json>& events, MySqlServer& server, const std::string& database,
                         const std::string& table, const std::string& key) {
  const std::map<std::string, json> replayed = ReplayTable(events, table, key);
  // TIMESTAMP is delivered in UTC.
  const ResultSet result =
      server.Run({"SET time_zone = '+00:00'", absl::StrCat("SELECT * FROM ", database, ".", table)});
  if (result.rows.size() != replayed.size()) {
    return absl::StrCat(table, ": ", replayed.size(), " rows replayed, ", result.rows.size(), " on the server\n");
  }
  std::string differences;
  for (const ResultRow& row : result.rows) {
    const size_t key_index = std::find(result.columns.begin(), result.columns.end(), key) - result.columns.begin();
    const auto found = replayed.find(row[key_index].value_or("NULL"));
    if (found == replayed.end()) {
      absl::StrAppend(&differences, table, ": no row ", row[key_index].value_or("NULL"), "\n");
      continue;
    }
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string expected = row[i].value_or("NULL");
      const std::string got = AsText(found->second.value(result.columns[i], json("absent")));
      if (got != expected) {
        absl::StrAppend(&differences, table, ".", result.columns[i], ": got ", got.substr(0, 100), ", server has ",
                        expected.substr(0, 100), "\n");
      }
    }
  }
  return differences;
}

}  // namespace binlogd::testing
