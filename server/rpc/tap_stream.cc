#include "rpc/tap_stream.h"

#include <grpcpp/alarm.h>

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "format/event_proto.h"
#include "pipeline/block_encoder.h"
#include "pipeline/tap.h"
#include "rpc/convert.h"
#include "wire/status_detail.h"

namespace binlogd {
namespace {

constexpr absl::Duration kHeartbeat = absl::Seconds(10);
constexpr int kMostBatchEvents = 256;
constexpr size_t kMostBatchBytes = 1 << 20;
// A single event that is larger is told as a gap: with a batch before it, it still fits into the 4 MiB that clients
// take by default.
constexpr size_t kMostEventBytes = 2 << 20;

// Turns blocks into messages.
class TapEncoder {
 public:
  TapEncoder(const EventFilter& streamer_filter, const EventFilter& tap_filter)
      : streamer_filter_(streamer_filter), tap_filter_(tap_filter) {}

  absl::Status Encode(const Block& block, std::deque<v1::TapResponse>* messages) {
    size_t batch_bytes = 0;
    bool open = false;
    auto add = [&](const DecodedEvent& event, uint64_t end_offset, bool passes) {
      if (!passes || !tap_filter_.Passes(event)) return absl::OkStatus();
      if (!open || batch_bytes > kMostBatchBytes || messages->back().batch().events_size() >= kMostBatchEvents) {
        messages->emplace_back().mutable_batch();
        batch_bytes = 0;
        open = true;
      }
      v1::Event* added = messages->back().mutable_batch()->add_events();
      RETURN_IF_ERROR(ToProto(event, block.start.file, end_offset, added));
      const size_t bytes = added->ByteSizeLong();
      batch_bytes += bytes;
      if (bytes <= kMostEventBytes) return absl::OkStatus();
      messages->back().mutable_batch()->mutable_events()->RemoveLast();
      AddGap(block, event.header.size, end_offset, messages);
      open = false;
      return absl::OkStatus();
    };
    return VisitBlock(block, BlockRange(), streamer_filter_, add);
  }

 private:
  static void AddGap(const Block& block, uint64_t size, uint64_t end_offset, std::deque<v1::TapResponse>* messages) {
    if (messages->back().batch().events_size() == 0) messages->pop_back();
    v1::TapResponse::Gap* gap = messages->emplace_back().mutable_gap();
    gap->set_dropped_events(1);
    gap->mutable_from()->set_file(block.start.file);
    gap->mutable_from()->set_position(end_offset - size);
    gap->mutable_to()->set_file(block.start.file);
    gap->mutable_to()->set_position(end_offset);
  }

  const EventFilter& streamer_filter_;
  const EventFilter& tap_filter_;
};

// Waits (kIdle) until the tap or the alarm wakes it, works (kPumping) on the pool, or waits for a write (kWriting);
// there is one write in flight at most, and Finish is called in one place, by whoever moves to kFinished.
class TapStream : public grpc::ServerWriteReactor<v1::TapResponse>, public std::enable_shared_from_this<TapStream> {
 public:
  TapStream(std::shared_ptr<Streamer> streamer, FilterSpec filter, ThreadPool* pool)
      : streamer_(std::move(streamer)),
        streamer_filter_(streamer_->spec().filter),
        tap_filter_(std::move(filter)),
        encoder_(streamer_filter_, tap_filter_),
        pool_(pool) {}

  absl::Status Begin() {
    self_ = shared_from_this();
    std::weak_ptr<TapStream> weak = self_;
    absl::StatusOr<std::shared_ptr<Tap>> tap = streamer_->taps().Attach([weak] {
      if (const auto self = weak.lock()) self->Wake(false);
    });
    if (!tap.ok()) {
      self_.reset();
      return tap.status();
    }
    {
      absl::MutexLock lock(&mutex_);
      tap_ = *std::move(tap);
    }
    Wake(true);
    return absl::OkStatus();
  }

  void OnWriteDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      state_ = State::kIdle;
      if (!ok) cancelled_ = true;
    }
    Wake(false);
  }

  void OnCancel() override {
    {
      absl::MutexLock lock(&mutex_);
      cancelled_ = true;
    }
    Wake(false);
  }

  void OnDone() override {
    alarm_.reset();
    std::shared_ptr<Tap> tap;
    {
      absl::MutexLock lock(&mutex_);
      tap = tap_;
    }
    streamer_->taps().Detach(tap);
    self_.reset();
  }

 private:
  enum class State { kIdle, kPumping, kWriting, kFinished };

  // Something may be there to do. Cheap, callable from any thread.
  void Wake(bool heartbeat) {
    {
      absl::MutexLock lock(&mutex_);
      heartbeat_due_ = heartbeat_due_ || heartbeat;
      if (state_ != State::kIdle) {
        woken_ = true;
        return;
      }
      state_ = State::kPumping;
      woken_ = false;
    }
    pool_->Run([self = shared_from_this()] { self->Pump(); });
  }

