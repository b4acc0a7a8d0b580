// Many streamers on one binlogd and one real server: what an idle one costs, how fast the API answers, and whether
// broken ones disturb the others. Prints the table of docs/performance.md. See scripts/scale.
#include <dirent.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <iostream>
#include <set>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "mysql/server_info.h"
#include "tests/fault/binlogd_process.h"
#include "tests/harness/mysql_server.h"

namespace binlogd::testing {
namespace {

struct Options {
  int streamers = 500;
  int broken = 50;
  int watchers = 100;
  int seconds = 20;
  std::vector<std::string> flags;
};

// What a process has used, in /proc.
struct Usage {
  double cpu_seconds = 0;
  uint64_t wakeups = 0;  // Times that its threads went to sleep by themselves.
  uint64_t rss_kib = 0;
  size_t threads = 0;
  size_t descriptors = 0;
};

uint64_t FieldOf(const std::string& text, absl::string_view field) {
  uint64_t value = 0;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (!absl::StartsWith(line, field)) continue;
    const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.size() > 1) (void)absl::SimpleAtoi(words[1], &value);
  }
  return value;
}

std::vector<std::string> Entries(const std::string& folder) {
  std::vector<std::string> names;
  DIR* directory = opendir(folder.c_str());
  if (directory == nullptr) return names;
  while (const dirent* entry = readdir(directory)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  closedir(directory);
  return names;
}

Usage UsageOf(pid_t pid) {
  Usage usage;
  const std::string folder = absl::StrCat("/proc/", pid);
  const std::string stat = ReadWholeFile(folder + "/stat").value_or("");
  const std::vector<std::string> words = absl::StrSplit(stat.substr(stat.rfind(')') + 2), ' ');
  double user = 0, system = 0;
  (void)(absl::SimpleAtod(words[11], &user) && absl::SimpleAtod(words[12], &system));
  usage.cpu_seconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  usage.rss_kib = FieldOf(ReadWholeFile(folder + "/status").value_or(""), "VmRSS:");
  for (const std::string& thread : Entries(folder + "/task")) {
    ++usage.threads;
    const std::string status = ReadWholeFile(absl::StrCat(folder, "/task/", thread, "/status")).value_or("");
    usage.wakeups += FieldOf(status, "voluntary_ctxt_switches:");
  }
  usage.descriptors = Entries(folder + "/fd").size();
  return usage;
}

double Percentile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(part * static_cast<double>(values.size())))];
}

double SecondsSince(absl::Time begin) { return absl::ToDoubleSeconds(absl::Now() - begin); }

void Row(const std::string& what, const std::string& value) {
  std::cout << "| " << what << " | " << value << " |" << std::endl;
}

class Scale {
 public:
  Scale(const Options& options, MySqlServer* source) : options_(options), source_(*source) {}

  void Run() {
    source_.Run({"SET GLOBAL max_connections=4000", "CREATE DATABASE IF NOT EXISTS shop",
                 "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, total INT, filler VARCHAR(2000))"});
    std::cout << "| " << options_.streamers << " streamers, one RAW file target each | |\n|---|---:|" << std::endl;
    StartBinlogd();
    const Usage empty = UsageOf(binlogd_->pid());
    CreateAll();
    MeasureIdle(empty);
    MeasureApi();
    MeasureLoad("alone");
    AddBroken();
    MeasureLoad(absl::StrCat("beside ", options_.broken, " broken ones"));
    Restart();
  }

 private:
  void StartBinlogd() {
    binlogd_ = std::make_unique<BinlogdProcess>(directory_ / "state", options_.flags);
    stub_ = binlogd_->Stub();
  }

  v1::StreamerSpec Spec(const std::string& name, uint32_t server_id) const {
    v1::StreamerSpec spec;
    spec.set_name(name);
    v1::SourceSpec& source = *spec.mutable_source();
    source.set_flavor(v1::SourceSpec::MARIADB);
    source.add_endpoints(source_.endpoint());
    source.set_user("repl");
    source.mutable_password()->set_value("replpass");
    source.set_server_id(server_id);
    v1::TargetSpec& target = *spec.add_targets();
    target.set_name("archive");
    target.mutable_file()->set_path(directory_ / ("targets/" + name));
    return spec;
  }

