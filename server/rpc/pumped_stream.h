// What server-streaming calls have in common.
#pragma once

#include <grpcpp/alarm.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/thread_pool.h"
#include "rpc/permit.h"
#include "wire/status_detail.h"

namespace binlogd {

// Waits (kIdle) until it is woken, makes the next message (kPumping) on a pool, or waits for a write (kWriting): there
// is one write in flight at most, nothing is made before the last message was written, and Finish is called in one
// place, by whoever moves to kFinished. Its permit is looked at before each message, and at least with each heartbeat:
// a caller who would not be admitted any more is told why. Owns itself from Begin() until the call is over.
// Thread-safe.
template <typename Response>
class PumpedStream : public grpc::ServerWriteReactor<Response>,
                     public std::enable_shared_from_this<PumpedStream<Response>> {
 public:
  // `pool` outlives the server.
  PumpedStream(ThreadPool* pool, std::shared_ptr<Permit> permit) : pool_(pool), permit_(std::move(permit)) {}

  // Answers the call from now on, first with a heartbeat.
  void Begin() {
    self_ = this->shared_from_this();
    {
      absl::MutexLock lock(&mutex_);
      begun_ = true;
    }
    Wake(/*heartbeat=*/true);
  }
  // Something may be there to do. Cheap.
  void Wake(bool heartbeat = false) {
    {
      absl::MutexLock lock(&mutex_);
      heartbeat_due_ = heartbeat_due_ || heartbeat;
      if (state_ != State::kIdle || !begun_) {
        woken_ = true;
        return;
      }
      state_ = State::kPumping;
      woken_ = false;
    }
    pool_->Run([self = this->shared_from_this()] { self->Pump(); });
  }

  void OnWriteDone(bool ok) final {
    {
      absl::MutexLock lock(&mutex_);
      state_ = State::kIdle;
      if (!ok) cancelled_ = true;
    }
    Wake();
  }
  void OnCancel() final {
    {
      absl::MutexLock lock(&mutex_);
      cancelled_ = true;
    }
    Wake();
  }
  void OnDone() final {
    heartbeat_alarm_.reset();
    wake_alarm_.reset();
    Over();
    const std::shared_ptr<PumpedStream> self = std::move(self_);
  }

 protected:
  enum class Outcome { kMessage, kHeartbeat, kNothing, kEnd };

  // Makes the next message in `response`, or tells that there is none for now, or the end in `end`. Called on the pool,
  // by one thread at a time. `heartbeat`: one is to be sent when there is nothing else.
  virtual Outcome Next(bool heartbeat, Response* response, absl::Status* end) = 0;
  // The call is over; nothing is called any more but the destructor.
  virtual void Over() = 0;
  // Wakes it after that time, whatever else does so earlier. Called in Next only.
  void WakeAfter(absl::Duration time) { SetAlarm(&wake_alarm_, time, /*heartbeat=*/false); }
  const Caller& caller() const { return permit_->caller(); }
  bool cancelled() const {
    absl::MutexLock lock(&mutex_);
    return cancelled_;
  }

 private:
  static constexpr absl::Duration kHeartbeat = absl::Seconds(10);
  enum class State { kIdle, kPumping, kWriting, kFinished };

  void Pump() {
    bool heartbeat;
    {
      absl::MutexLock lock(&mutex_);
      heartbeat = heartbeat_due_;
    }
    absl::Status end = permit_->Check();
    Response next;
    const Outcome outcome = cancelled() || !end.ok() ? Outcome::kEnd : Next(heartbeat, &next, &end);
    if (cancelled()) {
      End(grpc::Status(grpc::StatusCode::CANCELLED, "the call was cancelled"));
    } else if (outcome == Outcome::kMessage || outcome == Outcome::kHeartbeat) {
      Write(std::move(next), outcome == Outcome::kHeartbeat);
    } else if (outcome == Outcome::kEnd) {
      End(ToGrpcStatus(end));
    } else {
      GoIdle();
    }
  }

  void Write(Response next, bool heartbeat) {
    writing_ = std::move(next);
    {
      absl::MutexLock lock(&mutex_);
      state_ = State::kWriting;
      if (heartbeat) heartbeat_due_ = false;
    }
    SetAlarm(&heartbeat_alarm_, kHeartbeat, /*heartbeat=*/true);
    this->StartWrite(&writing_);
  }

  void End(const grpc::Status& status) {
    {
      absl::MutexLock lock(&mutex_);
      if (state_ == State::kFinished) return;
      state_ = State::kFinished;
    }
    this->Finish(status);
  }

  void GoIdle() {
    bool again;
    {
      absl::MutexLock lock(&mutex_);
      state_ = State::kIdle;
      again = woken_;
    }
    if (again) Wake();
  }

  // An alarm cannot be set again while it is pending or its callback runs: each has its own, and the one before is
  // cancelled.
  void SetAlarm(std::unique_ptr<grpc::Alarm>* alarm, absl::Duration time, bool heartbeat) {
    *alarm = std::make_unique<grpc::Alarm>();
    (*alarm)->Set(absl::ToChronoTime(absl::Now() + time), [heartbeat, weak = this->weak_from_this()](bool fired) {
      if (!fired) return;
      if (const auto self = weak.lock()) self->Wake(heartbeat);
    });
  }

  ThreadPool* const pool_;
  const std::shared_ptr<Permit> permit_;
  std::shared_ptr<PumpedStream> self_;  // From Begin() until OnDone().

  // Used by whoever has moved the state away from kIdle.
  Response writing_;
  std::unique_ptr<grpc::Alarm> heartbeat_alarm_;
  std::unique_ptr<grpc::Alarm> wake_alarm_;

  mutable absl::Mutex mutex_;
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kIdle;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool heartbeat_due_ ABSL_GUARDED_BY(mutex_) = false;
};

// Answers a call that never became a stream; frees itself.
template <typename Response>
class RefusedStream : public grpc::ServerWriteReactor<Response> {
 public:
  explicit RefusedStream(const absl::Status& status) { this->Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

}  // namespace binlogd
