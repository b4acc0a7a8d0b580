#include "fleet/declared_fleet.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/logging.h"
#include "base/thread.h"
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
  if (!options_.paths.empty()) thread_ = StartThread("fleet", [this] { Run(); });
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
    watch_.Wait(next_reading_);
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
  const Declaration declaration = ReadDeclaration(options_.paths);
  const bool settled = IsSettled(declaration.digest);
  const FleetReport report =
      ApplyDeclaration(declaration, options_.prune && settled, ended_, manager_, options_.on_applied);
  if (ended_.cancelled()) return;
  const bool may_mend = std::any_of(report.refused.begin(), report.refused.end(), MayMendItself);
  next_reading_ = may_mend ? absl::Now() + kRetry : absl::InfiniteFuture();
  {
    absl::MutexLock lock(&mutex_);
    applied_ = report.applied;
    refused_ = report.refused.size();
  }
  const bool will_prune = options_.prune && !report.left.empty() && declaration.is_whole();
  if (will_prune && !settled) {
    // What is refused now may find its place free then.
    next_reading_ = unchanged_since_ + options_.settling;
    return;
  }
  Tell(report, declaration);
}

bool DeclaredFleet::IsSettled(const std::string& digest) {
  const absl::Time now = absl::Now();
  if (std::exchange(digest_, digest) != digest) unchanged_since_ = now;
  return now - unchanged_since_ >= options_.settling;
}

void DeclaredFleet::Tell(const FleetReport& report, const Declaration& declaration) {
  std::set<std::string> told;
  const auto tell = [this, &told](LogLevel level, const std::string& line) {
    if (told.insert(line).second && told_.count(line) == 0) Log(level, "server", line);
  };
  for (const absl::Status& status : report.refused) {
    tell(LogLevel::kError, absl::StrCat("refused: ", std::string(status.message())));
  }
  for (const std::string& name : report.left) {
    const std::string why = !options_.prune           ? "delete it, or run with --prune-streamers"
                            : !report.refused.empty() ? "nothing is pruned while anything is refused"
                            : declaration.cut.empty()
                                ? "nothing is pruned while nothing at all is declared"
                                : absl::StrCat("nothing is pruned while ", declaration.cut[0],
                                               " does not end with the end of a line: it may be cut");
    // What could not be read may declare it.
    const absl::string_view what =
        declaration.refused.empty() ? "is not declared any more" : "is declared by nothing that could be read";
    tell(LogLevel::kInfo, absl::StrCat("streamer \"", name, "\" ", what, ", but stays: ", why));
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
