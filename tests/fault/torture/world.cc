#include "tests/fault/torture/world.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "mysql/server_info.h"
#include "tests/fault/torture/target_checks.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

constexpr uint64_t kDiskBytes = uint64_t{768} << 20;
constexpr absl::Duration kCatchUpTimeout = absl::Seconds(120);
constexpr char kBucket[] = "torture";

}  // namespace

absl::StatusOr<std::unique_ptr<World>> World::Start(const WorldOptions& options) {
  std::unique_ptr<World> world(new World(options));
  RETURN_IF_ERROR(MakeDirectories(world->directory_ / "disk", 0700));
  absl::StatusOr<std::unique_ptr<SmallDisk>> disk = SmallDisk::Mount(world->directory_ / "disk", kDiskBytes);
  if (disk.ok()) world->disk_ = *std::move(disk);
  RETURN_IF_ERROR(world->StartServers());
  world->SetClock(absl::ZeroDuration());
  world->StartBinlogd();
  RETURN_IF_ERROR(world->Apply());
  return world;
}

absl::Status World::StartServers() {
  ASSIGN_OR_RETURN(source_, MySqlServer::Start(options_.source));
  ASSIGN_OR_RETURN(source_proxy_, TcpProxy::Start(source_->port()));
  if (Has(TargetKind::kRawObjects) || Has(TargetKind::kJsonObjects)) {
    ASSIGN_OR_RETURN(s3_, S3Server::Start());
    ASSIGN_OR_RETURN(s3_proxy_, TcpProxy::Start(s3_->port()));
    RETURN_IF_ERROR(s3_->CreateBucket(kBucket));
  }
  if (Has(TargetKind::kTopics)) {
    KafkaOptions options;
    // The target makes its topics itself, with the settings that they need.
    options.auto_create_topics = false;
    ASSIGN_OR_RETURN(kafka_proxy_, TcpProxy::Start(0));
    options.advertised_port = kafka_proxy_->port();
    ASSIGN_OR_RETURN(kafka_, KafkaBroker::Start(std::move(options)));
    kafka_proxy_->SetTarget(kafka_->forwarded_port());
  }
  return absl::OkStatus();
}

std::string World::Spec() const {
  std::string spec =
      absl::StrCat("name: torture\nsource: {flavor: ", source_->flavor() == Flavor::kMySql ? "MYSQL" : "MARIADB",
                   ", endpoints: [\"127.0.0.1:", source_proxy_->port(),
                   "\"], user: repl, password: {value: replpass}}\nbatch: {max_wait: 100ms}\ntargets:\n");
  const auto add = [&](TargetKind kind, const std::string& target) {
    if (Has(kind)) absl::StrAppend(&spec, "  - {", target, "}\n");
  };
  const auto objects = [&](const std::string& prefix, const std::string& format) {
    return absl::StrCat("name: s3-", prefix, ", s3: {bucket: ", kBucket, ", prefix: ", prefix,
                        "/, endpoint: \"http://127.0.0.1:", s3_proxy_ == nullptr ? 0 : s3_proxy_->port(),
                        "\", path_style: true, format: ", format,
                        ", credentials: {access_key_id: ", S3Server::kAccessKey, ", secret_access_key: {value: \"",
                        S3Server::kSecret, "\"}}}");
  };
  add(TargetKind::kRawFile, absl::StrCat("name: file-raw, file: {path: ", directory_ / "disk/raw", "}"));
  add(TargetKind::kJsonFile,
      absl::StrCat("name: file-json, file: {path: ", directory_ / "disk/json", ", format: JSON, rotate_bytes: 1MiB}"));
  add(TargetKind::kRawObjects, objects("raw", "RAW"));
  add(TargetKind::kJsonObjects, objects("json", "JSON"));
  add(TargetKind::kTopics,
      absl::StrCat("name: kafka, kafka: {brokers: [\"127.0.0.1:", kafka_proxy_ == nullptr ? 0 : kafka_proxy_->port(),
                   "\"], topic: \"cdc.{table}\", partitions: 3, format: DEBEZIUM_JSON}"));
  return spec;
}

absl::Status World::Apply() {
  const CommandResult applied = binlogd_->Control({"apply", "--start", "-f", "-"}, Spec());
  return applied.exit_code == 0 ? absl::OkStatus() : absl::InternalError(applied.error_output);
}

