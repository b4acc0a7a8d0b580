// Real MySQL and MariaDB servers for tests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlog/flavor.h"
#include "mysql/connection.h"
#include "tests/harness/subprocess.h"
#include "tests/harness/temp_dir.h"

namespace binlogd::testing {

// Which server, as `tests/harness/provide` names it.
enum class ServerKind { kMySql97, kMariaDb1011, kMariaDb118 };

// "mysql-9.7"
const char* ServerName(ServerKind kind);

// A private server with a throwaway data directory on a free loopback port, stopped and removed when destroyed. The
// account root (no password) may do everything; "repl"/"replpass" has the replication privileges of docs/operations.md
// only. It also dies with the thread that started it. Not thread-safe.
class MySqlServer {
 public:
  // Starts one with `options` ("--binlog-format=ROW") after the defaults: log_bin=binlog, server_id=1, row format, row
  // metadata FULL, GTIDs on, checksums CRC32, small buffers; what it writes survives a kill -9, not a power loss.
  // UNAVAILABLE with the reason when this machine cannot get the server.
  static absl::StatusOr<std::unique_ptr<MySqlServer>> Start(ServerKind kind,
                                                            const std::vector<std::string>& options = {});
  ~MySqlServer();

  // For connections by TCP as root; change what a test needs changed.
  ConnectOptions connect_options() const;
  // Connections by TCP as root.
  absl::StatusOr<std::unique_ptr<Connection>> Connect(Interrupter* interrupter);
  // Runs statements on a connection of its own; fails the test (ADD_FAILURE) when one fails. Returns the last result.
  ResultSet Run(const std::vector<std::string>& statements);

  ServerKind kind() const { return kind_; }
  Flavor flavor() const;
  uint16_t port() const { return port_; }
  std::string endpoint() const;                                 // "127.0.0.1:port"
  std::string data_dir() const { return directory_ / "data"; }  // Where binlog.000001 … stand.
  std::vector<std::string> LogFiles() const;                    // Paths, oldest first.
  // A program of the same version: "mysql", "mysqlbinlog", "mariadb", "mariadb-binlog".
  std::string Program(const std::string& name) const;
  int pid() const;
  void Kill();             // kill -9 and wait for its end.
  absl::Status Stop();     // Orderly shutdown.
  absl::Status Restart();  // Starts again on the same port and data directory; stops it first if it runs.
  // As Restart(), with other options in place of those that Start() got.
  absl::Status RestartWith(const std::vector<std::string>& options);
  // The last lines of the server's error log.
  std::string LogTail() const;

 private:
  MySqlServer(ServerKind kind, std::string program_dir, const std::vector<std::string>& options)
      : kind_(kind), program_dir_(std::move(program_dir)), options_(options) {}
  absl::Status CopyTemplate();
  absl::Status Launch();
  absl::Status WaitUntilReady();
  std::vector<std::string> Arguments() const;

  const ServerKind kind_;
  const std::string program_dir_;
  std::vector<std::string> options_;
  TempDir directory_;
  uint16_t port_ = 0;
  std::unique_ptr<Subprocess> process_;
};

// A server with the default options that the tests of this process share; it ends with the process. Call it first from
// the main thread. Tests must leave it running and its settings as they found them.
absl::StatusOr<MySqlServer*> SharedServer(ServerKind kind);

}  // namespace binlogd::testing
