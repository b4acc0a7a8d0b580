// A binlogd that Prometheus watches, between real servers that fail on demand.
#pragma once

#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/notification.h"
#include "tests/fault/binlogd_process.h"
#include "tests/harness/kafka_broker.h"
#include "tests/harness/mysql_server.h"
#include "tests/harness/prometheus_server.h"
#include "tests/harness/s3_server.h"
#include "tests/harness/small_disk.h"
#include "tests/harness/tcp_proxy.h"
#include "tests/harness/temp_dir.h"

namespace binlogd::testing {

// MariaDB, to which a thread writes a few small transactions a second, a broker of Kafka, a store of objects, binlogd
// and Prometheus. The streamer "orders" is declared in a file; it delivers to the required targets "archive" (file) and
// "cold" (S3), and to "bus" (Kafka), which is not required. Not thread-safe.
class MonitoredWorld {
 public:
  static constexpr char kBucket[] = "backups";

  // UNAVAILABLE with the reason when this machine cannot get one of the servers.
  static absl::StatusOr<std::unique_ptr<MonitoredWorld>> Start(const std::string& rules);
  ~MonitoredWorld();

  MySqlServer& source() { return *source_; }
  TcpProxy& source_network() { return *source_network_; }  // From binlogd to the source, for "orders".
  S3Server& objects() { return *objects_; }
  TcpProxy& kafka_network() { return *kafka_network_; }
  BinlogdProcess& binlogd() { return *binlogd_; }
  PrometheusServer& prometheus() { return *prometheus_; }
  // On Path("disk"); null when this machine lets nobody mount one.
  SmallDisk* disk() { return disk_.get(); }

  // What is scraped is the new one.
  void RestartBinlogd();
  // Prometheus scrapes binlogd, from now on, or from the beginning; under these names too.
  absl::Status Scrape(const std::vector<std::string>& more_instances = {}) {
    return prometheus_->Scrape(metrics_network_->port(), more_instances);
  }

  // A file that binlogd is given with --streamers.
  void Declare(const std::string& name, const std::string& text);
  void Undeclare(const std::string& name);
  // binlogctl, which must succeed.
  void Control(const std::vector<std::string>& arguments, const std::string& input = "");
  // A spec of a streamer that follows the source, not through source_network().
  std::string Spec(const std::string& name, int server_id, const std::string& start, const std::string& targets) const;
  // The target `name` that writes to this bucket.
  std::string ObjectsTarget(const std::string& name, const std::string& bucket) const;
  // The directory of the checkpoint file of "orders".
  std::string checkpoint_dir() const { return directory_ / "checkpoint"; }
  std::string Path(const std::string& name) const { return directory_ / name; }

  // Makes the source's log longer.
  void WriteMebibytes(int count);

 private:
  MonitoredWorld() = default;
  absl::Status StartServers();
  void Write();
  std::string OrdersSpec() const;

  TempDir directory_;
  std::unique_ptr<SmallDisk> disk_;
  std::unique_ptr<MySqlServer> source_;
  std::unique_ptr<TcpProxy> source_network_;
  std::unique_ptr<S3Server> objects_;
  std::unique_ptr<TcpProxy> kafka_network_;
  std::unique_ptr<KafkaBroker> kafka_;
  std::unique_ptr<TcpProxy> metrics_network_;  // Gives binlogd one port over its restarts.
  std::unique_ptr<BinlogdProcess> binlogd_;
  std::unique_ptr<PrometheusServer> prometheus_;
  absl::Notification stop_;
  std::thread writer_;
};

}  // namespace binlogd::testing