  void Pump() {
    if (messages_.empty() && !end_ && !Cancelled()) end_ = NextMessages();
    if (Cancelled()) {
      End(grpc::Status(grpc::StatusCode::CANCELLED, "the tap was cancelled"));
    } else if (!messages_.empty()) {
      Write();
    } else if (end_) {
      End(*end_);
    } else {
      GoIdle();
    }
  }

  // Fills messages_ from the next item. A status when the stream is over.
  std::optional<grpc::Status> NextMessages() {
    std::shared_ptr<Tap> tap;
    {
      absl::MutexLock lock(&mutex_);
      tap = tap_;
    }
    Tap::Item item;
    while (messages_.empty() && tap->Take(&item)) {
      if (item.gap) AddGap(*item.gap);
      if (item.block == nullptr) continue;
      position_ = item.block->end;
      const absl::Status encoded = encoder_.Encode(*item.block, &messages_);
      if (!encoded.ok()) return ToGrpcStatus(encoded);
    }
    if (!messages_.empty()) return std::nullopt;
    if (const std::optional<absl::Status> ended = tap->ended()) return ToGrpcStatus(*ended);
    absl::MutexLock lock(&mutex_);
    if (heartbeat_due_) AddHeartbeat();
    heartbeat_due_ = false;
    return std::nullopt;
  }

  void AddGap(const TapGap& gap) {
    v1::TapResponse::Gap* message = messages_.emplace_back().mutable_gap();
    message->set_dropped_events(gap.dropped_events);
    *message->mutable_from() = ToProto(gap.from);
    *message->mutable_to() = ToProto(gap.to);
  }

  void AddHeartbeat() {
    v1::TapResponse::Heartbeat* message = messages_.emplace_back().mutable_heartbeat();
    message->mutable_time()->set_seconds(absl::ToUnixSeconds(absl::Now()));
    *message->mutable_position() = ToProto(position_);
  }

  void Write() {
    writing_ = std::move(messages_.front());
    messages_.pop_front();
    {
      absl::MutexLock lock(&mutex_);
      state_ = State::kWriting;
    }
    SetAlarm();
    StartWrite(&writing_);
  }

  void End(const grpc::Status& status) {
    {
      absl::MutexLock lock(&mutex_);
      if (state_ == State::kFinished) return;
      state_ = State::kFinished;
    }
    Finish(status);
  }

  void GoIdle() {
    bool again;
    {
      absl::MutexLock lock(&mutex_);
      state_ = State::kIdle;
      again = woken_;
    }
    if (again) Wake(false);
  }

  // An alarm cannot be set again while it is pending or its callback runs: each has its own, and the one before is
  // cancelled.
  void SetAlarm() {
    alarm_ = std::make_unique<grpc::Alarm>();
    alarm_->Set(absl::ToChronoTime(absl::Now() + kHeartbeat), [weak = weak_from_this()](bool fired) {
      if (!fired) return;
      if (const auto self = weak.lock()) self->Wake(true);
    });
  }

  bool Cancelled() {
    absl::MutexLock lock(&mutex_);
    return cancelled_;
  }

  const std::shared_ptr<Streamer> streamer_;
  const EventFilter streamer_filter_;
  const EventFilter tap_filter_;
  TapEncoder encoder_;
  ThreadPool* const pool_;
  std::shared_ptr<TapStream> self_;  // Until OnDone.

  // Used by whoever has moved the state away from kIdle.
  std::deque<v1::TapResponse> messages_;
  v1::TapResponse writing_;
  Position position_;
  std::optional<grpc::Status> end_;  // Why the stream is over once messages_ are written.
  std::unique_ptr<grpc::Alarm> alarm_;

  absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kIdle;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  bool heartbeat_due_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<Tap> tap_ ABSL_GUARDED_BY(mutex_);
};

// Answers a call that never became a stream.
class RefusedTap : public grpc::ServerWriteReactor<v1::TapResponse> {
 public:
  explicit RefusedTap(const absl::Status& status) { Finish(ToGrpcStatus(status)); }
  void OnDone() override { delete this; }
};

absl::StatusOr<TapStream*> MakeTap(Manager& manager, const v1::TapRequest& request, ThreadPool* pool) {
  ASSIGN_OR_RETURN(FilterSpec filter, FromProto(request.filter()));
  ASSIGN_OR_RETURN(std::shared_ptr<Streamer> streamer, manager.Find(request.name()));
  auto stream = std::make_shared<TapStream>(std::move(streamer), std::move(filter), pool);
  RETURN_IF_ERROR(Annotate(stream->Begin(), absl::StrCat("streamer \"", request.name(), "\"")));
  return stream.get();
}

}  // namespace

grpc::ServerWriteReactor<v1::TapResponse>* StartTap(Manager& manager, const v1::TapRequest& request, ThreadPool* pool) {
  const absl::StatusOr<TapStream*> stream = MakeTap(manager, request, pool);
  if (!stream.ok()) return new RefusedTap(stream.status());
  return *stream;
}

}  // namespace binlogd
