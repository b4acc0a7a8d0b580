// How much memory a streamer takes while a transaction passes that is much larger.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/allocator.h"
#include "base/file.h"
#include "pipeline/pipeline.h"
#include "tests/harness/kafka_broker.h"
#include "tests/harness/s3_server.h"
#include "tests/harness/subprocess.h"
#include "tests/harness/tcp_proxy.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

// Beyond the budget of what is read: what is encoded, what targets gather, and the connections.
constexpr uint64_t kAllowance = 64 << 20;

// Of this process, in bytes: "VmRSS" or "VmHWM", the most since ForgetPeak.
uint64_t Memory(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    uint64_t kilobytes = 0;
    if (word == absl::StrCat(field, ":") && status >> kilobytes) return kilobytes << 10;
  }
  return 0;
}

void ForgetPeak() { std::ofstream("/proc/self/clear_refs") << "5"; }

// The size of the transaction; BINLOGD_TRANSACTION_MB makes it another.
int TransactionMegabytes() {
  int megabytes = 0;
  const char* given = std::getenv("BINLOGD_TRANSACTION_MB");
  return given != nullptr && absl::SimpleAtoi(given, &megabytes) ? megabytes : 512;
}

// Which target is not served while the transaction passes.
enum class Stalled { kFile, kS3, kKafka };

class MemoryTest : public ::testing::TestWithParam<Stalled> {
 protected:
  static constexpr char kBucket[] = "memory";

  void SetUp() override {
    TuneAllocator();
    auto source =
        MySqlServer::Start(ServerKind::kMySql97, {"--max-allowed-packet=64M", "--innodb-redo-log-capacity=1G"});
    if (!source.ok()) GTEST_SKIP() << source.status();
    source_ = *std::move(source);
    auto s3 = S3Server::Start();
    if (!s3.ok()) GTEST_SKIP() << s3.status();
    s3_ = *std::move(s3);
    s3_proxy_ = *TcpProxy::Start(s3_->port());
    ASSERT_TRUE(s3_->CreateBucket(kBucket).ok());
    kafka_proxy_ = *TcpProxy::Start(0);
    testing::KafkaOptions options;
    options.auto_create_topics = false;
    options.advertised_port = kafka_proxy_->port();
    auto kafka = KafkaBroker::Start(std::move(options));
    if (!kafka.ok()) GTEST_SKIP() << kafka.status();
    kafka_ = *std::move(kafka);
    kafka_proxy_->SetTarget(kafka_->forwarded_port());
    ASSERT_TRUE(MakeDirectories(mount_, 0750).ok());
    if (system(absl::StrCat("mount -t tmpfs -o size=256k tmpfs ", mount_, " 2>/dev/null").c_str()) != 0) {
      GTEST_SKIP() << "this machine does not let the test mount a tmpfs";
    }
    mounted_ = true;
  }
  void TearDown() override {
    if (!mounted_) return;
    EXPECT_EQ(system(absl::StrCat("umount ", mount_).c_str()), 0);
  }

  TargetSpec Objects() const {
    S3TargetSpec s3;
    s3.bucket = kBucket;
    s3.prefix = "log/";
    s3.endpoint = absl::StrCat("http://127.0.0.1:", s3_proxy_->port());
    s3.path_style = true;
    s3.credentials.access_key_id = S3Server::kAccessKey;
    s3.credentials.secret_access_key = Secret{Secret::Kind::kValue, S3Server::kSecret};
    return TargetSpec{"s3", s3, true, {}};
  }
  TargetSpec Topics() const {
    KafkaTargetSpec kafka;
    kafka.brokers = {absl::StrCat("127.0.0.1:", kafka_proxy_->port())};
    kafka.topic = "cdc.{table}";
    kafka.format = EventFormat::kJson;
    return TargetSpec{"kafka", kafka, true, {}};
  }
  // RAW and JSON files, objects, topics. The one that stalls is not required.
  StreamerSpec Spec() const {
    StreamerSpec spec = SpecFor(*source_);
    TargetSpec json = JsonTarget(GetParam() == Stalled::kFile ? mount_ + "/json" : directory_ / "json");
    spec.targets = {RawTarget(directory_ / "raw"), json, Objects(), Topics()};
    spec.targets[1 + static_cast<size_t>(GetParam())].required = false;
    return spec;
  }
  void Stall() {
    if (GetParam() == Stalled::kS3) s3_proxy_->Stall(true);
    if (GetParam() == Stalled::kKafka) kafka_proxy_->Stall(true);
  }

