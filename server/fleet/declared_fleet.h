// The streamers that spec files declare, kept so.
#pragma once

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/cancellation.h"
#include "base/metric.h"
#include "fleet/apply_declaration.h"
#include "fleet/path_watch.h"
#include "streamer/manager.h"

namespace binlogd {

inline constexpr MetricFamily kDeclaredSpecs = {"binlogd_declared_specs", MetricType::kGauge, "outcome",
                                                "Specs of --streamers at the last reading, by what became of them; a "
                                                "file that cannot be read counts as one that is "
                                                "refused. Absent without --streamers."};

struct FleetOptions {
  std::vector<std::string> paths;  // Spec files and folders of them. None: nothing is ever read.
  bool prune = false;              // As in ApplyDeclaration, once the declaration is settled.
  // The declaration is settled when two readings, that long apart, gave the same: who writes it has done.
  absl::Duration settling = absl::Seconds(2);
  ChangeListener on_applied = nullptr;
};

// Reads the declaration and applies it: at once, when it changes, on Reload(), and now and then while something is
// refused that may mend itself. What is refused is logged when it is first met. Thread-safe.
class DeclaredFleet {
 public:
  // `manager` outlives the fleet.
  DeclaredFleet(FleetOptions options, Manager* manager);
  ~DeclaredFleet();  // Stop.

  // Begins. Called once, when `manager` is loaded.
  void Start();
  // Changes nothing any more when it returns; changes that are under way end by themselves.
  void Stop();

  // Reads and applies it again; returns at once.
  void Reload();
  // Of the last reading; empty without paths.
  std::vector<MetricSample> Metrics() const;

 private:
  void Run();
  void ReadAndApply();
  // Whether the declaration is the one that was read `settling` ago.
  bool IsSettled(const std::string& digest);
  void Tell(const FleetReport& report, const Declaration& declaration);

  const FleetOptions options_;
  Manager* const manager_;
  Cancellation ended_;
  PathWatch watch_;
  // The fleet's own thread.
  std::set<std::string> told_;  // What the last reading refused or left.
  std::string summary_;
  absl::Time next_reading_;
  std::string digest_;  // Of the last declaration, and since when it is that.
  absl::Time unchanged_since_;

  mutable absl::Mutex mutex_;
  bool tell_all_ ABSL_GUARDED_BY(mutex_) = false;
  size_t applied_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace binlogd
