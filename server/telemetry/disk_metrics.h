// How much room there is where binlogd writes files.
#pragma once

#include <string>
#include <vector>

#include "base/disk_gauge.h"
#include "base/metric.h"
#include "streamer/manager.h"

namespace binlogd {

std::vector<const MetricFamily*> DiskFamilies();

// Of the state directory and of the folder of each file target, as they are now. A folder that is not there yet has no
// sample, nor has one whose file system does not answer: half a second is waited for all together.
std::vector<MetricSample> DiskMetrics(const std::string& state_dir, const std::vector<StreamerView>& streamers,
                                      DiskGauge* gauge);

}  // namespace binlogd
