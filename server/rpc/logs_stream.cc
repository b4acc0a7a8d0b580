#include "rpc/logs_stream.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/log_history.h"
#include "base/status_macros.h"
#include "rpc/convert.h"
#include "rpc/pumped_stream.h"

namespace binlogd {
namespace {

// Sends what a history has, and then what is added to it.
class LogsStream : public PumpedStream<v1::LogsResponse> {
 public:
  LogsStream(std::shared_ptr<LogHistory> history, const v1::LogsRequest& request, std::shared_ptr<Permit> permit,
             ThreadPool* pool)
      : PumpedStream(pool, std::move(permit)),
        history_(std::move(history)),
        follow_(request.follow()),
        most_(request.last() == 0 ? LogHistory::kMostLines : request.last()),
        newest_(request.after()) {}

  // Before Begin(); an error when the history takes no follower.
  absl::Status Attach() {
    if (!follow_) return absl::OkStatus();
    std::weak_ptr<PumpedStream> weak = weak_from_this();
    ASSIGN_OR_RETURN(follower_, history_->Follow([weak] {
      if (const auto self = weak.lock()) self->Wake();
    }));
    return absl::OkStatus();
  }

 private:
  Outcome Next(bool heartbeat, v1::LogsResponse* response, absl::Status* end) override {
    if (done_) return Outcome::kEnd;
    // Asked first: what was added before the end is sent before it.
    *end = history_->closed();
    const std::vector<LogLine> lines = history_->Lines(newest_, most_);
    for (const LogLine& line : lines) *response->add_entries() = ToProto(line);
    if (!lines.empty()) {
      newest_ = lines.back().number;
      most_ = LogHistory::kMostLines;
      done_ = !follow_;
      return Outcome::kMessage;
    }
    if (!follow_) {
      *end = absl::OkStatus();
      return Outcome::kEnd;
    }
    if (!end->ok()) return Outcome::kEnd;
    return heartbeat ? Outcome::kHeartbeat : Outcome::kNothing;
  }

  void Over() override { follower_.reset(); }

  const std::shared_ptr<LogHistory> history_;
  const bool follow_;
  size_t most_;        // Of the next message.
  uint64_t newest_;    // That was sent.
  bool done_ = false;  // Without `follow` there is one message.
  std::shared_ptr<LogHistory::Follower> follower_;
};

absl::StatusOr<std::shared_ptr<LogsStream>> MakeLogs(Manager& manager, const v1::LogsRequest& request,
                                                     std::shared_ptr<Permit> permit, ThreadPool* pool) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Streamer> streamer, manager.Find(request.name()));
  auto stream = std::make_shared<LogsStream>(streamer->history(), request, std::move(permit), pool);
  RETURN_IF_ERROR(Annotate(stream->Attach(), absl::StrCat("streamer \"", request.name(), "\"")));
  return stream;
}

}  // namespace

grpc::ServerWriteReactor<v1::LogsResponse>* StartLogs(Manager& manager, const v1::LogsRequest& request,
                                                      std::shared_ptr<Permit> permit, ThreadPool* pool) {
  const absl::StatusOr<std::shared_ptr<LogsStream>> stream = MakeLogs(manager, request, std::move(permit), pool);
  if (!stream.ok()) return new RefusedStream<v1::LogsResponse>(stream.status());
  (*stream)->Begin();
  return stream->get();
}

}  // namespace binlogd
