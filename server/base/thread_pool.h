// A fixed number of threads that run closures in the order of their arrival.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace binlogd {

// Thread-safe. The queue is as long as its users make it: each bounds the work that it has under way. Threads start
// with the first closure, so that an idle pool costs nothing. The destructor runs what is queued and joins.
class ThreadPool {
 public:
  // For work that gives way to all other: the `priority` of a pool.
  static constexpr int kLowPriority = 19;

  // `name` is that of each of its threads. `priority` as nice(1) has it: its threads get what the others leave.
  explicit ThreadPool(std::string name, int threads, int priority = 0)
      : name_(std::move(name)), size_(threads), priority_(priority) {}
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // The work belongs to the caller's trace.
  void Run(std::function<void()> work);
  int size() const { return size_; }

 private:
  void Work();
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return closing_ || !queue_.empty(); }

  const std::string name_;
  const int size_;
  const int priority_;
  absl::Mutex mutex_;
  std::deque<std::function<void()>> queue_ ABSL_GUARDED_BY(mutex_);
  bool closing_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
