// What `binlogctl top` knows of the streamers.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binlogd/v1/service.pb.h"

namespace binlogd {

// One streamer, as it is shown.
struct TopRow {
  std::string name;
  std::map<std::string, std::string> labels;
  v1::StreamerStatus status;
  // Over the last seconds; 0 until two statuses are known.
  double events_per_second = 0;
  double bytes_per_second = 0;
  // In seconds, one a Tick(), the oldest first; 0 while it does not run.
  std::deque<double> lags;
};

enum class TopOrder { kName, kLag, kRate, kState };

// The newest state of each streamer, with its rates and a little history. Times are given, never asked for. Not
// thread-safe.
class TopModel {
 public:
  static constexpr size_t kMostLags = 60;

  void Take(const v1::WatchResponse& response, absl::Time now);
  // Once an interval: works out the rates and adds to the histories.
  void Tick(absl::Time now);

  // Up to where all is known, for a watch that is resumed.
  uint64_t revision() const { return revision_; }
  // Whether all of the first snapshot is there.
  bool synced() const { return synced_; }
  size_t size() const { return streamers_.size(); }

  // Those that pass the filter, in an order; ties, and everything that has no other order, go by name. Lags, rates and
  // states begin with what wants looking at: the largest, and FAILED. `reverse` turns it around.
  // A filter is words parted by blanks, for all of which it holds: a state ("retrying"), a label ("team=data", "!team"
  // for those without), or a part of the name.
  std::vector<const TopRow*> Rows(absl::string_view filter, TopOrder order, bool reverse) const;

 private:
  struct Sample {
    absl::Time time;
    uint64_t events;
    uint64_t bytes;
  };
  struct Entry {
    TopRow row;
    std::deque<Sample> samples;
  };

  Entry& EntryOf(const std::string& name);

  uint64_t revision_ = 0;
  bool synced_ = false;
  std::map<std::string, Entry> streamers_;
};

}  // namespace binlogd