  void Create(const v1::StreamerSpec& spec) {
    grpc::ClientContext context;
    v1::CreateRequest request;
    *request.mutable_spec() = spec;
    request.set_start(true);
    v1::Streamer created;
    const grpc::Status status = stub_->Create(&context, request, &created);
    if (!status.ok()) ADD_FAILURE() << status.error_message();
  }

  std::vector<v1::Streamer> List() {
    grpc::ClientContext context;
    v1::ListRequest request;
    request.set_page_size(1000);
    v1::ListResponse response;
    EXPECT_TRUE(stub_->List(&context, request, &response).ok());
    return {response.streamers().begin(), response.streamers().end()};
  }

  // Until that many good ones pass; polled, so as exact as the pause.
  void AwaitGood(const std::function<bool(const v1::StreamerStatus&)>& passes) {
    for (;;) {
      int passed = 0;
      for (const v1::Streamer& streamer : List()) {
        passed += absl::StartsWith(streamer.spec().name(), "good-") && passes(streamer.status());
      }
      if (passed == options_.streamers) return;
      absl::SleepFor(absl::Milliseconds(20));
    }
  }
  static bool Runs(const v1::StreamerStatus& status) { return status.state() == v1::RUNNING; }

  void CreateAll() {
    const absl::Time begin = absl::Now();
    for (int i = 0; i < options_.streamers; ++i) {
      Create(Spec(absl::StrCat("good-", i), static_cast<uint32_t>(1000 + i)));
    }
    AwaitGood(Runs);
    Row("created, until all are RUNNING", absl::StrFormat("%.1f s", SecondsSince(begin)));
  }

  uint64_t Connections() {
    const ResultSet result = source_.Run({"SHOW GLOBAL STATUS LIKE 'Connections'"});
    uint64_t count = 0;
    (void)absl::SimpleAtoi(result.First("Value").value_or("0"), &count);
    return count;
  }

  void MeasureIdle(const Usage& empty) {
    absl::SleepFor(absl::Seconds(12));  // What a start leaves behind is over, and every timer has come once.
    const uint64_t connections = Connections();
    const Usage before = UsageOf(binlogd_->pid());
    const absl::Time begin = absl::Now();
    absl::SleepFor(absl::Seconds(options_.seconds));
    const double seconds = SecondsSince(begin);
    const Usage after = UsageOf(binlogd_->pid());
    const double each = options_.streamers;
    Row("threads of an idle streamer",
        absl::StrFormat("%.2f", static_cast<double>(after.threads - empty.threads) / each));
    Row("memory of an idle streamer",
        absl::StrFormat("%.0f KiB", static_cast<double>(after.rss_kib - empty.rss_kib) / each));
    Row("open files of an idle streamer",
        absl::StrFormat("%.1f", static_cast<double>(after.descriptors - empty.descriptors) / each));
    Row("wake-ups of an idle streamer",
        absl::StrFormat("%.2f a second", static_cast<double>(after.wakeups - before.wakeups) / seconds / each));
    Row("CPU of all idle streamers",
        absl::StrFormat("%.1f %% of a core", (after.cpu_seconds - before.cpu_seconds) / seconds * 100));
    Row("connections to the source while idle",
        absl::StrFormat("%.1f a second", static_cast<double>(Connections() - connections - 1) / seconds));
    Row("memory of the process", absl::StrFormat("%.0f MiB", static_cast<double>(after.rss_kib) / 1024));
  }

  std::vector<double> ListTimes() {
    std::vector<double> times;
    for (int i = 0; i < 200; ++i) {
      const absl::Time begin = absl::Now();
      List();
      times.push_back(SecondsSince(begin) * 1e3);
      absl::SleepFor(absl::Milliseconds(10));
    }
    return times;
  }
  static std::string Times(const std::vector<double>& times) {
    return absl::StrFormat("%.1f, %.1f ms", Percentile(times, 0.5), Percentile(times, 0.99));
  }

  // One who watches, and notes when a stop or start of a streamer is told.
  struct Watcher {
    grpc::ClientContext context;
    std::thread thread;
  };

