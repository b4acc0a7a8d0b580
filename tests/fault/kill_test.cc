// kill -9 at random moments under load: nothing lost, nothing doubled.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <random>
#include <thread>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "tests/fault/binlogd_process.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

constexpr int kKills = 20;

// BINLOGD_TEST_SEED repeats a run.
uint32_t Seed() {
  uint32_t seed = 0;
  const char* given = std::getenv("BINLOGD_TEST_SEED");
  if (given == nullptr || !absl::SimpleAtoi(given, &seed)) seed = std::random_device()();
  return seed;
}

// Writes rows, transactions, and now and then a new log file, until it is told to stop.
class Load {
 public:
  explicit Load(MySqlServer* server, uint32_t seed) : server_(server), random_(seed), thread_([this] { Run(); }) {}
  ~Load() { Stop(); }
  void Stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int transactions() const { return transactions_; }

 private:
  void Run() {
    Interrupter interrupter;
    const auto connection = server_->Connect(&interrupter);
    ASSERT_TRUE(connection.ok()) << connection.status();
    const auto run = [&](const std::string& sql) {
      const auto result = (*connection)->Query(sql);
      ASSERT_TRUE(result.ok()) << result.status();
    };
    while (!stop_) {
      run("BEGIN");
      const int rows = 1 + static_cast<int>(random_() % 30);
      for (int i = 0; i < rows; ++i) {
        run(absl::StrCat("INSERT INTO shop.orders (total, filler) VALUES (", random_() % 1000, ", REPEAT('x', ",
                         random_() % 2000, "))"));
      }
      run("UPDATE shop.orders SET total = total + 1 ORDER BY id DESC LIMIT 5");
      run("DELETE FROM shop.orders ORDER BY id LIMIT 3");
      run("COMMIT");
      if (random_() % 200 == 0) run("FLUSH BINARY LOGS");
      ++transactions_;
    }
  }

  MySqlServer* const server_;
  std::mt19937 random_;
  std::atomic<bool> stop_{false};
  std::atomic<int> transactions_{0};
  std::thread thread_;
};

class KillTest : public ::testing::TestWithParam<ServerKind> {};

TEST_P(KillTest, ArchiveAndEventsAreExactAfterTwentyKills) {
  auto server = MySqlServer::Start(GetParam());
  if (!server.ok()) GTEST_SKIP() << server.status();
  const uint32_t seed = Seed();
  SCOPED_TRACE(absl::StrCat("BINLOGD_TEST_SEED=", seed));
  std::mt19937 random(seed);
  (*server)->Run({"CREATE DATABASE shop",
                  "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, total INT, filler VARCHAR(2000))"});
  TempDir directory;
  const std::string spec = absl::StrCat(
      "name: orders\n"
      "source: {flavor: ",
      (*server)->flavor() == Flavor::kMySql ? "MYSQL" : "MARIADB", ", endpoints: [\"", (*server)->endpoint(),
      "\"], user: repl, password: {value: replpass}}\n"
      "batch: {max_wait: 50ms}\n"
      "targets:\n"
      "  - {name: archive, file: {path: ",
      directory / "raw",
      "}}\n"
      "  - {name: changes, file: {path: ",
      directory / "json", ", format: JSON, rotate_bytes: 1MiB}}\n");
  const std::string state = directory / "state";
  {
    Load load(server->get(), seed);
    for (int kill = 0; kill < kKills; ++kill) {
      BinlogdProcess binlogd(state);
      if (kill == 0) {
        const CommandResult applied = binlogd.Control({"apply", "--start", "-f", "-"}, spec);
        ASSERT_EQ(applied.exit_code, 0) << applied.error_output;
      }
      absl::SleepFor(absl::Milliseconds(random() % 500));
      binlogd.Kill();
    }
    EXPECT_GT(load.transactions(), kKills);
  }
  BinlogdProcess binlogd(state);
  const auto stub = binlogd.Stub();
  Interrupter interrupter;
  const auto connection = (*server)->Connect(&interrupter);
  ASSERT_TRUE(connection.ok());
  const auto end = EndOfLog(**connection, *DescribeServer(**connection));
  ASSERT_TRUE(end.ok());
  v1::StreamerStatus status;
  ASSERT_TRUE(WaitUntil([&] {
    grpc::ClientContext context;
    v1::StatusRequest request;
    request.set_name("orders");
    if (!stub->Status(&context, request, &status).ok()) return false;
    return status.position().file() == end->file && status.position().position() >= end->offset;
  })) << status.DebugString()
      << binlogd.Log();
  EXPECT_EQ(*binlogd.Terminate(), 0);
  EXPECT_EQ(CompareArchive(directory / "raw", **server), "");
  EXPECT_EQ(CompareTable(ReadEvents(directory / "json"), **server, "shop", "orders", "id"), "");
}

INSTANTIATE_TEST_SUITE_P(Servers, KillTest, ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011),
                         [](const auto& info) { return ServerIdentifier(info.param); });

}  // namespace
}  // namespace binlogd::testing
