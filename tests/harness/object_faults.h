// What goes wrong between a client and its object store.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "s3/object_store.h"

namespace binlogd::testing {

// Stands before the stores that it wraps, counts what they are asked for, and fails or holds requests. Outlives them.
// Thread-safe.
class ObjectFaults {
 public:
  // Requests by kind, as a bill has them. A put of more than a part counts as it does there: begin, parts, end.
  struct Requests {
    int puts = 0;
    int gets = 0;  // And heads.
    int lists = 0;
    int deletes = 0;
  };

  enum class Failure {
    kRefused,     // Nothing is done.
    kLostAnswer,  // What was asked for is done, but the answer does not come.
  };

  // After `requests` more, every request fails until Heal.
  void FailAfter(int requests, Failure failure);
  void Heal();
  // Requests wait until Release.
  void Hold();
  void AwaitHeld();
  void Release();
  Requests requests() const;
  // Called, without a lock, before each put, or head.
  void set_before_put(std::function<void(const std::string& key)> hook);
  void set_before_head(std::function<void(const std::string& key)> hook);

  std::unique_ptr<ObjectStore> Wrap(std::unique_ptr<ObjectStore> store);

 private:
  friend class FaultyObjectStore;

  // Waits and fails as it was told; `interrupted` ends the wait. `*lost`: do it, then answer with an error.
  absl::Status Pass(const std::atomic<bool>& interrupted, int Requests::*kind, int count, bool* lost);
  void Call(std::function<void(const std::string&)> ObjectFaults::*hook, const std::string& key);

  mutable absl::Mutex mutex_;
  Requests requests_ ABSL_GUARDED_BY(mutex_);
  int until_failure_ ABSL_GUARDED_BY(mutex_) = -1;  // -1: none is to come.
  Failure failure_ ABSL_GUARDED_BY(mutex_) = Failure::kRefused;
  bool held_ ABSL_GUARDED_BY(mutex_) = false;
  int waiting_ ABSL_GUARDED_BY(mutex_) = 0;
  std::function<void(const std::string&)> before_put_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const std::string&)> before_head_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd::testing
