// What taps cost a streamer: ONESHOT runs with and without them, in turn, over the same log.
//
//   bench_taps mysql|mariadb HOST:PORT USER PASSWORD raw|json DIRECTORY ROUNDS BUSY IDLE
//
// BUSY taps read all that they are sent as fast as they can, IDLE ones wait for a table that does not exist. They are
// read by another process, which only gets the processor's time that nobody else wants, as one on another machine
// would. Prints for each round the seconds without and with taps and their ratio, and the events that taps got and
// missed.
#include <fcntl.h>
#include <grpcpp/grpcpp.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/allocator.h"
#include "base/file.h"
#include "base/logging.h"
#include "base/thread_pool.h"
#include "binlogd/v1/service.grpc.pb.h"
#include "rpc/server.h"
#include "rpc/spec_json.h"
#include "streamer/manager.h"

namespace binlogd {
namespace {

struct Counts {
  uint64_t received = 0;
  uint64_t missed = 0;
};

// What a run took. The processor's time is that of all threads but those of low priority, which only get what is left.
struct Cost {
  double seconds = -1;  // Less than 0: it failed.
  double cpu_seconds = 0;
};

// The processor's time of this process so far.
double CpuSeconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

// That of its threads of low priority that are there.
double LowPriorityCpuSeconds() {
  double seconds = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream stat(thread.path() / "stat");
    std::string line;
    std::getline(stat, line);
    // proc(5): after the name in brackets come the fields from the third on; 14 and 15 are times, 19 the priority.
    const std::vector<std::string> fields = absl::StrSplit(line.substr(line.rfind(')') + 2), ' ');
    int priority = 0;
    uint64_t user = 0, system = 0;
    if (fields.size() < 17 || !absl::SimpleAtoi(fields[16], &priority) || priority != ThreadPool::kLowPriority)
      continue;
    if (!absl::SimpleAtoi(fields[11], &user) || !absl::SimpleAtoi(fields[12], &system)) continue;
    seconds += static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  }
  return seconds;
}

// The other end of the taps: for each port that is read from `orders` it reads BUSY and IDLE taps to their end, says
// "ready" when all are attached and then what they got.
void ReadTaps(int orders, int answers, int busy, int idle) {
  const sched_param none{};
  (void)sched_setscheduler(0, SCHED_IDLE, &none);
  for (int port = 0; read(orders, &port, sizeof(port)) == sizeof(port);) {
    std::atomic<int> attached = 0;
    std::atomic<uint64_t> received = 0, missed = 0;
    std::vector<std::thread> readers;
    for (int i = 0; i < busy + idle; ++i) {
      readers.emplace_back([&, i] {
        grpc::ChannelArguments own;
        own.SetInt("bench.tap", i);  // A connection for each.
        const auto stub = v1::StreamerService::NewStub(
            grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port), grpc::InsecureChannelCredentials(), own));
        v1::TapRequest request;
        request.set_name("bench");
        if (i >= busy) request.mutable_filter()->add_tables("nobody.nothing");
        grpc::ClientContext context;
        const auto reader = stub->Tap(&context, request);
        v1::TapResponse response;
        for (bool first = true; reader->Read(&response); first = false) {
          if (first) ++attached;
          received += static_cast<uint64_t>(response.batch().events_size());
          missed += response.gap().dropped_events();
        }
        (void)reader->Finish();
      });
    }
    while (attached < busy + idle) usleep(1000);
    char ready = 1;
    (void)!write(answers, &ready, 1);
    for (std::thread& reader : readers) reader.join();
    const Counts counts{received, missed};
    (void)!write(answers, &counts, sizeof(counts));
  }
}

struct Options {
  StreamerSpec spec;
  std::string directory;
  int orders = -1;
  int answers = -1;
};