  void MeasureApi() {
    Row("List of all: median, 99th percentile", Times(ListTimes()));
    std::vector<std::unique_ptr<Watcher>> watchers;
    std::atomic<int> complete{0};
    std::atomic<int64_t> changed_nanos{0};
    absl::Mutex mutex;
    std::vector<double> told, first;
    for (int i = 0; i < options_.watchers; ++i) {
      watchers.push_back(std::make_unique<Watcher>());
      Watcher& watcher = *watchers.back();
      watcher.thread = std::thread([&, this] {
        const auto stub = binlogd_->Stub();
        const absl::Time begin = absl::Now();
        const auto reader = stub->Watch(&watcher.context, v1::WatchRequest());
        std::set<std::string> names;
        v1::WatchResponse response;
        std::string labels;
        while (reader->Read(&response)) {
          const absl::Time now = absl::Now();
          for (const v1::WatchResponse::Change& change : response.changes()) {
            if (change.kind_case() != v1::WatchResponse::Change::kStreamer) continue;
            const v1::Streamer& streamer = change.streamer();
            if (names.insert(streamer.spec().name()).second && names.size() == size_t(options_.streamers)) {
              ++complete;
              absl::MutexLock lock(&mutex);
              first.push_back(absl::ToDoubleMilliseconds(now - begin));
              continue;
            }
            // The specs' labels are changed one after the other, each known to all before the next.
            const auto mark = streamer.spec().labels().find("mark");
            if (mark == streamer.spec().labels().end() || mark->second == labels) continue;
            labels = mark->second;
            absl::MutexLock lock(&mutex);
            told.push_back(absl::ToDoubleMilliseconds(now - absl::FromUnixNanos(changed_nanos.load())));
          }
        }
      });
    }
    while (complete.load() < options_.watchers) absl::SleepFor(absl::Milliseconds(10));
    Row(absl::StrCat(options_.watchers, " begin to watch at once, until each has all"),
        absl::StrFormat("%.0f ms at most", Percentile(first, 1)));
    std::vector<double> updates;
    const std::vector<double> list = ListTimes();
    Row(absl::StrCat("List of all beside ", options_.watchers, " watchers"), Times(list));
    for (int i = 0; i < 50; ++i) {
      v1::StreamerSpec spec = Spec(absl::StrCat("good-", i), static_cast<uint32_t>(1000 + i));
      (*spec.mutable_labels())["mark"] = absl::StrCat("m", i);
      grpc::ClientContext context;
      v1::UpdateRequest request;
      *request.mutable_spec() = spec;
      v1::Streamer updated;
      const absl::Time begin = absl::Now();
      changed_nanos.store(absl::ToUnixNanos(begin));
      EXPECT_TRUE(stub_->Update(&context, request, &updated).ok());
      updates.push_back(SecondsSince(begin) * 1e3);
      const auto all_told = [&] {
        absl::MutexLock lock(&mutex);
        return told.size() >= size_t(options_.watchers) * size_t(i + 1);
      };
      while (!all_told()) absl::SleepFor(absl::Milliseconds(1));
      absl::SleepFor(absl::Milliseconds(20));
    }
    Row("an Update, which is on disk when it answers", Times(updates));
    Row(absl::StrCat("from its call until it is told to ", options_.watchers, " watchers"), Times(told));
    const Usage before = UsageOf(binlogd_->pid());
    absl::SleepFor(absl::Seconds(5));
    Row(absl::StrCat("CPU with ", options_.watchers, " watchers, all idle"),
        absl::StrFormat("%.1f %% of a core", (UsageOf(binlogd_->pid()).cpu_seconds - before.cpu_seconds) / 5 * 100));
    for (const auto& watcher : watchers) watcher->context.TryCancel();
    for (const auto& watcher : watchers) watcher->thread.join();
  }

  Position EndOfSource() {
    Interrupter interrupter;
    const auto connection = source_.Connect(&interrupter);
    return *EndOfLog(**connection, *DescribeServer(**connection));
  }

  // Until every good one has read all that is there.
  void AwaitRead() {
    const Position end = EndOfSource();
    AwaitGood([&end](const v1::StreamerStatus& status) {
      return status.read_position().file() == end.file && status.read_position().position() >= end.offset;
    });
  }

