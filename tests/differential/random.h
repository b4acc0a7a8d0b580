// Random choices that are the same for the same seed on every machine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace binlogd::testing {

// The standard fixes what std::mt19937_64 gives, but not its distributions; so these are our own. Not thread-safe.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  uint64_t Bits() { return engine_(); }
  // 0 to `count` - 1; `count` is not 0.
  uint64_t Below(uint64_t count) { return engine_() % count; }
  // `low` to `high`, both included.
  int64_t Between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(Below(static_cast<uint64_t>(high) - static_cast<uint64_t>(low) + 1));
  }
  // True `percent` times in a hundred.
  bool Chance(int percent) { return Below(100) < static_cast<uint64_t>(percent); }
  template <typename T>
  const T& Pick(const std::vector<T>& from) {
    return from[Below(from.size())];
  }
  // A size of 0 to `most`: mostly small, now and then the whole of it.
  size_t Size(size_t most) {
    constexpr size_t kSmall = 20;
    if (Chance(8)) return most;
    if (Chance(8)) return most - (most > 0 ? 1 : 0);
    if (Chance(10)) return Below(most + 1);
    return Below((most < kSmall ? most : kSmall) + 1);
  }
  std::string Bytes(size_t count) {
    std::string bytes(count, '\0');
    for (char& byte : bytes) byte = static_cast<char>(engine_() >> 56);
    return bytes;
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace binlogd::testing
