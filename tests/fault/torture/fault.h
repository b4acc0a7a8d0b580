// What can be broken.
#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tests/fault/torture/world.h"

namespace binlogd::testing {

struct Fault {
  std::string name;  // "kill -9 of Kafka"
  std::function<absl::Status()> make;
  std::function<absl::Status()> mend;
};

// All faults that this world can have; those that are likelier come more than once. `world` and `random` must outlive
// them.
std::vector<Fault> FaultsOf(World& world, std::mt19937& random);

// Those of `FaultsOf` that this machine does not allow, and why.
std::vector<std::string> FaultsLeftOut(World& world);

}  // namespace binlogd::testing
