// What tests of whole streamers share: specs, waiting, and the comparison with what the server itself holds.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/time.h"
#include "streamer/spec.h"
#include "streamer/streamer.h"
#include "tests/harness/mysql_server.h"

namespace binlogd::testing {

// A spec that follows `server` as its replication user, without targets.
StreamerSpec SpecFor(const MySqlServer& server, const std::string& name = "test");
TargetSpec RawTarget(const std::string& path);
TargetSpec JsonTarget(const std::string& path);

// Changes rows of shop.orders, which has id INT AUTO_INCREMENT, total INT and filler VARCHAR(500), on a thread of its
// own until it is stopped.
class OrdersLoad {
 public:
  explicit OrdersLoad(MySqlServer& server) : connection_(server.Connect(&interrupter_)), thread_([this] { Run(); }) {}
  ~OrdersLoad() { Stop(); }
  void Stop();

 private:
  void Run();

  std::atomic<bool> stop_ = false;
  Interrupter interrupter_;
  absl::StatusOr<std::unique_ptr<Connection>> connection_;
  std::thread thread_;
};

// "MySql97": for the names of parameterized tests.
std::string ServerIdentifier(ServerKind kind);

// Polls until `condition` holds. False after `timeout`.
bool WaitUntil(const std::function<bool()>& condition, absl::Duration timeout = absl::Seconds(60));

// Waits until every target of the streamer durably holds what the server has written by now.
bool WaitUntilCaughtUp(Streamer& streamer, MySqlServer& server, absl::Duration timeout = absl::Seconds(120));

// The epoch folders of a RAW target, oldest first.
std::vector<std::string> Epochs(const std::string& path);

// Compares what should be a log file of the server, but for the "in use" flag, with the file `original`, which may have
// grown since it had `at_least` bytes. The empty string, or how `what` differs.
std::string CompareLog(const std::string& what, std::string ours, const std::string& original, uint64_t at_least);

// What CompareLog() is to ask of a file: all of it, but for the newest one, to which a server may write by itself,
// after what the test waited for. Of that one what `end`, a place that the archive is known to have reached, says.
uint64_t BytesToExpect(const MySqlServer& server, const std::string& original, const Position& end);

// Compares each file of the newest epoch with the server's own: all of them, byte by byte, but for the "in use" flag.
// The empty string, or what differs.
std::string CompareArchive(const std::string& path, const MySqlServer& server, const Position& end = {});

// Every line of a JSON target's files in order. Fails the test on a line that is not JSON.
std::vector<nlohmann::json> ReadEvents(const std::string& path);

// Applies write, update and delete events of one table in order: what the table should hold, by the value of `key`.
// Fails the test when an update or delete finds no row, or a write finds one: then an event was lost or came twice.
std::map<std::string, nlohmann::json> ReplayTable(const std::vector<nlohmann::json>& events, const std::string& table,
                                                  const std::string& key);

// A JSON value as the server's text protocol would print it; "NULL" for null.
std::string AsText(const nlohmann::json& value);

// Compares ReplayTable with SELECT on the server. The empty string, or what differs.
std::string CompareTable(const std::vector<nlohmann::json>& events, MySqlServer& server, const std::string& database,
                         const std::string& table, const std::string& key);

}  // namespace binlogd::testing
