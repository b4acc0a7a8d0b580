#include "rpc/streamer_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "rpc/convert.h"
#include "rpc/list_page.h"
#include "rpc/logs_stream.h"
#include "rpc/tap_stream.h"
#include "rpc/watch_stream.h"
#include "wire/status_detail.h"

namespace binlogd {
namespace {

using ServerLevel = v1::ServerLogLevel;

ServerLevel::Level LevelToProto(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return ServerLevel::DEBUG;
    case LogLevel::kInfo: return ServerLevel::INFO;
    case LogLevel::kWarning: return ServerLevel::WARNING;
    case LogLevel::kError: return ServerLevel::ERROR;
  }
  return ServerLevel::LEVEL_UNSPECIFIED;
}

absl::StatusOr<LogLevel> LevelFromProto(ServerLevel::Level level) {
  for (const LogLevel known : kLogLevels) {
    if (LevelToProto(known) == level) return known;
  }
  return InvalidField("level", "BAD_VALUE", "it is DEBUG, INFO, WARNING or ERROR");
}

constexpr int kTapThreads = 2;
constexpr int kWatchThreads = 2;

absl::Status ValidateFrom(Manager& manager, const v1::ValidateRequest& request, const Cancellation& caller,
                          v1::ValidateResponse* response) {
  const absl::StatusOr<StreamerSpec> spec = FromProto(request.spec());
  const absl::Status checked = spec.ok() ? manager.Check(*spec) : spec.status();
  *response->add_findings() = ToProto(Finding{checked, false, "spec"});
  if (!checked.ok()) return absl::OkStatus();
  Interrupter interrupter;
  const Cancellation::Listener interrupt(caller, [&interrupter] { interrupter.Interrupt(); });
  for (const Finding& finding : ValidateSpec(*spec, &interrupter)) *response->add_findings() = ToProto(finding);
  return absl::OkStatus();
}

}  // namespace

StreamerServiceImpl::StreamerServiceImpl(Manager* manager)
    : manager_(manager),
      changes_(manager),
      feed_(manager),
      tap_pool_("taps", kTapThreads, ThreadPool::kLowPriority),
      watch_pool_("watches", kWatchThreads) {}

grpc::Status StreamerServiceImpl::Get(SyncContext*, Permitted, const v1::GetRequest* request, v1::Streamer* response) {
  const absl::StatusOr<StreamerView> view = manager_->Get(request->name());
  if (view.ok()) *response = ToProto(*view);
  return ToGrpcStatus(view.status());
}

grpc::Status StreamerServiceImpl::List(SyncContext*, Permitted permit, const v1::ListRequest* request,
                                       v1::ListResponse* response) {
  return ToGrpcStatus(ListPage(*manager_, *request, permit->caller(), response));
}

grpc::Status StreamerServiceImpl::Status(SyncContext*, Permitted, const v1::StatusRequest* request,
                                         v1::StreamerStatus* response) {
  const absl::StatusOr<StreamerView> view = manager_->Get(request->name());
  if (view.ok()) *response = ToProto(view->snapshot);
  return ToGrpcStatus(view.status());
}

grpc::Status StreamerServiceImpl::Metrics(SyncContext*, Permitted, const v1::MetricsRequest* request,
                                          v1::MetricsResponse* response) {
  const absl::StatusOr<StreamerView> view = manager_->Get(request->name());
  if (!view.ok()) return ToGrpcStatus(view.status());
  for (const MetricSample& sample : StreamerMetrics(view->snapshot)) {
    for (const PlainSample& plain : PlainSamples(sample)) *response->add_metrics() = ToProto(plain, *sample.family);
  }
  return grpc::Status::OK;
}

grpc::Status StreamerServiceImpl::GetLogLevel(SyncContext*, Permitted, const v1::GetLogLevelRequest*,
                                              v1::ServerLogLevel* response) {
  response->set_level(LevelToProto(CurrentLogLevel()));
  return grpc::Status::OK;
}

grpc::Status StreamerServiceImpl::SetLogLevel(SyncContext*, Permitted permit, const v1::SetLogLevelRequest* request,
                                              v1::ServerLogLevel* response) {
  const absl::StatusOr<LogLevel> level = LevelFromProto(request->level());
  if (!level.ok()) return ToGrpcStatus(level.status());
  // Said at the level that lets more through, so that it stands in the log either way.
  const LogLevel before = CurrentLogLevel();
  binlogd::SetLogLevel(std::min(before, *level));
  Log(LogLevel::kWarning, "server",
      absl::StrCat("the log's level is now ", LogLevelName(*level), " and was ", LogLevelName(before), ", as user \"",
                   permit->caller().name, "\" wants it"));
  binlogd::SetLogLevel(*level);
  response->set_level(LevelToProto(*level));
  return grpc::Status::OK;
}

template <auto Method, typename Request, typename Response>
grpc::ServerUnaryReactor* StreamerServiceImpl::Change(Context* context, Permitted permit, const Request* request,
                                                      Response* response) {
  return waiting_calls_.Start(context, [=, this, user = permit->caller().name](const Cancellation& caller) {
    return (changes_.*Method)(*request, user, caller, response);
  });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Create(Context* context, Permitted permit,
                                                      const v1::CreateRequest* request, v1::Streamer* response) {
  return Change<&Changes::Create>(context, permit, request, response);
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Update(Context* context, Permitted permit,
                                                      const v1::UpdateRequest* request, v1::Streamer* response) {
  return Change<&Changes::Update>(context, permit, request, response);
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Delete(Context* context, Permitted permit,
                                                      const v1::DeleteRequest* request, v1::DeleteResponse* response) {
  return Change<&Changes::Delete>(context, permit, request, response);
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Apply(Context* context, Permitted permit,
                                                     const v1::ApplyRequest* request, v1::ApplyResponse* response) {
  return Change<&Changes::Apply>(context, permit, request, response);
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Start(Context* context, Permitted permit,
                                                     const v1::StartRequest* request, v1::Streamer* response) {
  return Change<&Changes::Start>(context, permit, request, response);
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Stop(Context* context, Permitted permit, const v1::StopRequest* request,
                                                    v1::Streamer* response) {
  return Change<&Changes::Stop>(context, permit, request, response);
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Validate(Context* context, Permitted, const v1::ValidateRequest* request,
                                                        v1::ValidateResponse* response) {
  return waiting_calls_.Start(
      context, [=, this](const Cancellation& caller) { return ValidateFrom(*manager_, *request, caller, response); });
}

grpc::ServerWriteReactor<v1::TapResponse>* StreamerServiceImpl::Tap(Context*, Permitted permit,
                                                                    const v1::TapRequest* request) {
  return StartTap(*manager_, *request, permit, &tap_pool_);
}

grpc::ServerWriteReactor<v1::WatchResponse>* StreamerServiceImpl::Watch(Context*, Permitted permit,
                                                                        const v1::WatchRequest* request) {
  return StartWatch(feed_, *request, permit, &watch_pool_);
}

grpc::ServerWriteReactor<v1::LogsResponse>* StreamerServiceImpl::Logs(Context*, Permitted permit,
                                                                      const v1::LogsRequest* request) {
  return StartLogs(*manager_, *request, permit, &watch_pool_);
}

}  // namespace binlogd
