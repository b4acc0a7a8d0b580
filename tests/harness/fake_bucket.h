// A bucket in memory.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "s3/object_store.h"

namespace binlogd::testing {

// What outlives the stores on it, as a bucket does. Thread-safe.
class FakeBucket {
 public:
  std::map<std::string, Object> objects() const;
  // Behind everybody's back: makes or changes an object, or removes it.
  void Edit(const std::string& key, const std::function<void(Object&)>& edit);
  void Remove(const std::string& key);

  // A store of its own on the bucket; the bucket outlives it.
  std::unique_ptr<ObjectStore> Connect();

 private:
  friend class FakeObjectStore;
  absl::StatusOr<std::string> Put(const std::string& key, std::string bytes, const PutOptions& options);

  mutable absl::Mutex mutex_;
  std::map<std::string, Object> objects_ ABSL_GUARDED_BY(mutex_);
  uint64_t etags_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace binlogd::testing
