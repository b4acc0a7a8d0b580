// Reads that are repeated before what they tell is believed to be damaged.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/error.h"

namespace binlogd {

inline const absl::Status& StatusOf(const absl::Status& status) { return status; }
template <typename Value>
const absl::Status& StatusOf(const absl::StatusOr<Value>& value) {
  return value.status();
}

// Calls `read`, which asks a store, up to 4 times until it finds no damage (TARGET_DAMAGED), and returns what it
// returned last: a byte may be flipped on the way, and what lies in the store be whole. `read` gives an absl::Status or
// an absl::StatusOr.
template <typename Function>
auto ReadIntact(Function read) -> decltype(read()) {
  constexpr int kMostReads = 4;
  for (int reads = 1;; ++reads) {
    auto result = read();
    if (reads == kMostReads || ErrorReason(StatusOf(result)) != "TARGET_DAMAGED") return result;
  }
}

}  // namespace binlogd