  // As CompareArchive, for files of any size: of each the "in use" flag alone may differ.
  void ExpectEqualToSource(const std::string& archive) const {
    const std::string epoch = Epochs(archive).back();
    int files = 0;
    for (const auto& file : std::filesystem::directory_iterator(epoch)) {
      const std::string name = file.path().filename();
      if (name.find("binlog.") != 0) continue;
      ++files;
      SubprocessOptions options;
      options.arguments = {"cmp", "--verbose", file.path(), source_->data_dir() + "/" + name};
      const absl::StatusOr<CommandResult> compared = RunCommand(options, absl::Minutes(5));
      ASSERT_TRUE(compared.ok()) << compared.status();
      const absl::string_view differences = compared->output;
      const bool flag_alone =
          std::count(differences.begin(), differences.end(), '\n') <= 1 &&
          (differences.empty() || absl::StartsWith(absl::StripLeadingAsciiWhitespace(differences), "22 "));
      EXPECT_TRUE(flag_alone && compared->error_output.empty())
          << name << ": " << differences.substr(0, 200) << compared->error_output;
    }
    EXPECT_GT(files, 0);
  }

  TempDir directory_;
  const std::string mount_ = directory_ / "full";
  bool mounted_ = false;
  std::unique_ptr<MySqlServer> source_;
  std::unique_ptr<S3Server> s3_;
  std::unique_ptr<TcpProxy> s3_proxy_;
  std::unique_ptr<TcpProxy> kafka_proxy_;
  std::unique_ptr<KafkaBroker> kafka_;
};

TEST_P(MemoryTest, ALargeTransactionPassesInTheBudgetWhileATargetIsStalled) {
  Streamer streamer(Spec(), directory_ / "checkpoint.json");
  ASSERT_TRUE(streamer.Start().ok());
  source_->Run({"CREATE DATABASE big",
                "CREATE TABLE big.rows_ (id INT PRIMARY KEY, filler VARBINARY(8000)) "
                "ENGINE=InnoDB"});
  ASSERT_TRUE(WaitUntilCaughtUp(streamer, *source_));
  const int rows = TransactionMegabytes() * 125;
  constexpr int kRowsOfStatement = 1000;
  std::vector<std::string> statements = {"BEGIN"};
  for (int first = 0; first < rows; first += kRowsOfStatement) {
    std::string values;
    for (int i = first; i < first + kRowsOfStatement; ++i) {
      absl::StrAppend(&values, i == first ? "" : ", ", "(", i, ", REPEAT('x', 8000))");
    }
    statements.push_back(absl::StrCat("INSERT INTO big.rows_ VALUES ", values));
  }
  statements.push_back("COMMIT");
  Stall();
  // The statements' text, 17 MiB of 5 GB, is this test's own.
  ForgetPeak();
  const uint64_t before = Memory("VmRSS");
  source_->Run(statements);
  ASSERT_TRUE(WaitUntilCaughtUp(streamer, *source_, absl::Minutes(15)));
  const uint64_t peak = Memory("VmHWM");
  std::cout << "peak " << ((peak - before) >> 20) << " MiB above the start\n";
  EXPECT_LE(peak - before, Pipeline::kBudgetBytes + kAllowance) << (peak >> 20) << " MiB, before " << (before >> 20);
  const StreamerSnapshot snapshot = streamer.Snapshot();
  EXPECT_EQ(snapshot.state, StreamerState::kRunning);
  const TargetSnapshot& stalled = snapshot.targets[1 + static_cast<size_t>(GetParam())];
  EXPECT_EQ(TargetStateName(stalled.state), "DETACHED") << stalled.error;
  streamer.RequestStop(absl::UnavailableError("the test ends"));
  streamer.WaitStopped(absl::InfiniteFuture());
  ExpectEqualToSource(directory_ / "raw");
}

std::string NameOf(const ::testing::TestParamInfo<Stalled>& info) {
  constexpr const char* kNames[] = {"File", "S3", "Kafka"};
  return kNames[static_cast<size_t>(info.param)];
}

INSTANTIATE_TEST_SUITE_P(Stalled, MemoryTest, ::testing::Values(Stalled::kFile, Stalled::kS3, Stalled::kKafka), NameOf);

}  // namespace
}  // namespace binlogd::testing
