// What tests of streamers share.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

// A password's file whose reader is kept waiting: a streamer that connects cannot stop meanwhile.
class SlowSecret {
 public:
  explicit SlowSecret(std::string path) : path_(std::move(path)) { mkfifo(path_.c_str(), 0600); }
  ~SlowSecret() {
    unlink(path_.c_str());  // A reader that comes now fails.
    Release();
  }

  Secret secret() const { return Secret{Secret::Kind::kFile, path_}; }
  // Waits for a reader, who then waits for Release().
  void AwaitReader() { writer_ = open(path_.c_str(), O_WRONLY | O_CLOEXEC); }
  void Release() {
    if (writer_ >= 0) close(writer_);
    writer_ = -1;
  }

 private:
  const std::string path_;
  int writer_ = -1;
};

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
