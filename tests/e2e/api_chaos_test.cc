// Many clients that do what they like to a few streamers: the server answers each with a code that fits, and stays
// well.
//
// --seconds N    how long (10)
// --seed N       another one does other things (1)
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "tests/fault/binlogd_process.h"
#include "tests/harness/test_arguments.h"
#include "tests/integration/streamer_testing.h"
#include "wire/status_detail.h"

namespace binlogd::testing {
namespace {

constexpr int kClients = 50;
constexpr int kStreamers = 6;
constexpr absl::Duration kPatient = absl::Seconds(60);

uint64_t ResidentKib(pid_t pid) {
  const std::string status = ReadWholeFile(absl::StrCat("/proc/", pid, "/status")).value_or("");
  for (const absl::string_view line : absl::StrSplit(status, '\n')) {
    unsigned long long kib = 0;
    if (std::sscanf(std::string(line).c_str(), "VmRSS: %llu", &kib) == 1) return kib;
  }
  return 0;
}

// What came of all calls. Thread-safe.
class Outcomes {
 public:
  // Notes an answer; fails the test when it is not "OK" and not among `allowed` ("CODE REASON …").
  void Add(const std::string& call, const grpc::Status& status, const std::vector<std::string>& allowed) {
    const std::string outcome = status.ok() ? "OK" : ErrorDetailOf(status).reason();
    // What the client's own deadline or cancellation makes has no reason.
    const bool own = outcome.empty() && (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED ||
                                         status.error_code() == grpc::StatusCode::CANCELLED);
    const std::string name = own ? "the client's own end" : outcome;
    absl::MutexLock lock(&mutex_);
    ++counts_[absl::StrCat(call, ": ", name)];
    if (status.ok() || own || std::find(allowed.begin(), allowed.end(), outcome) != allowed.end()) return;
    ADD_FAILURE() << call << ": " << outcome << " " << status.error_code() << " " << status.error_message();
  }
  std::string ToString() {
    absl::MutexLock lock(&mutex_);
    std::string text;
    for (const auto& [name, count] : counts_) absl::StrAppend(&text, "  ", name, " ", count, "\n");
    return text;
  }

 private:
  absl::Mutex mutex_;
  std::map<std::string, int> counts_ ABSL_GUARDED_BY(mutex_);
};

class ApiChaosTest : public ::testing::Test {
 protected:
  v1::StreamerSpec Spec(int number, uint32_t variant) const {
    v1::StreamerSpec spec;
    spec.set_name(absl::StrCat("s", number));
    v1::SourceSpec& source = *spec.mutable_source();
    source.set_flavor(v1::SourceSpec::MARIADB);
    source.add_endpoints(source_->endpoint());
    source.set_user("repl");
    source.mutable_password()->set_value("replpass");
    source.set_server_id(static_cast<uint32_t>(3000 + number));
    spec.mutable_batch()->set_max_events(100 + variant % 3);
    (*spec.mutable_labels())["variant"] = absl::StrCat(variant % 5);
    v1::TargetSpec& target = *spec.add_targets();
    target.set_name("archive");
    target.mutable_file()->set_path(absl::StrCat(directory_.path(), "/targets/s", number));
    return spec;
  }

  // One client; does one thing after the other until `end`.
  class Client {
   public:
    Client(const ApiChaosTest& test, uint64_t seed, Outcomes* outcomes)
        : test_(test), random_(seed), outcomes_(*outcomes), stub_(test.binlogd_->Stub()) {}

    void Run(absl::Time end) {
      while (absl::Now() < end) DoOne();
    }

   private:
    uint32_t Pick(uint32_t choices) { return static_cast<uint32_t>(random_() % choices); }

    // A context that mostly waits for the answer, and sometimes only for moments.
    void SetDeadline(grpc::ClientContext* context) {
      hasty_ = Pick(8) == 0;
      context->set_deadline(absl::ToChronoTime(absl::Now() + (hasty_ ? absl::Milliseconds(Pick(20)) : kPatient)));
    }
    void Note(const std::string& call, const grpc::Status& status, std::vector<std::string> allowed) {
      if (hasty_) allowed.insert(allowed.end(), {"CHANGE_NOT_BEGUN", "CHANGE_GOES_ON"});
      outcomes_.Add(call, status, allowed);
      EXPECT_TRUE(hasty_ || status.error_code() != grpc::StatusCode::DEADLINE_EXCEEDED) << call << " hangs";
    }

    template <typename Request, typename Response>
    void Call(const std::string& name,
              grpc::Status (v1::StreamerService::Stub::*method)(grpc::ClientContext*, const Request&, Response*),
              const Request& request, const std::vector<std::string>& allowed, Response* response = nullptr) {
      grpc::ClientContext context;
      SetDeadline(&context);
      Response ignored;
      Note(name, (stub_.get()->*method)(&context, request, response == nullptr ? &ignored : response), allowed);
    }
    template <typename Request>
    Request Named(int number) {
      Request request;
      request.set_name(absl::StrCat("s", number));
      return request;
    }

