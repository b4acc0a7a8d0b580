#include "target/delivery_floor.h"

namespace binlogd {

void DeliveryFloor::Join(const std::string& target) {
  absl::MutexLock lock(&mutex_);
  places_.emplace(target, std::nullopt);
}

void DeliveryFloor::Report(const std::string& target, const Epoch& epoch, const Position& position) {
  absl::MutexLock lock(&mutex_);
  places_[target] = Place{epoch, position};
}

void DeliveryFloor::Withdraw(const std::string& target) {
  absl::MutexLock lock(&mutex_);
  places_[target].reset();
}

bool DeliveryFloor::OthersPassed(absl::string_view target, const Epoch& epoch, const Position& position) const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [name, place] : places_) {
    if (name == target) continue;
    if (!place || place->epoch.number < epoch.number) return false;
    if (place->epoch.number == epoch.number && ComparePositions(place->position, position) < 0) return false;
  }
  return true;
}

}  // namespace binlogd
