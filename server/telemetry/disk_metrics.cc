#include "telemetry/disk_metrics.h"

#include <map>
#include <set>
#include <utility>

#include "absl/time/time.h"

namespace binlogd {
namespace {

// A fraction of what Prometheus allows a scrape (10 s).
constexpr absl::Duration kPatience = absl::Milliseconds(500);

// What a disk has, twice: of what writes there.
struct DiskMetric {
  MetricFamily of_state;
  MetricFamily of_target;
  uint64_t DiskSpace::*value;
};

constexpr DiskMetric kMetrics[] = {
    {{"binlogd_state_disk_free_bytes", MetricType::kGauge, "",
      "Bytes that binlogd may still write to the file system of the state directory."},
     {"binlogd_target_disk_free_bytes", MetricType::kGauge, "streamer target",
      "Bytes that binlogd may still write to the file system of the target. Only of file targets that have begun, and "
      "while the file system answers."},
     &DiskSpace::free_bytes},
    {{"binlogd_state_disk_size_bytes", MetricType::kGauge, "", "Size of the file system of the state directory."},
     {"binlogd_target_disk_size_bytes", MetricType::kGauge, "streamer target",
      "Size of the file system of the target. Absent when the free bytes are."},
     &DiskSpace::size_bytes},
};

struct FileTarget {
  std::string streamer;
  std::string name;
  std::string folder;
};

std::vector<FileTarget> FileTargets(const std::vector<StreamerView>& streamers) {
  std::vector<FileTarget> targets;
  for (const StreamerView& view : streamers) {
    for (const TargetSpec& target : view.spec.targets) {
      if (target.file() != nullptr) targets.push_back({view.spec.name, target.name, target.file()->path});
    }
  }
  return targets;
}

}  // namespace

std::vector<const MetricFamily*> DiskFamilies() {
  std::vector<const MetricFamily*> families;
  for (const DiskMetric& metric : kMetrics) families.push_back(&metric.of_state);
  for (const DiskMetric& metric : kMetrics) families.push_back(&metric.of_target);
  return families;
}

std::vector<MetricSample> DiskMetrics(const std::string& state_dir, const std::vector<StreamerView>& streamers,
                                      DiskGauge* gauge) {
  const std::vector<FileTarget> targets = FileTargets(streamers);
  std::set<std::string> folders = {state_dir};
  for (const FileTarget& target : targets) folders.insert(target.folder);
  const std::map<std::string, DiskSpace> spaces = gauge->Read(folders, kPatience);
  std::vector<MetricSample> samples;
  const auto add = [&](const MetricFamily& family, std::vector<std::string> labels, const std::string& folder,
                       uint64_t DiskSpace::*value) {
    const auto found = spaces.find(folder);
    if (found != spaces.end())
      samples.push_back({&family, std::move(labels), static_cast<double>(found->second.*value)});
  };
  for (const DiskMetric& metric : kMetrics) {
    add(metric.of_state, {}, state_dir, metric.value);
    for (const FileTarget& target : targets) {
      add(metric.of_target, {target.streamer, target.name}, target.folder, metric.value);
    }
  }
  return samples;
}

}  // namespace binlogd