// One run, with taps if `counts` is not null. The streamer waits for its password until the taps are attached.
Cost RunOnce(const Options& options, Counts* counts) {
  const std::string run = absl::StrCat(options.directory, "/run");
  const std::string secret = absl::StrCat(options.directory, "/password");
  std::filesystem::remove_all(run);
  std::filesystem::remove(secret);
  if (mkfifo(secret.c_str(), 0600) != 0) return Cost();
  StreamerSpec spec = options.spec;
  const std::string password = spec.source.password.text;
  spec.source.password = {Secret::Kind::kFile, secret};
  spec.targets[0].file()->path = absl::StrCat(run, "/target");
  SpecJson codec;
  absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(absl::StrCat(run, "/state"), &codec);
  if (!store.ok()) return Cost();
  Manager manager(*std::move(store));
  auto server = RpcServer::Listen({.address = "127.0.0.1:0"}, &manager);
  if (!server.ok() || !manager.Load().ok() || !manager.Create(spec, /*start=*/true).ok()) return Cost();
  if (counts != nullptr) {
    const int port = (*server)->port();
    char ready = 0;
    if (write(options.orders, &port, sizeof(port)) != sizeof(port) || read(options.answers, &ready, 1) != 1)
      return Cost();
  }
  const auto streamer = *manager.Find("bench");
  const int waiting = open(secret.c_str(), O_WRONLY);  // Waits for the streamer.
  // Whoever asks again finds a file.
  if (!ReplaceFile(secret, password, 0600).ok()) return Cost();
  const absl::Time start = absl::Now();
  const double cpu = CpuSeconds();
  if (write(waiting, password.data(), password.size()) != static_cast<ssize_t>(password.size())) return Cost();
  close(waiting);
  streamer->WaitStopped(absl::InfiniteFuture());
  Cost cost;
  cost.seconds = absl::ToDoubleSeconds(absl::Now() - start);
  cost.cpu_seconds = CpuSeconds() - cpu - LowPriorityCpuSeconds();
  const StreamerSnapshot snapshot = streamer->Snapshot();
  if (snapshot.state != StreamerState::kFinished) {
    std::cerr << "bench_taps: " << snapshot.error.message() << "\n";
    return Cost();
  }
  if (counts != nullptr && read(options.answers, counts, sizeof(*counts)) != sizeof(*counts)) return Cost();
  manager.Shutdown();
  return cost;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

void Tell(const char* what, std::vector<double> ratios) {
  const auto [least, greatest] = std::minmax_element(ratios.begin(), ratios.end());
  std::printf("%s: median %.3f (%.3f–%.3f)\n", what, Median(ratios), *least, *greatest);
}

int Measure(const Options& options, int rounds) {
  if (RunOnce(options, nullptr).seconds < 0) return 1;  // Warms the caches; not counted.
  std::vector<double> times, cpu_times;
  for (int round = 0; round < rounds; ++round) {
    Counts counts;
    const bool taps_first = round % 2 == 1;
    const Cost first = RunOnce(options, taps_first ? &counts : nullptr);
    const Cost second = RunOnce(options, taps_first ? nullptr : &counts);
    if (first.seconds < 0 || second.seconds < 0) return 1;
    const Cost& without = taps_first ? second : first;
    const Cost& with = taps_first ? first : second;
    times.push_back(with.seconds / without.seconds);
    cpu_times.push_back(with.cpu_seconds / without.cpu_seconds);
    std::printf("%.3f s (CPU %.3f s) without, %.3f s (CPU %.3f s) with taps, which got %llu events and missed %llu\n",
                without.seconds, without.cpu_seconds, with.seconds, with.cpu_seconds,
                static_cast<unsigned long long>(counts.received), static_cast<unsigned long long>(counts.missed));
  }
  Tell("time", times);
  Tell("CPU", cpu_times);
  return 0;
}

int Main(int argc, char** argv) {
  int rounds = 0, busy = 0, idle = 0;
  if (argc != 10 || !absl::SimpleAtoi(argv[7], &rounds) || !absl::SimpleAtoi(argv[8], &busy) ||
      !absl::SimpleAtoi(argv[9], &idle) || rounds < 1) {
    std::cerr << "usage: bench_taps mysql|mariadb HOST:PORT USER PASSWORD raw|json DIRECTORY ROUNDS BUSY IDLE\n";
    return 2;
  }
  int orders[2], answers[2];
  if (pipe(orders) != 0 || pipe(answers) != 0) return 1;
  const pid_t readers = fork();  // Before there is any thread.
  if (readers == 0) {
    close(orders[1]);
    ReadTaps(orders[0], answers[1], busy, idle);
    _exit(0);
  }
  TuneAllocator();
  SetLogLevel(LogLevel::kError);
  Options options;
  options.directory = argv[6];
  options.orders = orders[1];
  options.answers = answers[0];
  StreamerSpec& spec = options.spec;
  spec.name = "bench";
  spec.oneshot = true;
  spec.source.flavor = std::string(argv[1]) == "mariadb" ? Flavor::kMariaDb : Flavor::kMySql;
  spec.source.endpoints = {argv[2]};
  spec.source.user = argv[3];
  spec.source.password = {Secret::Kind::kValue, argv[4]};
  spec.source.tls.mode = TlsMode::kDisabled;
  TargetSpec target;
  target.name = "target";
  target.file()->format = std::string(argv[5]) == "json" ? std::optional(EventFormat::kJson) : std::nullopt;
  spec.targets = {target};
  const int result = Measure(options, rounds);
  close(orders[1]);
  (void)waitpid(readers, nullptr, 0);
  return result;
}

}  // namespace
}  // namespace binlogd

int main(int argc, char** argv) { return binlogd::Main(argc, argv); }
