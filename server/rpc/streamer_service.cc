#include "rpc/streamer_service.h"

#include <utility>

#include "base/status_macros.h"
#include "rpc/convert.h"
#include "rpc/list_page.h"
#include "rpc/tap_stream.h"
#include "rpc/watch_stream.h"
#include "wire/status_detail.h"

namespace binlogd {
namespace {

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
    : manager_(manager), changes_(manager), feed_(manager), tap_pool_(kTapThreads), watch_pool_(kWatchThreads) {}

grpc::Status StreamerServiceImpl::Get(grpc::ServerContext*, const v1::GetRequest* request, v1::Streamer* response) {
  const absl::StatusOr<StreamerView> view = manager_->Get(request->name());
  if (view.ok()) *response = ToProto(*view);
  return ToGrpcStatus(view.status());
}

grpc::Status StreamerServiceImpl::List(grpc::ServerContext*, const v1::ListRequest* request,
                                       v1::ListResponse* response) {
  return ToGrpcStatus(ListPage(*manager_, *request, response));
}

grpc::Status StreamerServiceImpl::Status(grpc::ServerContext*, const v1::StatusRequest* request,
                                         v1::StreamerStatus* response) {
  const absl::StatusOr<StreamerView> view = manager_->Get(request->name());
  if (view.ok()) *response = ToProto(view->snapshot);
  return ToGrpcStatus(view.status());
}

grpc::Status StreamerServiceImpl::Metrics(grpc::ServerContext*, const v1::MetricsRequest* request,
                                          v1::MetricsResponse* response) {
  const absl::StatusOr<StreamerView> view = manager_->Get(request->name());
  if (!view.ok()) return ToGrpcStatus(view.status());
  for (const MetricSample& sample : StreamerMetrics(view->snapshot)) *response->add_metrics() = ToProto(sample);
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Create(Context* context, const v1::CreateRequest* request,
                                                      v1::Streamer* response) {
  return waiting_calls_.Start(
      context, [=, this](const Cancellation& caller) { return changes_.Create(*request, caller, response); });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Update(Context* context, const v1::UpdateRequest* request,
                                                      v1::Streamer* response) {
  return waiting_calls_.Start(
      context, [=, this](const Cancellation& caller) { return changes_.Update(*request, caller, response); });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Delete(Context* context, const v1::DeleteRequest* request,
                                                      v1::DeleteResponse* response) {
  return waiting_calls_.Start(
      context, [=, this](const Cancellation& caller) { return changes_.Delete(*request, caller, response); });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Apply(Context* context, const v1::ApplyRequest* request,
                                                     v1::ApplyResponse* response) {
  return waiting_calls_.Start(
      context, [=, this](const Cancellation& caller) { return changes_.Apply(*request, caller, response); });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Start(Context* context, const v1::StartRequest* request,
                                                     v1::Streamer* response) {
  return waiting_calls_.Start(
      context, [=, this](const Cancellation& caller) { return changes_.Start(*request, caller, response); });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Stop(Context* context, const v1::StopRequest* request,
                                                    v1::Streamer* response) {
  return waiting_calls_.Start(
      context, [=, this](const Cancellation& caller) { return changes_.Stop(*request, caller, response); });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Validate(Context* context, const v1::ValidateRequest* request,
                                                        v1::ValidateResponse* response) {
  return waiting_calls_.Start(
      context, [=, this](const Cancellation& caller) { return ValidateFrom(*manager_, *request, caller, response); });
}

grpc::ServerWriteReactor<v1::TapResponse>* StreamerServiceImpl::Tap(Context*, const v1::TapRequest* request) {
  return StartTap(*manager_, *request, &tap_pool_);
}

grpc::ServerWriteReactor<v1::WatchResponse>* StreamerServiceImpl::Watch(Context*, const v1::WatchRequest* request) {
  return StartWatch(feed_, *request, &watch_pool_);
}

}  // namespace binlogd
