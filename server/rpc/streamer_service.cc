#include "rpc/streamer_service.h"

#include <utility>

#include "base/status_macros.h"
#include "rpc/convert.h"
#include "rpc/list_page.h"
#include "rpc/tap_stream.h"
#include "wire/status_detail.h"

namespace binlogd {
namespace {

constexpr int kTapThreads = 2;
absl::Status Answer(const absl::StatusOr<StreamerView>& view, v1::Streamer* response) {
  if (view.ok()) *response = ToProto(*view);
  return view.status();
}

absl::StatusOr<StreamerView> CreateFrom(Manager& manager, const v1::CreateRequest& request) {
  ASSIGN_OR_RETURN(const StreamerSpec spec, FromProto(request.spec()));
  return manager.Create(spec, request.start());
}

absl::StatusOr<StreamerView> UpdateFrom(Manager& manager, const v1::UpdateRequest& request,
                                        const Cancellation& caller) {
  ASSIGN_OR_RETURN(StreamerSpec spec, FromProto(request.spec()));
  return manager.Update(std::move(spec), request.etag(), caller);
}

absl::Status ApplyFrom(Manager& manager, const v1::ApplyRequest& request, const Cancellation& caller,
                       v1::ApplyResponse* response) {
  ASSIGN_OR_RETURN(const StreamerSpec spec, FromProto(request.spec()));
  Manager::Outcome outcome = Manager::Outcome::kUnchanged;
  ASSIGN_OR_RETURN(const StreamerView view, manager.Apply(spec, request.start(), &outcome, caller));
  response->set_outcome(outcome == Manager::Outcome::kCreated   ? v1::ApplyResponse::CREATED
                        : outcome == Manager::Outcome::kUpdated ? v1::ApplyResponse::UPDATED
                                                                : v1::ApplyResponse::UNCHANGED);
  *response->mutable_streamer() = ToProto(view);
  return absl::OkStatus();
}

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

StreamerServiceImpl::StreamerServiceImpl(Manager* manager) : manager_(manager), tap_pool_(kTapThreads) {}

grpc::Status StreamerServiceImpl::Get(grpc::ServerContext*, const v1::GetRequest* request, v1::Streamer* response) {
  return ToGrpcStatus(Answer(manager_->Get(request->name()), response));
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
      context, [=, this](const Cancellation&) { return Answer(CreateFrom(*manager_, *request), response); });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Update(Context* context, const v1::UpdateRequest* request,
                                                      v1::Streamer* response) {
  return waiting_calls_.Start(context, [=, this](const Cancellation& caller) {
    return Answer(UpdateFrom(*manager_, *request, caller), response);
  });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Delete(Context* context, const v1::DeleteRequest* request,
                                                      v1::DeleteResponse*) {
  return waiting_calls_.Start(context, [=, this](const Cancellation& caller) {
    return manager_->Delete(request->name(), request->etag(), caller);
  });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Apply(Context* context, const v1::ApplyRequest* request,
                                                     v1::ApplyResponse* response) {
  return waiting_calls_.Start(
      context, [=, this](const Cancellation& caller) { return ApplyFrom(*manager_, *request, caller, response); });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Start(Context* context, const v1::StartRequest* request,
                                                     v1::Streamer* response) {
  return waiting_calls_.Start(context, [=, this](const Cancellation& caller) {
    return Answer(manager_->Start(request->name(), caller), response);
  });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Stop(Context* context, const v1::StopRequest* request,
                                                    v1::Streamer* response) {
  return waiting_calls_.Start(context, [=, this](const Cancellation& caller) {
    return Answer(manager_->Stop(request->name(), caller), response);
  });
}

grpc::ServerUnaryReactor* StreamerServiceImpl::Validate(Context* context, const v1::ValidateRequest* request,
                                                        v1::ValidateResponse* response) {
  return waiting_calls_.Start(
      context, [=, this](const Cancellation& caller) { return ValidateFrom(*manager_, *request, caller, response); });
}

grpc::ServerWriteReactor<v1::TapResponse>* StreamerServiceImpl::Tap(Context*, const v1::TapRequest* request) {
  return StartTap(*manager_, *request, &tap_pool_);
}

}  // namespace binlogd