    void DoOne() {
      using Stub = v1::StreamerService::Stub;
      const int number = static_cast<int>(Pick(kStreamers));
      switch (Pick(12)) {
        case 0: {
          v1::CreateRequest request;
          *request.mutable_spec() = test_.Spec(number, Pick(100));
          request.set_start(Pick(2) == 0);
          return Call("Create", &Stub::Create, request, {"STREAMER_EXISTS"});
        }
        case 1: {
          v1::ApplyRequest request;
          *request.mutable_spec() = test_.Spec(number, Pick(100));
          request.set_start(true);
          return Call("Apply", &Stub::Apply, request, {"ALREADY_RUNNING"});
        }
        case 2: {
          v1::UpdateRequest request;
          *request.mutable_spec() = test_.Spec(number, Pick(100));
          if (Pick(2) == 0) request.set_etag(etags_[number]);
          return Call("Update", &Stub::Update, request, {"STREAMER_NOT_FOUND", "STALE_ETAG"});
        }
        case 3: return Call("Delete", &Stub::Delete, Named<v1::DeleteRequest>(number), {"STREAMER_NOT_FOUND"});
        case 4:
        case 5:
          return Call("Start", &Stub::Start, Named<v1::StartRequest>(number),
                      {"STREAMER_NOT_FOUND", "ALREADY_RUNNING"});
        case 6: return Call("Stop", &Stub::Stop, Named<v1::StopRequest>(number), {"STREAMER_NOT_FOUND", "NOT_RUNNING"});
        case 7: {
          v1::Streamer streamer;
          Call("Get", &Stub::Get, Named<v1::GetRequest>(number), {"STREAMER_NOT_FOUND"}, &streamer);
          etags_[number] = streamer.etag();
          return;
        }
        case 8: return Call("List", &Stub::List, v1::ListRequest(), {});
        case 9: return Call("Metrics", &Stub::Metrics, Named<v1::MetricsRequest>(number), {"STREAMER_NOT_FOUND"});
        case 10:
          return ReadSome<v1::WatchResponse>(
              "Watch", [this](auto* context) { return stub_->Watch(context, v1::WatchRequest()); });
        default:
          return ReadSome<v1::TapResponse>(
              "Tap", [this, number](auto* context) { return stub_->Tap(context, Named<v1::TapRequest>(number)); });
      }
    }

    // Reads a few messages of a stream, for a moment, and goes away.
    template <typename Response, typename Open>
    void ReadSome(const std::string& name, const Open& open) {
      grpc::ClientContext context;
      hasty_ = true;
      context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Milliseconds(Pick(500))));
      const std::unique_ptr<grpc::ClientReader<Response>> reader = open(&context);
      Response response;
      for (uint32_t left = Pick(30); left > 0 && reader->Read(&response); --left) {
      }
      if (Pick(2) == 0) context.TryCancel();
      while (reader->Read(&response)) {
      }
      Note(name, reader->Finish(),
           {"STREAMER_NOT_FOUND", "NOT_RUNNING", "STREAMER_STOPPED", "SPEC_CHANGED", "UNAVAILABLE"});
    }

    const ApiChaosTest& test_;
    std::mt19937_64 random_;
    Outcomes& outcomes_;
    const std::unique_ptr<v1::StreamerService::Stub> stub_;
    std::map<int, std::string> etags_;
    bool hasty_ = false;
  };

  MySqlServer* source_ = nullptr;
  TempDir directory_;
  std::unique_ptr<BinlogdProcess> binlogd_;
};

TEST_F(ApiChaosTest, EveryCallIsAnsweredFitlyAndNothingGrows) {
  const auto source = SharedServer(ServerKind::kMariaDb1011);
  if (!source.ok()) GTEST_SKIP() << source.status();
  source_ = *source;
  source_->Run({"CREATE DATABASE shop", "CREATE TABLE shop.t (id INT AUTO_INCREMENT PRIMARY KEY, word VARCHAR(200))"});
  // All come from one address, and are to be answered rather than held back.
  binlogd_ = std::make_unique<BinlogdProcess>(
      directory_ / "state",
      std::vector<std::string>{"--max-calls-per-second=0", "--max-taps-per-client=0", "--max-watches-per-client=0"});
  const absl::Duration duration = absl::Seconds(NumberArgument("seconds", 10));
  const absl::Time end = absl::Now() + duration;
  const uint64_t seed = NumberArgument("seed", 1);
  Outcomes outcomes;
  std::vector<std::thread> clients;
  for (uint64_t i = 0; i < kClients; ++i) {
    clients.emplace_back([&, i] { Client(*this, seed * 1000 + i, &outcomes).Run(end); });
  }
  std::vector<uint64_t> memory;
  while (absl::Now() < end) {
    source_->Run(std::vector<std::string>(20, "INSERT INTO shop.t (word) VALUES (REPEAT('x', 200))"));
    memory.push_back(ResidentKib(binlogd_->pid()));
  }
  for (std::thread& client : clients) client.join();
  std::printf("%s  memory: %llu KiB in the middle, %llu KiB at the end\n", outcomes.ToString().c_str(),
              static_cast<unsigned long long>(memory[memory.size() / 2]),
              static_cast<unsigned long long>(memory.back()));
  // Far above what six streamers and fifty clients take.
  EXPECT_LT(memory.back(), 512u * 1024);
  // It still does what it is told.
  const auto stub = binlogd_->Stub();
  for (int i = 0; i < kStreamers; ++i) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(absl::Now() + kPatient));
    v1::ApplyRequest request;
    *request.mutable_spec() = Spec(i, 0);
    request.set_start(true);
    v1::ApplyResponse response;
    const grpc::Status applied = stub->Apply(&context, request, &response);
    EXPECT_TRUE(applied.ok()) << applied.error_message();
  }
  EXPECT_TRUE(WaitUntil([&] {
    grpc::ClientContext context;
    v1::ListResponse response;
    EXPECT_TRUE(stub->List(&context, v1::ListRequest(), &response).ok());
    int running = 0;
    for (const v1::Streamer& streamer : response.streamers()) running += streamer.status().state() == v1::RUNNING;
    return running == kStreamers;
  }));
  EXPECT_EQ(*binlogd_->Terminate(), 0);
  for (int i = 0; i < kStreamers; ++i) {
    EXPECT_EQ(CompareArchive(absl::StrCat(directory_.path(), "/targets/s", i), *source_), "");
  }
}

}  // namespace
}  // namespace binlogd::testing
