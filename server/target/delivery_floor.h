// How far the targets of one streamer are.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "binlog/position.h"

namespace binlogd {

// Tells one target what the others still need of the log. Thread-safe.
class DeliveryFloor {
 public:
  // A target that needs everything, until it reports.
  void Join(const std::string& target);
  // The target durably has everything before this place. It may report a lesser place than before.
  void Report(const std::string& target, const Epoch& epoch, const Position& position);
  // The target is not open: it needs everything.
  void Withdraw(const std::string& target);

  // Whether every target but this one has everything before the place.
  bool OthersPassed(absl::string_view target, const Epoch& epoch, const Position& position) const;

 private:
  struct Place {
    Epoch epoch;
    Position position;
  };

  mutable absl::Mutex mutex_;
  std::map<std::string, std::optional<Place>> places_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
