#include "tests/e2e/monitored_world.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"

namespace binlogd::testing {
namespace {

namespace fs = std::filesystem;

std::string Local(uint16_t port) { return absl::StrCat("\"127.0.0.1:", port, "\""); }

}  // namespace

absl::StatusOr<std::unique_ptr<MonitoredWorld>> MonitoredWorld::Start(const std::string& rules) {
  std::unique_ptr<MonitoredWorld> world(new MonitoredWorld);
  // Before all that is to see it.
  constexpr uint64_t kDiskBytes = 64 << 20;
  fs::create_directory(world->Path("disk"));
  auto disk = SmallDisk::Mount(world->Path("disk"), kDiskBytes);
  if (disk.ok()) world->disk_ = *std::move(disk);
  // First of the servers, because it may be what cannot be had.
  ASSIGN_OR_RETURN(world->prometheus_, PrometheusServer::Start(rules));
  RETURN_IF_ERROR(world->StartServers());
  fs::create_directories(world->Path("specs"));
  fs::create_directories(world->checkpoint_dir());
  world->Declare("orders", world->OrdersSpec());
  world->RestartBinlogd();
  RETURN_IF_ERROR(world->Scrape());
  world->writer_ = std::thread([world = world.get()] { world->Write(); });
  return world;
}

absl::Status MonitoredWorld::StartServers() {
  // Without checksums, so that a log can be spoilt in a way that only decoding finds.
  ASSIGN_OR_RETURN(source_, MySqlServer::Start(ServerKind::kMariaDb1011, {"--binlog-checksum=NONE"}));
  source_->Run({"CREATE DATABASE shop", "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, total INT)",
                "CREATE TABLE shop.bulk (id INT AUTO_INCREMENT PRIMARY KEY, filler MEDIUMTEXT)"});
  ASSIGN_OR_RETURN(source_network_, TcpProxy::Start(source_->port()));
  ASSIGN_OR_RETURN(objects_, S3Server::Start());
  RETURN_IF_ERROR(objects_->CreateBucket(kBucket));
  ASSIGN_OR_RETURN(kafka_network_, TcpProxy::Start(0));
  KafkaOptions options;
  options.auto_create_topics = false;
  options.advertised_port = kafka_network_->port();
  ASSIGN_OR_RETURN(kafka_, KafkaBroker::Start(std::move(options)));
  kafka_network_->SetTarget(kafka_->forwarded_port());
  ASSIGN_OR_RETURN(metrics_network_, TcpProxy::Start(0));
  return absl::OkStatus();
}

MonitoredWorld::~MonitoredWorld() {
  stop_.Notify();
  if (writer_.joinable()) writer_.join();
}

void MonitoredWorld::Write() {
  constexpr absl::Duration kPause = absl::Milliseconds(50);
  Interrupter interrupter;
  const auto connection = source_->Connect(&interrupter);
  ASSERT_TRUE(connection.ok()) << connection.status();
  do {
    for (const char* statement : {"INSERT INTO shop.orders (total) VALUES (1), (2)",
                                  "UPDATE shop.orders SET total = total + 1 ORDER BY id DESC LIMIT 2",
                                  "DELETE FROM shop.orders ORDER BY id LIMIT 1"}) {
      const auto result = (*connection)->Query(statement);
      ASSERT_TRUE(result.ok()) << result.status();
    }
  } while (!stop_.WaitForNotificationWithTimeout(kPause));
}

void MonitoredWorld::RestartBinlogd() {
  // The old one lets go of its state directory first.
  binlogd_.reset();
  binlogd_ = std::make_unique<BinlogdProcess>(directory_ / "state",
                                              std::vector<std::string>{"--streamers", directory_ / "specs"});
  metrics_network_->SetTarget(static_cast<uint16_t>(binlogd_->metrics_port()));
}

void MonitoredWorld::Declare(const std::string& name, const std::string& text) {
  const std::string hidden = absl::StrCat(directory_ / "specs/.", name);
  std::ofstream(hidden) << text;
  fs::rename(hidden, absl::StrCat(directory_ / "specs/", name, ".yaml"));
}

void MonitoredWorld::Undeclare(const std::string& name) {
  fs::remove(absl::StrCat(directory_ / "specs/", name, ".yaml"));
}

void MonitoredWorld::Control(const std::vector<std::string>& arguments, const std::string& input) {
  const CommandResult result = binlogd_->Control(arguments, input);
  EXPECT_EQ(result.exit_code, 0) << arguments[0] << ": " << result.error_output;
}

std::string MonitoredWorld::Spec(const std::string& name, int server_id, const std::string& start,
                                 const std::string& targets) const {
  return absl::StrCat("name: ", name, "\nsource: {flavor: MARIADB, endpoints: [", Local(source_->port()),
                      "], user: repl, password: {value: replpass}, server_id: ", server_id, ", start: {", start,
                      "}}\nbatch: {max_wait: 500ms}\ntargets: [", targets, "]\n");
}

std::string MonitoredWorld::ObjectsTarget(const std::string& name, const std::string& bucket) const {
  return absl::StrCat("{name: ", name, ", s3: {bucket: ", bucket, ", prefix: ", name, "/, endpoint: \"",
                      objects_->endpoint(),
                      "\", path_style: true, format: RAW, credentials: {access_key_id: ", S3Server::kAccessKey,
                      ", secret_access_key: {value: \"", S3Server::kSecret, "\"}}}}");
}

std::string MonitoredWorld::OrdersSpec() const {
  return absl::StrCat(
      "name: orders\nsource: {flavor: MARIADB, endpoints: [", Local(source_network_->port()),
      "], user: repl, password: {value: replpass}, gtid: true}\nbatch: {max_wait: 500ms}\ncheckpoint: {file: ",
      checkpoint_dir(),
      "/orders.json, interval: 1s}\ntargets:\n- {name: archive, file: {path: ", directory_ / "archive", "}}\n- ",
      ObjectsTarget("cold", kBucket), "\n- {name: bus, required: false, kafka: {brokers: [",
      Local(kafka_network_->port()), "], topic: cdc, partitions: 1, format: JSON, transaction_timeout: 10s}}\n");
}

void MonitoredWorld::WriteMebibytes(int count) {
  // Rows that Kafka takes.
  const std::vector<std::string> statements(
      count, "INSERT INTO shop.bulk (filler) SELECT REPEAT('x', 131072) FROM shop.seq_1_to_8");
  source_->Run(statements);
}

}  // namespace binlogd::testing
