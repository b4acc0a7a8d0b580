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

// No event whose bytes in the log are more fits into that as a message; it is not even tried.
constexpr size_t kMostLogBytes = 32 << 20;
// What is encoded ahead of the writing: a block may hold a compressed transaction of any size.
constexpr size_t kMostMessages = 4;
constexpr int kMostEventsAtOnce = 10000;

// Turns blocks into messages, a few at a time.
class TapEncoder {
 public:
  TapEncoder(const EventFilter& streamer_filter, const EventFilter& tap_filter)
      : streamer_filter_(streamer_filter), tap_filter_(tap_filter) {}

  void Start(std::shared_ptr<const Block> block) {
    block_ = std::move(block);
    cursor_.emplace(*block_, range_, streamer_filter_);
  }
  // Whether the block has more.
  bool busy() const { return cursor_.has_value(); }

  // Appends the block's next messages; perhaps none, when few of its events pass. An error ends the block.
  absl::Status Encode(std::deque<v1::TapResponse>* messages) {
    batch_ = nullptr;
    for (int i = 0; i < kMostEventsAtOnce && messages->size() < kMostMessages; ++i) {
      const DecodedEvent* event = nullptr;
      absl::Status status = cursor_->Next(&event);
      if (status.ok() && event != nullptr && cursor_->passes()) status = Add(*event, messages);
      if (!status.ok() || event == nullptr) {
        cursor_.reset();
        block_.reset();
        return status;
      }
    }
    return absl::OkStatus();
  }

 private:
  absl::Status Add(const DecodedEvent& event, std::deque<v1::TapResponse>* messages) {
    if (!tap_filter_.Passes(event)) return absl::OkStatus();
    if (event.header.size > kMostLogBytes) {
      AddGap(event, messages);
      return absl::OkStatus();
    }
    if (batch_ == nullptr || batch_bytes_ > kMostBatchBytes || batch_->events_size() >= kMostBatchEvents) {
      batch_ = messages->emplace_back().mutable_batch();
      batch_bytes_ = 0;
    }
    v1::Event* added = batch_->add_events();
    if (absl::Status made = ToProto(event, block_->start.file, cursor_->end_offset(), added); !made.ok()) {
      return absl::IsDataLoss(made) ? cursor_->Failed(made) : made;
    }
    const size_t bytes = added->ByteSizeLong();
    batch_bytes_ += bytes;
    if (bytes <= kMostEventBytes) return absl::OkStatus();
    batch_->mutable_events()->RemoveLast();
    if (batch_->events_size() == 0) messages->pop_back();
    AddGap(event, messages);
    return absl::OkStatus();
  }

  void AddGap(const DecodedEvent& event, std::deque<v1::TapResponse>* messages) {
    const uint64_t end = cursor_->end_offset();
    v1::TapResponse::Gap* gap = messages->emplace_back().mutable_gap();
    gap->set_dropped_events(1);
    gap->mutable_from()->set_file(block_->start.file);
    gap->mutable_from()->set_position(end - event.log_bytes);
    gap->mutable_to()->set_file(block_->start.file);
    gap->mutable_to()->set_position(end);
    batch_ = nullptr;
  }

  const EventFilter& streamer_filter_;
  const EventFilter& tap_filter_;
  const BlockRange range_;
  std::shared_ptr<const Block> block_;
  std::optional<BlockCursor> cursor_;
  v1::TapResponse::Batch* batch_ = nullptr;  // The last message, while events can be added to it.
  size_t batch_bytes_ = 0;
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
    while (messages_.empty()) {
      if (encoder_.busy()) {
        const absl::Status encoded = encoder_.Encode(&messages_);
        if (!encoded.ok()) return ToGrpcStatus(encoded);
        if (Cancelled()) return std::nullopt;
        continue;
      }
      Tap::Item item;
      if (!tap->Take(&item)) break;
      if (item.gap) AddGap(*item.gap);
      if (item.block == nullptr) continue;
      position_ = item.block->end;
      encoder_.Start(std::move(item.block));
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
