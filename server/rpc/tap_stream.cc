#include "rpc/tap_stream.h"

#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "format/event_proto.h"
#include "pipeline/block_encoder.h"
#include "pipeline/tap.h"
#include "rpc/convert.h"
#include "rpc/pumped_stream.h"

namespace binlogd {
namespace {

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

// Sends what its tap has.
class TapStream : public PumpedStream<v1::TapResponse> {
 public:
  TapStream(std::shared_ptr<Streamer> streamer, FilterSpec filter, std::shared_ptr<Permit> permit, ThreadPool* pool)
      : PumpedStream(pool, std::move(permit)),
        streamer_(std::move(streamer)),
        streamer_filter_(streamer_->spec().filter),
        tap_filter_(std::move(filter)),
        encoder_(streamer_filter_, tap_filter_) {}

  // Before Begin(); an error when the streamer takes no tap.
  absl::Status Attach() {
    std::weak_ptr<PumpedStream> weak = weak_from_this();
    ASSIGN_OR_RETURN(tap_, streamer_->taps().Attach([weak] {
      if (const auto self = weak.lock()) self->Wake();
    }));
    return absl::OkStatus();
  }

 private:
  Outcome Next(bool heartbeat, v1::TapResponse* response, absl::Status* end) override {
    if (messages_.empty() && !end_) end_ = NextMessages();
    if (!messages_.empty()) {
      *response = std::move(messages_.front());
      messages_.pop_front();
      return Outcome::kMessage;
    }
    if (end_) {
      *end = *end_;
      return Outcome::kEnd;
    }
    if (!heartbeat) return Outcome::kNothing;
    response->mutable_heartbeat()->mutable_time()->set_seconds(absl::ToUnixSeconds(absl::Now()));
    *response->mutable_heartbeat()->mutable_position() = ToProto(position_);
    return Outcome::kHeartbeat;
  }

  void Over() override { streamer_->taps().Detach(tap_); }

  // Fills messages_ from the next item. A status when the stream is over.
  std::optional<absl::Status> NextMessages() {
    while (messages_.empty()) {
      if (encoder_.busy()) {
        const absl::Status encoded = encoder_.Encode(&messages_);
        if (!encoded.ok()) return encoded;
        if (cancelled()) return std::nullopt;
        continue;
      }
      Tap::Item item;
      if (!tap_->Take(&item)) return tap_->ended();
      if (item.gap) AddGap(*item.gap);
      if (item.block == nullptr) continue;
      position_ = item.block->end;
      encoder_.Start(std::move(item.block));
    }
    return std::nullopt;
  }

  void AddGap(const TapGap& gap) {
    v1::TapResponse::Gap* message = messages_.emplace_back().mutable_gap();
    message->set_dropped_events(gap.dropped_events);
    *message->mutable_from() = ToProto(gap.from);
    *message->mutable_to() = ToProto(gap.to);
  }

  const std::shared_ptr<Streamer> streamer_;
  const EventFilter streamer_filter_;
  const EventFilter tap_filter_;
  TapEncoder encoder_;
  std::shared_ptr<Tap> tap_;
  std::deque<v1::TapResponse> messages_;
  Position position_;
  std::optional<absl::Status> end_;  // Why the stream is over once messages_ are written.
};

absl::StatusOr<std::shared_ptr<TapStream>> MakeTap(Manager& manager, const v1::TapRequest& request,
                                                   std::shared_ptr<Permit> permit, ThreadPool* pool) {
  ASSIGN_OR_RETURN(FilterSpec filter, FromProto(request.filter()));
  ASSIGN_OR_RETURN(std::shared_ptr<Streamer> streamer, manager.Find(request.name()));
  auto stream = std::make_shared<TapStream>(std::move(streamer), std::move(filter), std::move(permit), pool);
  RETURN_IF_ERROR(Annotate(stream->Attach(), absl::StrCat("streamer \"", request.name(), "\"")));
  return stream;
}

}  // namespace

grpc::ServerWriteReactor<v1::TapResponse>* StartTap(Manager& manager, const v1::TapRequest& request,
                                                    std::shared_ptr<Permit> permit, ThreadPool* pool) {
  const absl::StatusOr<std::shared_ptr<TapStream>> stream = MakeTap(manager, request, std::move(permit), pool);
  if (!stream.ok()) return new RefusedStream<v1::TapResponse>(stream.status());
  (*stream)->Begin();
  return stream->get();
}

}  // namespace binlogd
