#include "rpc/watch_stream.h"

#include <memory>
#include <utility>

#include "base/status_macros.h"
#include "rpc/list_page.h"
#include "rpc/pumped_stream.h"

namespace binlogd {
namespace {

// Sends what the feed has for its watcher.
class WatchStream : public PumpedStream<v1::WatchResponse> {
 public:
  WatchStream(StatusFeed* feed, std::shared_ptr<Permit> permit, ThreadPool* pool)
      : PumpedStream(pool, std::move(permit)), feed_(feed) {}

  // Before Begin(); an error when the feed takes no watcher.
  absl::Status Attach(StreamerFilter filter, uint64_t revision) {
    // Asked in Next() alone, where the permit is not looked at anew.
    filter.visible = [this](absl::string_view streamer) { return caller().May(Right::kView, streamer); };
    feed_->SetRights(caller().generation);
    std::weak_ptr<PumpedStream> weak = weak_from_this();
    ASSIGN_OR_RETURN(watcher_, feed_->Attach(std::move(filter), revision, [weak] {
      if (const auto self = weak.lock()) self->Wake();
    }));
    return absl::OkStatus();
  }

 private:
  Outcome Next(bool heartbeat, v1::WatchResponse* response, absl::Status* end) override {
    feed_->SetRights(caller().generation);
    const absl::StatusOr<bool> news = feed_->Take(*watcher_, heartbeat, response);
    if (!news.ok()) {
      *end = news.status();
      return Outcome::kEnd;
    }
    if (!*news) return Outcome::kNothing;
    return Outcome::kHeartbeat;  // Every message has the revision, which is all that a heartbeat has.
  }

  void Over() override { feed_->Detach(watcher_); }

  StatusFeed* const feed_;
  std::shared_ptr<StatusFeed::Watcher> watcher_;
};

absl::StatusOr<std::shared_ptr<WatchStream>> MakeWatch(StatusFeed& feed, const v1::WatchRequest& request,
                                                       std::shared_ptr<Permit> permit, ThreadPool* pool) {
  ASSIGN_OR_RETURN(StreamerFilter filter, FromProto(request.filter()));
  auto stream = std::make_shared<WatchStream>(&feed, std::move(permit), pool);
  RETURN_IF_ERROR(stream->Attach(std::move(filter), request.revision()));
  return stream;
}

}  // namespace

grpc::ServerWriteReactor<v1::WatchResponse>* StartWatch(StatusFeed& feed, const v1::WatchRequest& request,
                                                        std::shared_ptr<Permit> permit, ThreadPool* pool) {
  const absl::StatusOr<std::shared_ptr<WatchStream>> stream = MakeWatch(feed, request, std::move(permit), pool);
  if (!stream.ok()) return new RefusedStream<v1::WatchResponse>(stream.status());
  (*stream)->Begin();
  return stream->get();
}

}  // namespace binlogd
