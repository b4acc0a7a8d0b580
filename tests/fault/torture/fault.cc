#include "tests/fault/torture/fault.h"

#include "absl/strings/str_cat.h"

namespace binlogd::testing {
namespace {

// Within what a store that checks the time of requests tolerates; and what waits for a time of day waits as much longer
// when the clock goes back.
constexpr int kMostSecondsAhead = 20;

// A function that cannot fail, as one that can.
std::function<absl::Status()> Simply(std::function<void()> function) {
  return [function = std::move(function)] {
    function();
    return absl::OkStatus();
  };
}

void AddNetwork(std::vector<Fault>* faults, const std::string& name, TcpProxy& proxy) {
  faults->push_back({absl::StrCat("connections of ", name, " cut"), Simply([&] { proxy.CutAll(); }), Simply([] {})});
  faults->push_back({absl::StrCat("connections of ", name, " stalled"), Simply([&] { proxy.Stall(true); }),
                     Simply([&] { proxy.Stall(false); })});
  faults->push_back({absl::StrCat("network of ", name, " down"), Simply([&] {
                       proxy.RefuseNew(true);
                       proxy.CutAll();
                     }),
                     Simply([&] { proxy.RefuseNew(false); })});
}

}  // namespace

std::vector<Fault> FaultsOf(World& world, std::mt19937& random) {
  std::vector<Fault> faults;
  const Fault kill = {"kill -9 of binlogd", Simply([&] { world.KillBinlogd(); }),
                      Simply([&] { world.StartBinlogd(); })};
  faults.insert(faults.end(), {kill, kill, kill});
  faults.push_back(
      {"kill -9 of the source", Simply([&] { world.source().Kill(); }), [&] { return world.source().Restart(); }});
  AddNetwork(&faults, "the source", world.source_proxy());
  if (world.kafka() != nullptr) {
    faults.push_back(
        {"kill -9 of Kafka", Simply([&] { world.kafka()->Kill(); }), [&] { return world.kafka()->Restart(); }});
    AddNetwork(&faults, "Kafka", world.kafka_proxy());
  }
  if (world.s3() != nullptr) {
    faults.push_back({"kill -9 of S3", Simply([&] { world.s3()->Kill(); }), [&] { return world.s3()->Restart(); }});
    AddNetwork(&faults, "S3", world.s3_proxy());
  }
  if (world.disk() != nullptr) {
    faults.push_back({"disk full", [&] { return world.disk()->Fill(); }, Simply([&] { world.disk()->Free(); })});
  }
  if (world.SetClock(absl::ZeroDuration())) {
    faults.push_back({"clock step", Simply([&] {
                        const int seconds = static_cast<int>(random() % (2 * kMostSecondsAhead)) - kMostSecondsAhead;
                        world.SetClock(absl::Seconds(seconds));
                      }),
                      Simply([] {})});
  }
  return faults;
}

std::vector<std::string> FaultsLeftOut(World& world) {
  std::vector<std::string> left_out;
  if (world.disk() == nullptr) left_out.emplace_back("disk full: this machine lets nobody mount a small disk");
  if (!world.SetClock(absl::ZeroDuration()))
    left_out.emplace_back("clock step: the library that makes it does not go with a sanitizer");
  return left_out;
}

}  // namespace binlogd::testing