void World::KillBinlogd() {
  binlogd_->Kill();
  absl::StrAppend(&binlogd_log_, binlogd_->Log(), "--- kill -9\n");
}

void World::StartBinlogd() {
  std::string preload = options_.lose_writes ? BINLOGD_LOST_WRITE : "";
  std::vector<std::string> environment;
  if (std::strlen(BINLOGD_CLOCK_STEP) > 0) {
    absl::StrAppend(&preload, preload.empty() ? "" : ":", BINLOGD_CLOCK_STEP);
    environment.push_back(absl::StrCat("BINLOGD_TEST_CLOCK=", directory_ / "clock"));
  }
  if (!preload.empty()) environment.push_back(absl::StrCat("LD_PRELOAD=", preload));
  binlogd_ = std::make_unique<BinlogdProcess>(directory_ / "state", std::vector<std::string>(), environment);
}

bool World::SetClock(absl::Duration ahead) {
  if (std::strlen(BINLOGD_CLOCK_STEP) == 0) return false;
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(ahead);
  std::fstream file(directory_ / "clock", std::ios::in | std::ios::out);
  if (!file) file.open(directory_ / "clock", std::ios::out);
  return static_cast<bool>(file.write(reinterpret_cast<const char*>(&nanoseconds), sizeof(nanoseconds)));
}

std::string World::CatchUp(Position* end) {
  Interrupter interrupter;
  const auto connection = source_->Connect(&interrupter);
  if (!connection.ok()) return connection.status().ToString();
  const auto info = DescribeServer(**connection);
  const auto found = info.ok() ? EndOfLog(**connection, *info) : info.status();
  if (!found.ok()) return found.status().ToString();
  *end = *found;
  const auto stub = binlogd_->Stub();
  v1::StreamerStatus status;
  const auto reached = [&] {
    grpc::ClientContext context;
    v1::StatusRequest request;
    request.set_name("torture");
    if (!stub->Status(&context, request, &status).ok()) return false;
    Position position;
    position.file = status.position().file();
    position.offset = status.position().position();
    return !position.file.empty() && ComparePositions(position, *end) >= 0;
  };
  WaitUntil([&] { return reached() || status.state() == v1::FAILED || !binlogd_->running(); }, kCatchUpTimeout);
  if (reached()) return "";
  return absl::StrCat("the streamer does not reach ", ToString(*end), ": ",
                      binlogd_->running() ? status.ShortDebugString() : "binlogd ended", "\n");
}

std::string World::Verdict() {
  Position end;
  std::string verdict = CatchUp(&end);
  if (!verdict.empty()) return verdict;
  const auto check = [&](TargetKind kind, const char* name, const auto& differences) {
    if (!Has(kind)) return;
    const std::string found = differences();
    if (!found.empty()) absl::StrAppend(&verdict, name, ":\n", found, "\n");
  };
  check(TargetKind::kRawFile, "RAW files", [&] { return CompareArchive(directory_ / "disk/raw", *source_, end); });
  check(TargetKind::kJsonFile, "JSON files", [&] { return CheckJsonFiles(directory_ / "disk/json", *source_); });
  check(TargetKind::kRawObjects, "RAW objects", [&] { return CheckRawObjects(*s3_, kBucket, "raw/", *source_, end); });
  check(TargetKind::kJsonObjects, "JSON objects", [&] { return CheckJsonObjects(*s3_, kBucket, "json/", *source_); });
  check(TargetKind::kTopics, "topics", [&] { return CheckTopics(*kafka_, "cdc", *source_); });
  return verdict;
}

void World::Keep(const std::string& folder) {
  const auto everything = std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing;
  std::error_code ignored;
  std::filesystem::create_directories(folder, ignored);
  std::filesystem::copy(directory_.path(), folder, everything, ignored);
  std::filesystem::copy(source_->data_dir(), folder + "/source", everything, ignored);
  if (s3_ != nullptr) std::filesystem::copy(s3_->data_dir(), folder + "/s3", everything, ignored);
  std::ofstream(folder + "/binlogd.log") << binlogd_log_ << binlogd_->Log();
  std::ofstream(folder + "/source.log") << source_->LogTail();
  if (kafka_ != nullptr) std::ofstream(folder + "/kafka.log") << kafka_->LogTail();
}

}  // namespace binlogd::testing
