// A log that can be read again, and fails on demand.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "pipeline/replay.h"
#include "tests/harness/log_writer.h"

namespace binlogd::testing {

// What every replay of a test reads. The log itself is constant while one reads. Thread-safe.
class FakeLog {
 public:
  explicit FakeLog(const LogWriter* log, BatchLimits limits = BatchLimits()) : log_(log), limits_(std::move(limits)) {}

  // The next replays fail with these, one each, after `events` events.
  void FailRuns(std::deque<absl::Status> statuses, int events = 0) {
    absl::MutexLock lock(&mutex_);
    failures_ = std::move(statuses);
    fail_after_ = events;
  }
  // Replays wait before their first event while it is blocked; an Interrupt ends the wait.
  void Block(bool blocked) {
    absl::MutexLock lock(&mutex_);
    blocked_ = blocked;
  }
  int runs() const {
    absl::MutexLock lock(&mutex_);
    return runs_;
  }
  void AwaitRuns(int runs) const {
    absl::MutexLock lock(&mutex_);
    const auto reached = [this, runs]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return runs_ >= runs; };
    mutex_.Await(absl::Condition(&reached));
  }
  ReplayFactory factory() {
    return [this](bool /*decodes*/) { return MakeReplay(); };
  }
  std::unique_ptr<SearchedLog> MakeReplay() { return std::make_unique<Replay>(this); }

 private:
  class Replay : public SearchedLog {
   public:
    explicit Replay(FakeLog* log) : log_(log) {}

    absl::Status Run(const std::shared_ptr<const EpochStart>& epoch, const ReadStart& start, const ReadEnd& end,
                     BlockSink* sink) override {
      absl::Status failure;
      int left = 0;
      {
        absl::MutexLock lock(&log_->mutex_);
        ++log_->runs_;
        if (!log_->failures_.empty()) {
          failure = log_->failures_.front();
          log_->failures_.pop_front();
          left = log_->fail_after_;
        }
        const auto may_go_on = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(log_->mutex_) {
          return !log_->blocked_ || interrupted_;
        };
        log_->mutex_.Await(absl::Condition(&may_go_on));
        if (interrupted_) return absl::CancelledError("interrupted");
      }
      BlockBuilder builder(Flavor::kMySql, log_->limits_, sink);
      builder.Begin(epoch, start);
      const auto finished = [&builder, &end] { return ComparePositions(builder.place(), end.position) >= 0; };
      const std::vector<LoggedEvent>& events = log_->log_->events();
      size_t first = 0;
      while (first < events.size() && !IsFrom(events[first], start.position)) {
        // A dump from inside a file begins with its format description.
        const bool is_format = events[first].in_file() && events[first].begin == kFirstEventOffset;
        if (is_format && events[first].file == start.position.file) (void)builder.Add(events[first].bytes);
        ++first;
      }
      if (first > 0 && !events[first - 1].in_file()) --first;
      for (size_t i = first; i < events.size() && !finished(); ++i) {
        if (!failure.ok() && --left < 0) return failure;
        if (absl::Status added = builder.Add(events[i].bytes); !added.ok()) return added;
      }
      if (absl::Status sealed = builder.Seal(); !sealed.ok()) return sealed;
      return finished() ? absl::OkStatus() : absl::UnavailableError("the log ends before");
    }

    // Every start but a boundary reads from the log's beginning.
    absl::StatusOr<ReadStart> Find(const std::shared_ptr<const EpochStart>& /*epoch*/, const LogStart& start) override {
      if (start.kind == LogStart::Kind::kBoundary) return start.boundary;
      return ReadStart{Position{log_->log_->files().front(), kFirstEventOffset, ""}};
    }
    void Interrupt() override {
      absl::MutexLock lock(&log_->mutex_);
      interrupted_ = true;
    }

   private:
    static bool IsFrom(const LoggedEvent& event, const Position& position) {
      return event.in_file() && ComparePositions(Position{event.file, event.begin, ""}, position) >= 0;
    }

    FakeLog* const log_;
    bool interrupted_ = false;  // Under the log's mutex.
  };

  const LogWriter* const log_;
  const BatchLimits limits_;
  mutable absl::Mutex mutex_;
  std::deque<absl::Status> failures_ ABSL_GUARDED_BY(mutex_);
  int fail_after_ ABSL_GUARDED_BY(mutex_) = 0;
  bool blocked_ ABSL_GUARDED_BY(mutex_) = false;
  int runs_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace binlogd::testing
