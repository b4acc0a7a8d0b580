// How much memory a streamer takes while a transaction passes that is much larger.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/allocator.h"
#include "base/file.h"
#include "pipeline/pipeline.h"
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
  return given != nullptr && absl::SimpleAtoi(given, &megabytes) ? megabytes : 1024;
}

class MemoryTest : public ::testing::TestWithParam<ServerKind> {};

TEST_P(MemoryTest, ALargeTransactionPassesInTheBudgetWhileATargetIsStalled) {
  TuneAllocator();
  const auto started = MySqlServer::Start(GetParam(), {"--max-allowed-packet=64M", "--innodb-redo-log-capacity=1G"});
  if (!started.ok()) GTEST_SKIP() << started.status();
  MySqlServer& server = **started;
  TempDir directory;
  const std::string mount = directory / "full";
  ASSERT_TRUE(MakeDirectories(mount, 0750).ok());
  if (system(absl::StrCat("mount -t tmpfs -o size=256k tmpfs ", mount, " 2>/dev/null").c_str()) != 0) {
    GTEST_SKIP() << "this machine does not let the test mount a tmpfs";
  }
  StreamerSpec spec = SpecFor(server);
  spec.targets = {RawTarget(directory / "raw"), JsonTarget(directory / "json"), JsonTarget(mount + "/json")};
  spec.targets[2].name = "stalled";
  spec.targets[2].required = false;
  Streamer streamer(spec, directory / "checkpoint.json");
  ASSERT_TRUE(streamer.Start().ok());
  server.Run({"CREATE DATABASE big",
              "CREATE TABLE big.rows_ (id INT PRIMARY KEY, filler VARBINARY(8000)) "
              "ENGINE=InnoDB"});
  ASSERT_TRUE(WaitUntilCaughtUp(streamer, server));
  ForgetPeak();
  const uint64_t before = Memory("VmRSS");
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
  server.Run(statements);
  ASSERT_TRUE(WaitUntilCaughtUp(streamer, server, absl::Minutes(10)));
  const uint64_t peak = Memory("VmHWM");
  RecordProperty("peak_mebibytes", static_cast<int>((peak - before) >> 20));
  EXPECT_LE(peak - before, Pipeline::kBudgetBytes + kAllowance) << (peak >> 20) << " MiB, before " << (before >> 20);
  const StreamerSnapshot snapshot = streamer.Snapshot();
  EXPECT_EQ(snapshot.state, StreamerState::kRunning);
  EXPECT_EQ(TargetStateName(snapshot.targets[2].state), "DETACHED") << snapshot.targets[2].error;
  streamer.RequestStop(absl::UnavailableError("the test ends"));
  streamer.WaitStopped(absl::InfiniteFuture());
  EXPECT_EQ(CompareArchive(directory / "raw", server), "");
  EXPECT_EQ(system(absl::StrCat("umount ", mount).c_str()), 0);
}

INSTANTIATE_TEST_SUITE_P(Servers, MemoryTest, ::testing::Values(ServerKind::kMySql97),
                         [](const auto& info) { return ServerIdentifier(info.param); });

}  // namespace
}  // namespace binlogd::testing
