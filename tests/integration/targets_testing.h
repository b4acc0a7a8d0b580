// A server and streamers whose targets are made to fail, for tests of targets and of resets of the log.
#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {

// While it lives, no file of this process can grow beyond `bytes`: writes fail, but not for want of room.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(uint64_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }

 private:
  rlimit before_{};
};

// A file system of its own, on which a target can be kept from writing.
class MountedFolder {
 public:
  explicit MountedFolder(const std::string& path) : path_(path) {
    EXPECT_TRUE(MakeDirectories(path_, 0750).ok());
    ok_ = Run("mount -t tmpfs -o size=256m tmpfs");
  }
  ~MountedFolder() { EXPECT_TRUE(!ok_ || Run("umount")); }
  MountedFolder(const MountedFolder&) = delete;
  MountedFolder& operator=(const MountedFolder&) = delete;

  bool ok() const { return ok_; }
  // "ro" or "rw".
  void Remount(const std::string& mode) const { EXPECT_TRUE(Run("mount -o remount," + mode)); }

 private:
  bool Run(const std::string& command) const {
    return system(absl::StrCat(command, " ", path_, " 2>/dev/null").c_str()) == 0;
  }
  const std::string path_;
  bool ok_ = false;
};

// A server with shop.orders and shop.bulk.
class TargetsTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override { StartServer({}); }

  // In place of the server that runs, if there is one. Files of the log are small, so that those of decoded targets are
  // what grows.
  void StartServer(std::vector<std::string> options) {
    options.push_back("--max-binlog-size=4M");
    auto server = MySqlServer::Start(GetParam(), options);
    if (!server.ok()) GTEST_SKIP() << server.status();
    server_ = *std::move(server);
    server_->Run({"CREATE DATABASE shop",
                  "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, total INT, filler VARCHAR(500))",
                  "CREATE TABLE shop.bulk (id INT AUTO_INCREMENT PRIMARY KEY, filler LONGTEXT)"});
  }

  TargetSpec Raw(const std::string& name = "raw") const {
    TargetSpec target = RawTarget(directory_ / name);
    target.name = name;
    return target;
  }
  TargetSpec Json(const std::string& name = "json") const {
    TargetSpec target = JsonTarget(directory_ / name);
    target.name = name;
    return target;
  }
  StreamerSpec Spec(std::vector<TargetSpec> targets) const {
    StreamerSpec spec = SpecFor(*server_);
    spec.targets = std::move(targets);
    return spec;
  }
  std::unique_ptr<Streamer> Make(const StreamerSpec& spec) const {
    return std::make_unique<Streamer>(spec, directory_ / "checkpoint.json");
  }
  void Insert(int rows) {
    for (int i = 0; i < rows; ++i) {
      server_->Run({absl::StrCat("INSERT INTO shop.orders (total, filler) VALUES (", i, ", REPEAT('x', 400))")});
    }
  }
  // Transactions of a mebibyte.
  void InsertBulk(int count) {
    for (int i = 0; i < count; ++i) {
      server_->Run({"INSERT INTO shop.bulk (filler) VALUES (REPEAT('x', 524288)), (REPEAT('y', 524288))"});
    }
  }
  // Of which no target is told.
  void DeleteUnlogged(const std::string& rows) {
    server_->Run({"SET sql_log_bin = 0", absl::StrCat("DELETE FROM ", rows), "SET sql_log_bin = 1"});
  }
  // The new log begins with the end of the rows of shop.bulk, in the file "TO" which it is reset; empty for the first.
  void ResetLog(const std::string& to = "") {
    absl::SleepFor(absl::Milliseconds(1100));  // The log's creation time, in seconds, tells one log from the other.
    const bool is_mysql = server_->flavor() == Flavor::kMySql;
    server_->Run(
        {absl::StrCat(is_mysql ? "RESET BINARY LOGS AND GTIDS " : "RESET MASTER ", to), "DELETE FROM shop.bulk"});
  }
  static TargetSnapshot TargetOf(const StreamerSnapshot& snapshot, const std::string& name) {
    for (const TargetSnapshot& target : snapshot.targets) {
      if (target.name == name) return target;
    }
    ADD_FAILURE() << "no target " << name;
    return TargetSnapshot();
  }
  static TargetSnapshot TargetOf(const Streamer& streamer, const std::string& name) {
    return TargetOf(streamer.Snapshot(), name);
  }
  static bool IsIn(const Streamer& streamer, const std::string& name, TargetState state) {
    return TargetOf(streamer, name).state == state;
  }
  Position EndOfServerLog() {
    Interrupter interrupter;
    const auto connection = server_->Connect(&interrupter);
    return *EndOfLog(**connection, *DescribeServer(**connection));
  }
  // Whether the target durably has what the server has now.
  bool WaitUntilHolds(const Streamer& streamer, const std::string& name) {
    const Position end = EndOfServerLog();
    return WaitUntil([&] { return ComparePositions(TargetOf(streamer, name).durable.position, end) >= 0; },
                     absl::Seconds(120));
  }
  static void Stop(Streamer& streamer) {
    streamer.RequestStop(absl::UnavailableError("the test ends"));
    streamer.WaitStopped(absl::InfiniteFuture());
  }
  void ExpectExact(const std::string& raw, const std::string& decoded) {
    EXPECT_EQ(CompareArchive(directory_ / raw, *server_), "");
    ExpectDecoded(decoded);
  }
  void ExpectDecoded(const std::string& name) {
    const std::vector<nlohmann::json> events = ReadEvents(directory_ / name);
    EXPECT_EQ(CompareTable(events, *server_, "shop", "orders", "id"), "");
    EXPECT_EQ(CompareTable(events, *server_, "shop", "bulk", "id"), "");
  }

  TempDir directory_;
  std::unique_ptr<MySqlServer> server_;
};

}  // namespace binlogd::testing
