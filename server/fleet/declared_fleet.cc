#include "fleet/declared_fleet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/logging.h"
#include "fleet/declaration.h"

namespace binlogd {
namespace {

constexpr absl::Duration kRetry = absl::Seconds(30);

// A bad spec waits for somebody who changes it; anything else, such as a folder that cannot be read, may pass.
bool MayMendItself(const absl::Status& status) { return !absl::IsInvalidArgument(status); }

MetricSample Sample(const std::string& outcome, size_t value) {
  return MetricSample{&kDeclaredSpecs, {outcome}, static_cast<double>(value)};
}

}  // namespace

DeclaredFleet::DeclaredFleet(FleetOptions options, Manager* manager)
    : options_(std::move(options)), manager_(manager), watch_(options_.paths) {}

DeclaredFleet::~DeclaredFleet() { Stop(); }

void DeclaredFleet::Start() {
  if (!options_.paths.empty()) thread_ = std::thread([this] { Run(); });
}

void DeclaredFleet::Stop() {
  ended_.Cancel();
  watch_.Wake();
  if (thread_.joinable()) thread_.join();
}

void DeclaredFleet::Reload() {
  if (options_.paths.empty()) {
    Log(LogLevel::kInfo, "server", "there is nothing to read again: --streamers was not given");
    return;
  }
  {
    absl::MutexLock lock(&mutex_);
    tell_all_ = true;
  }
  watch_.Wake();
}

void DeclaredFleet::Run() {
  while (!ended_.cancelled()) {
    ReadAndApply();
    watch_.Wait(retry_ ? absl::Now() + kRetry : absl::InfiniteFuture());
  }
}

void DeclaredFleet::ReadAndApply() {
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(tell_all_, false)) {
      told_.clear();
      summary_.clear();
    }
  }
  const FleetReport report =
      ApplyDeclaration(ReadDeclaration(options_.paths), options_.prune, ended_, manager_, options_.on_applied);
  if (ended_.cancelled()) return;
  retry_ = std::any_of(report.refused.begin(), report.refused.end(), MayMendItself);
  {
    absl::MutexLock lock(&mutex_);
    applied_ = report.applied;
    refused_ = report.refused.size();
  }
  Tell(report);
}

void DeclaredFleet::Tell(const FleetReport& report) {
  std::set<std::string> told;
  const auto tell = [this, &told](LogLevel level, const std::string& line) {
    if (told.insert(line).second && told_.count(line) == 0) Log(level, "server", line);
  };
  for (const absl::Status& status : report.refused) {
    tell(LogLevel::kError, absl::StrCat("refused: ", std::string(status.message())));
  }
  for (const std::string& name : report.pruned) {
    Log(LogLevel::kInfo, name, "pruned: no spec file declares it any more");
  }
  for (const std::string& name : report.left) {
    const absl::string_view why = !options_.prune          ? "delete it, or run with --prune-streamers"
                                  : report.refused.empty() ? "nothing is pruned while nothing at all is declared"
                                                           : "nothing is pruned while anything is refused";
    tell(LogLevel::kInfo, absl::StrCat("streamer \"", name, "\" is not declared any more, but stays: ", why));
  }
  told_ = std::move(told);
  const std::string summary =
      absl::StrCat("declared streamers: ", report.applied, " applied, ", report.refused.size(), " refused");
  if (summary != std::exchange(summary_, summary)) Log(LogLevel::kInfo, "server", summary);
}

std::vector<MetricSample> DeclaredFleet::Metrics() const {
  if (options_.paths.empty()) return {};
  absl::MutexLock lock(&mutex_);
  return {Sample("applied", applied_), Sample("refused", refused_)};
}

}  // namespace binlogd
