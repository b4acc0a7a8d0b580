#include "tests/harness/mysql_server.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <map>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "tests/harness/provide.h"
#include "tests/harness/tcp_proxy.h"

namespace binlogd::testing {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(90);
constexpr absl::Duration kStopTimeout = absl::Seconds(90);

}  // namespace

const char* ServerName(ServerKind kind) {
  switch (kind) {
    case ServerKind::kMySql97: return "mysql-9.7";
    case ServerKind::kMariaDb1011: return "mariadb-10.11";
    case ServerKind::kMariaDb118: return "mariadb-11.8";
  }
  return "";
}

absl::StatusOr<std::unique_ptr<MySqlServer>> MySqlServer::Start(ServerKind kind,
                                                                const std::vector<std::string>& options) {
  ASSIGN_OR_RETURN(std::string program_dir, Provide(ServerName(kind)));
  std::unique_ptr<MySqlServer> server(new MySqlServer(kind, std::move(program_dir), options));
  RETURN_IF_ERROR(server->CopyTemplate());
  // Another process may take the port between its choice and the server's start.
  constexpr int kTries = 5;
  for (int i = 1;; ++i) {
    server->port_ = FreePort();
    const absl::Status status = server->Launch();
    if (status.ok()) return server;
    if (i == kTries || !absl::StrContains(server->LogTail(), "ddress already in use")) return status;
  }
}

absl::StatusOr<MySqlServer*> SharedServer(ServerKind kind) {
  static std::map<ServerKind, absl::StatusOr<std::unique_ptr<MySqlServer>>> servers;
  auto found = servers.find(kind);
  if (found == servers.end()) found = servers.emplace(kind, MySqlServer::Start(kind)).first;
  if (!found->second.ok()) return found->second.status();
  return found->second->get();
}

MySqlServer::~MySqlServer() {
  if (process_ != nullptr) process_->Kill();
}

absl::Status MySqlServer::CopyTemplate() {
  const SubprocessOptions copy{
      {"cp", "-a", "--sparse=always", absl::StrCat(program_dir_, "/data"), data_dir()}, {}, {}, {}, {}};
  ASSIGN_OR_RETURN(const CommandResult result, RunCommand(copy));
  return result.exit_code == 0 ? absl::OkStatus() : absl::InternalError(result.error_output);
}

std::vector<std::string> MySqlServer::Arguments() const {
  const bool mysql = flavor() == Flavor::kMySql;
  std::vector<std::string> arguments = {
      Program(mysql ? "mysqld" : "mariadbd"),
      "--no-defaults",
      absl::StrCat("--datadir=", data_dir()),
      absl::StrCat("--socket=", directory_ / "socket"),
      absl::StrCat("--pid-file=", directory_ / "pid"),
      absl::StrCat("--log-error=", directory_ / "error.log"),
      absl::StrCat("--port=", port_),
      "--bind-address=127.0.0.1",
      "--skip-name-resolve",
      "--secure-file-priv=",
      "--max-allowed-packet=1G",
      "--server-id=1",
      absl::StrCat("--log-bin=", data_dir(), "/binlog"),
      "--binlog-format=ROW",
      "--binlog-row-metadata=FULL",
      "--binlog-checksum=CRC32",
      "--sync-binlog=0",
      "--innodb-flush-log-at-trx-commit=2",
      "--innodb-buffer-pool-size=128M",
  };
  if (geteuid() == 0) arguments.push_back("--user=root");
  if (mysql) {
    for (const char* option : {"--mysqlx=OFF", "--gtid-mode=ON", "--enforce-gtid-consistency=ON",
                               "--innodb-doublewrite=OFF", "--innodb-redo-log-capacity=64M"}) {
      arguments.push_back(option);
    }
  } else {
    arguments.push_back("--innodb-log-file-size=10M");
  }
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  return arguments;
}

