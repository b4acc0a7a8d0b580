#include "base/thread_pool.h"

#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "base/thread.h"
#include "base/trace.h"

namespace binlogd {

ThreadPool::~ThreadPool() {
  std::vector<std::thread> threads;
  {
    absl::MutexLock lock(&mutex_);
    closing_ = true;
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
}

void ThreadPool::Run(std::function<void()> work) {
  if (const std::string& trace = CurrentTraceId(); !trace.empty()) {
    work = [trace, traced = std::move(work)] {
      const TraceScope scope(trace);
      traced();
    };
  }
  absl::MutexLock lock(&mutex_);
  queue_.push_back(std::move(work));
  if (static_cast<int>(threads_.size()) < size_) threads_.push_back(StartThread(name_, [this] { Work(); }));
}

void ThreadPool::Work() {
  // On Linux a priority is a thread's own. One that cannot be had is done without.
  if (priority_ != 0) (void)setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), priority_);
  for (;;) {
    std::function<void()> work;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &ThreadPool::HasWork));
      if (queue_.empty()) return;
      work = std::move(queue_.front());
      queue_.pop_front();
    }
    work();
  }
}

}  // namespace binlogd
