// All that a round of torture takes: real servers, proxies before them, and binlogd.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "binlog/position.h"
#include "tests/fault/binlogd_process.h"
#include "tests/harness/kafka_broker.h"
#include "tests/harness/mysql_server.h"
#include "tests/harness/s3_server.h"
#include "tests/harness/small_disk.h"
#include "tests/harness/tcp_proxy.h"
#include "tests/harness/temp_dir.h"

namespace binlogd::testing {

enum class TargetKind { kRawFile, kJsonFile, kRawObjects, kJsonObjects, kTopics };

struct WorldOptions {
  ServerKind source = ServerKind::kMariaDb1011;
  std::set<TargetKind> targets;
  bool lose_writes = false;  // binlogd's storage lies (lost_write.cc).
};

// A source, and what the targets take, each behind a proxy of its own, and a binlogd with one streamer that follows the
// source. Not thread-safe; faults are made on the thread that made it.
class World {
 public:
  // UNAVAILABLE with the reason when this machine cannot get one of the servers.
  static absl::StatusOr<std::unique_ptr<World>> Start(const WorldOptions& options);

  MySqlServer& source() { return *source_; }
  KafkaBroker* kafka() { return kafka_.get(); }  // Null without such a target, as s3().
  S3Server* s3() { return s3_.get(); }
  SmallDisk* disk() { return disk_.get(); }  // Null where it cannot be had. Under the file targets.
  TcpProxy& source_proxy() { return *source_proxy_; }
  TcpProxy& kafka_proxy() { return *kafka_proxy_; }
  TcpProxy& s3_proxy() { return *s3_proxy_; }

  void KillBinlogd();
  // It must have been killed. Fails the test when it does not come up.
  void StartBinlogd();
  // binlogd's wall clock is this much ahead of the machine's. False where that cannot be done (under a sanitizer).
  bool SetClock(absl::Duration ahead);

  // With all that was broken mended and the load paused: waits until the streamer has all that the source has written,
  // and compares every target. The empty string, or what is wrong.
  std::string Verdict();

  // Copies what binlogd wrote and the logs of all processes to a folder, which it makes.
  void Keep(const std::string& folder);

 private:
  explicit World(const WorldOptions& options) : options_(options) {}
  bool Has(TargetKind kind) const { return options_.targets.count(kind) > 0; }
  absl::Status StartServers();
  std::string Spec() const;
  absl::Status Apply();
  // Sets `end` to what the source's log ended at.
  std::string CatchUp(Position* end);

  const WorldOptions options_;
  TempDir directory_;
  std::unique_ptr<SmallDisk> disk_;
  std::unique_ptr<MySqlServer> source_;
  std::unique_ptr<KafkaBroker> kafka_;
  std::unique_ptr<S3Server> s3_;
  std::unique_ptr<TcpProxy> source_proxy_;
  std::unique_ptr<TcpProxy> kafka_proxy_;
  std::unique_ptr<TcpProxy> s3_proxy_;
  std::unique_ptr<BinlogdProcess> binlogd_;
  std::string binlogd_log_;  // Of those that were killed.
};

}  // namespace binlogd::testing