absl::Status MySqlServer::Launch() {
  SubprocessOptions options;
  options.arguments = Arguments();
  options.log_file = directory_ / "output.log";
  ASSIGN_OR_RETURN(process_, Subprocess::Start(options));
  const absl::Status ready = WaitUntilReady();
  if (ready.ok()) return ready;
  process_->Kill();
  return absl::InternalError(absl::StrCat(ServerName(kind_), " does not start: ", ready.message(), "\n", LogTail()));
}

absl::Status MySqlServer::WaitUntilReady() {
  const absl::Time deadline = absl::Now() + kStartTimeout;
  while (process_->running()) {
    Interrupter interrupter;
    const absl::StatusOr<std::unique_ptr<Connection>> connection = Connect(&interrupter);
    if (connection.ok() || !absl::IsUnavailable(connection.status())) return connection.status();
    if (absl::Now() > deadline) return connection.status();
    absl::SleepFor(absl::Milliseconds(20));
  }
  return absl::InternalError("it ended");
}

ConnectOptions MySqlServer::connect_options() const {
  ConnectOptions options;
  options.endpoint = {"127.0.0.1", port_};
  options.user = "root";
  return options;
}

absl::StatusOr<std::unique_ptr<Connection>> MySqlServer::Connect(Interrupter* interrupter) {
  return Connection::Connect(connect_options(), interrupter);
}

ResultSet MySqlServer::Run(const std::vector<std::string>& statements) {
  Interrupter interrupter;
  ConnectOptions options = connect_options();
  options.read_timeout = absl::Minutes(5);
  const absl::StatusOr<std::unique_ptr<Connection>> connection = Connection::Connect(options, &interrupter);
  if (!connection.ok()) {
    ADD_FAILURE() << connection.status();
    return {};
  }
  ResultSet last;
  for (const std::string& statement : statements) {
    absl::StatusOr<ResultSet> result = (*connection)->Query(statement);
    if (!result.ok()) {
      ADD_FAILURE() << result.status();
      return {};
    }
    last = *std::move(result);
  }
  return last;
}

Flavor MySqlServer::flavor() const { return kind_ == ServerKind::kMySql97 ? Flavor::kMySql : Flavor::kMariaDb; }

std::string MySqlServer::endpoint() const { return absl::StrCat("127.0.0.1:", port_); }

std::vector<std::string> MySqlServer::LogFiles() const {
  std::vector<std::string> files;
  const absl::StatusOr<std::string> index = ReadWholeFile(absl::StrCat(data_dir(), "/binlog.index"));
  if (!index.ok()) return files;
  for (absl::string_view line : absl::StrSplit(*index, '\n', absl::SkipEmpty())) {
    files.push_back(absl::StrCat(data_dir(), "/", line.substr(line.rfind('/') + 1)));
  }
  return files;
}

std::string MySqlServer::Program(const std::string& name) const { return absl::StrCat(program_dir_, "/bin/", name); }

int MySqlServer::pid() const { return process_->pid(); }

void MySqlServer::Kill() { process_->Kill(); }

absl::Status MySqlServer::Stop() {
  ASSIGN_OR_RETURN(const int exit_code, process_->Terminate(kStopTimeout));
  return exit_code == 0
             ? absl::OkStatus()
             : absl::InternalError(absl::StrCat(ServerName(kind_), " ended with ", exit_code, "\n", LogTail()));
}

absl::Status MySqlServer::Restart() {
  if (process_->running()) RETURN_IF_ERROR(Stop());
  return Launch();
}

absl::Status MySqlServer::RestartWith(const std::vector<std::string>& options) {
  options_ = options;
  return Restart();
}

std::string MySqlServer::LogTail() const {
  constexpr size_t kLines = 15;
  std::string tail;
  for (const char* name : {"output.log", "error.log"}) {
    const absl::StatusOr<std::string> log = ReadWholeFile(directory_ / name);
    if (log.ok() && !log->empty()) absl::StrAppend(&tail, LastLines(*log, kLines), "\n");
  }
  return tail;
}

}  // namespace binlogd::testing
