// What tests of streamers share.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "streamer/store.h"

namespace binlogd::testing {

// Writes a number for a spec and remembers which it stands for. Thread-safe.
class FakeCodec : public SpecCodec {
 public:
  std::string Encode(const StreamerSpec& spec) const override {
    absl::MutexLock lock(&mutex_);
    const size_t number = specs_.size();
    specs_[number] = spec;
    return absl::StrCat(number);
  }
  absl::StatusOr<StreamerSpec> Decode(absl::string_view text) const override {
    absl::MutexLock lock(&mutex_);
    size_t number = 0;
    if (!absl::SimpleAtoi(text, &number) || specs_.count(number) == 0) return absl::InvalidArgumentError("not a spec");
    return specs_[number];
  }

 private:
  mutable absl::Mutex mutex_;
  mutable std::map<size_t, StreamerSpec> specs_;
};

// A spec that is right, of a source where nobody listens.
inline StreamerSpec MakeSpec(const std::string& name, const std::string& folder) {
  StreamerSpec spec;
  spec.name = name;
  spec.source.endpoints = {"127.0.0.1:1"};
  spec.source.user = "repl";
  TargetSpec target;
  target.name = "archive";
  target.file()->path = absl::StrCat(folder, "/", name);
  spec.targets = {target};
  return spec;
}

// Waits until `done()`, a minute at most.
template <typename Done>
bool Eventually(Done done) {
  const absl::Time bound = absl::Now() + absl::Minutes(1);
  while (!done()) {
    if (absl::Now() > bound) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

}  // namespace binlogd::testing