  void MeasureLoad(const std::string& when) {
    std::vector<double> delays;
    for (int i = 0; i < 20; ++i) {
      source_.Run({"INSERT INTO shop.orders (total) VALUES (1)"});
      const absl::Time begin = absl::Now();
      AwaitRead();
      delays.push_back(SecondsSince(begin) * 1e3);
      absl::SleepFor(absl::Milliseconds(100));
    }
    Row(absl::StrCat("a transaction, until all have read it, ", when), Times(delays));
    std::vector<std::string> statements(
        200,
        "INSERT INTO shop.orders (total, filler) WITH RECURSIVE n (i) AS (SELECT 1 UNION "
        "ALL SELECT i + 1 FROM n WHERE i < 50) SELECT i, REPEAT('x', 50) FROM n");
    const Position from = EndOfSource();
    const Usage before = UsageOf(binlogd_->pid());
    const absl::Time begin = absl::Now();
    source_.Run(statements);
    AwaitRead();
    const double seconds = SecondsSince(begin);
    const double megabytes = static_cast<double>(EndOfSource().offset - from.offset) / 1e6 * options_.streamers;
    Row(absl::StrCat("200 transactions of 50 rows, ", when),
        absl::StrFormat("%.0f MB in %.1f s, %.1f CPU s", megabytes, seconds,
                        UsageOf(binlogd_->pid()).cpu_seconds - before.cpu_seconds));
  }

  // Half cannot reach their source, half are not let in.
  void AddBroken() {
    for (int i = 0; i < options_.broken; ++i) {
      v1::StreamerSpec spec = Spec(absl::StrCat("broken-", i), static_cast<uint32_t>(100000 + i));
      if (i % 2 == 0) {
        spec.mutable_source()->set_endpoints(0, "127.0.0.1:1");
      } else {
        spec.mutable_source()->mutable_password()->set_value("wrong");
      }
      Create(spec);
    }
    absl::SleepFor(absl::Seconds(3));
    std::map<int, int> states;
    for (const v1::Streamer& streamer : List()) {
      if (absl::StartsWith(streamer.spec().name(), "broken-")) ++states[streamer.status().state()];
    }
    Row("broken ones: RETRYING, FAILED", absl::StrFormat("%d, %d", states[v1::RETRYING], states[v1::FAILED]));
  }

  void Restart() {
    // A client that is idle takes seconds to notice that the server goes.
    stub_.reset();
    absl::Time begin = absl::Now();
    EXPECT_EQ(*binlogd_->Terminate(), 0);
    Row("end of the process after SIGTERM", absl::StrFormat("%.1f s", SecondsSince(begin)));
    // The source holds the dumps until it has something to send; it ends them slowly, one by one, when they come anew
    // before.
    const auto dumps = [this] {
      return source_.Run({"SELECT COUNT(*) AS n FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"})
          .First("n")
          .value_or("0");
    };
    while (dumps() != "0") absl::SleepFor(absl::Milliseconds(100));
    begin = absl::Now();
    StartBinlogd();
    Row("start of the process, until the API answers", absl::StrFormat("%.1f s", SecondsSince(begin)));
    AwaitGood(Runs);
    Row("start of the process, until all are RUNNING", absl::StrFormat("%.1f s", SecondsSince(begin)));
  }

  const Options options_;
  MySqlServer& source_;
  TempDir directory_;
  std::unique_ptr<BinlogdProcess> binlogd_;
  std::unique_ptr<v1::StreamerService::Stub> stub_;
};

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("Many streamers on one binlogd", "scale");
  app.add_option("--streamers", options.streamers, "Streamers that work")->capture_default_str();
  app.add_option("--broken", options.broken, "Streamers that do not")->capture_default_str();
  app.add_option("--watchers", options.watchers)->capture_default_str();
  app.add_option("--seconds", options.seconds, "How long idle ones are watched")->capture_default_str();
  app.add_option("--binlogd", options.flags, "Flags for binlogd");
  CLI11_PARSE(app, argc, argv);
  auto source = MySqlServer::Start(ServerKind::kMariaDb1011);
  if (!source.ok()) {
    std::cerr << source.status().message() << "\n";
    return 1;
  }
  Scale(options, source->get()).Run();
  return ::testing::UnitTest::GetInstance()->Failed() ? 1 : 0;
}

}  // namespace
}  // namespace binlogd::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest();
  return binlogd::testing::Main(argc, argv);
}
