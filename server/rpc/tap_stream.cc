#include "rpc/tap_stream.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "pipeline/resume_token.h"
#include "pipeline/tap_feed.h"
#include "rpc/convert.h"
#include "rpc/pumped_stream.h"
#include "rpc/tap_encoder.h"
#include "rpc/tap_request.h"

namespace binlogd {
namespace {

// Blocks that are looked through for a message before it is another tap's turn.
constexpr int kMostRounds = 16;
// One that the stream overtakes cannot have all of it, and each event that it gets more of costs those that archive:
// it rests, longer while it happens again and again.
constexpr absl::Duration kLeastRest = absl::Milliseconds(100);
constexpr absl::Duration kMostRest = absl::Seconds(1);

// Sends what its tap has.
class TapStream : public PumpedStream<v1::TapResponse> {
 public:
  TapStream(std::shared_ptr<Streamer> streamer, TapWish wish, std::shared_ptr<Permit> permit, ThreadPool* pool)
      : PumpedStream(pool, std::move(permit)),
        streamer_(std::move(streamer)),
        wish_(std::move(wish)),
        encoder_(streamer_->spec().filter, wish_.filter, wish_.rows, wish_.most_events) {}

  // Before Begin(); an error when the streamer takes no tap.
  absl::Status Attach() {
    TapFeed::Options options;
    options.flavor = streamer_->spec().source.flavor;
    options.start = wish_.start;
    options.epoch = wish_.epoch;
    options.end = wish_.end;
    options.replay_gaps = wish_.replay_gaps;
    options.make_log = [streamer = streamer_.get()] { return streamer->MakeReplay(/*decodes=*/true); };
    std::weak_ptr<PumpedStream> weak = weak_from_this();
    options.wake = [weak] {
      if (const auto self = weak.lock()) self->Wake();
    };
    feed_ = std::make_unique<TapFeed>(&streamer_->taps(), std::move(options));
    return feed_->Attach();
  }

 private:
  Outcome Next(bool heartbeat, v1::TapResponse* response, absl::Status* end) override {
    if (messages_.empty() && !end_) end_ = NextMessages();
    if (!messages_.empty()) {
      *response = std::move(messages_.front());
      messages_.pop_front();
      streamer_->taps().CountSent(static_cast<uint64_t>(response->batch().events_size()));
      return Outcome::kMessage;
    }
    if (end_) {
      *end = *end_;
      return Outcome::kEnd;
    }
    if (!heartbeat) return Outcome::kNothing;
    WriteHeartbeat(response->mutable_heartbeat());
    return Outcome::kHeartbeat;
  }

  // The replay's thread ends here, not on whatever thread lets go of the stream last: that may be itself.
  void Over() override { feed_.reset(); }

  // Fills messages_ from the next item. A status when the stream is over.
  std::optional<absl::Status> NextMessages() {
    for (int round = 0; messages_.empty(); ++round) {
      if (encoder_.enough()) return absl::OkStatus();
      if (round == kMostRounds) {
        Wake();
        return std::nullopt;
      }
      if (encoder_.busy() && !LeaveRest()) {
        const absl::Status encoded = encoder_.Encode(&messages_);
        if (absl::IsDataLoss(encoded)) streamer_->taps().CountDecodeError();
        if (!encoded.ok()) return encoded;
        continue;
      }
      item_.block.reset();
      if (Rests()) return std::nullopt;
      if (!feed_->Take(&item_)) return feed_->ended();
      Note(item_);
      if (item_.block != nullptr) encoder_.Start(item_, feed_->held());
    }
    return std::nullopt;
  }

  // Whether the block's rest was left, because the stream has overtaken the tap.
  bool LeaveRest() {
    if (wish_.replay_gaps || !feed_->overtaken()) return false;
    const std::optional<uint64_t> offset = encoder_.LeaveRest();
    if (!offset) return false;
    feed_->LeaveRest(item_, *offset);
    position_ = Position{item_.block->block()->start.file, *offset, ""};
    return true;
  }

  bool Rests() {
    const absl::Duration left = rest_ - absl::FromChrono(std::chrono::steady_clock::now() - rests_since_);
    if (rest_ == absl::ZeroDuration() || left <= absl::ZeroDuration()) return false;
    WakeAfter(left);
    return true;
  }

  void Note(const TapFeed::Item& item) {
    if (item.gap) {
      AddGap(*item.gap);
      rest_ = std::clamp(2 * rest_, kLeastRest, kMostRest);
      rests_since_ = std::chrono::steady_clock::now();
    } else {
      rest_ = absl::ZeroDuration();
    }
    if (item.block == nullptr) return;
    position_ = item.block->block()->end;
    // What a replay reads does not know the transactions before it.
    if (!item.live) position_.gtid_set.clear();
  }

  void AddGap(const TapGap& gap) {
    v1::TapResponse::Gap* message = messages_.emplace_back().mutable_gap();
    message->set_dropped_events(gap.dropped_events);
    *message->mutable_from() = ToProto(gap.from);
    *message->mutable_to() = ToProto(gap.to);
  }

  void WriteHeartbeat(v1::TapResponse::Heartbeat* heartbeat) const {
    heartbeat->mutable_time()->set_seconds(absl::ToUnixSeconds(absl::Now()));
    const std::optional<ResumeToken>& boundary = feed_->boundary();
    const bool at_boundary = boundary && (position_.empty() || ComparePositions(boundary->at.position, position_) == 0);
    if (at_boundary) heartbeat->set_resume_token(EncodeResumeToken(*boundary));
    *heartbeat->mutable_position() = ToProto(position_.empty() && boundary ? boundary->at.position : position_);
  }

  const std::shared_ptr<Streamer> streamer_;
  const TapWish wish_;
  TapEncoder encoder_;
  std::unique_ptr<TapFeed> feed_;
  TapFeed::Item item_;  // Taken last.
  absl::Duration rest_ = absl::ZeroDuration();
  std::chrono::steady_clock::time_point rests_since_;  // When it was overtaken last.
  std::deque<v1::TapResponse> messages_;
  Position position_;                // Where the block ends that was taken last.
  std::optional<absl::Status> end_;  // Why the stream is over once messages_ are written.
};

absl::StatusOr<std::shared_ptr<TapStream>> MakeTap(Manager& manager, const v1::TapRequest& request,
                                                   std::shared_ptr<Permit> permit, ThreadPool* pool) {
  ASSIGN_OR_RETURN(std::shared_ptr<Streamer> streamer, manager.Find(request.name()));
  ASSIGN_OR_RETURN(TapWish wish, FromProto(request, streamer->spec().source.flavor));
  auto stream = std::make_shared<TapStream>(std::move(streamer), std::move(wish), std::move(permit), pool);
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
