#include "rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "rpc/tls_credentials.h"

namespace binlogd {
namespace {

constexpr int kLargestRequest = 4 << 20;  // Bytes; a spec file has at most 1 MiB.
constexpr int kMostCallsOfAConnection = 1024;
// Of all connections together: requests that are not whole yet, and what clients are slow to take.
constexpr size_t kTransportBytes = 128 << 20;
// Of calls that only look; the others have theirs (waiting_calls.h).
constexpr int kMostThreads = 256;

std::shared_ptr<grpc::ServerCredentials> Credentials(const RpcServerOptions& options) {
  if (options.certificates == nullptr) return grpc::InsecureServerCredentials();
  // A user may show a token instead.
  const bool has_users = options.access != nullptr && options.access->has_users();
  return TlsCredentials(options.certificates, has_users ? ClientCertificate::kOptional : ClientCertificate::kRequired);
}

void SetLimits(const RpcServerOptions& options, grpc::ServerBuilder* builder) {
  constexpr int kSecond = 1000;  // In milliseconds.
  builder->SetMaxReceiveMessageSize(kLargestRequest);
  builder->SetResourceQuota(grpc::ResourceQuota("connections").Resize(kTransportBytes).SetMaxThreads(kMostThreads));
  builder->AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMostCallsOfAConnection);
  builder->AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                              static_cast<int>(absl::ToInt64Milliseconds(options.handshake_timeout)));
  // A client that is gone without a word ends its taps; one that has nothing to ask gives its connection back.
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 60 * kSecond);
  builder->AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20 * kSecond);
  builder->AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 15 * 60 * kSecond);
}

}  // namespace

RpcServer::RpcServer(const RpcServerOptions& options, Manager* manager)
    : limits_(options.limits),
      guard_(options.access == nullptr ? &open_access_ : options.access, &limits_,
             options.audit == nullptr ? &process_log_ : options.audit),
      service_(manager),
      guarded_service_(&service_, &guard_) {}

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Listen(const RpcServerOptions& options, Manager* manager) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  std::unique_ptr<RpcServer> server(new RpcServer(options, manager));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.address, Credentials(options), &server->port_);
  // Two servers on one port would share the calls between them.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  SetLimits(options, &builder);
  std::vector<std::unique_ptr<grpc::experimental::ServerInterceptorFactoryInterface>> observers;
  observers.push_back(server->guard_.MakeObserver());
  builder.experimental().SetInterceptorCreators(std::move(observers));
  builder.RegisterService(&server->guarded_service_);
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || server->port_ == 0) {
    return MakeError(absl::StatusCode::kUnavailable, "ADDRESS_IN_USE",
                     absl::StrCat("cannot listen on ", options.address,
                                  ": it is in use or not an address of this machine; name another --listen"));
  }
  server->awake_polling_ = std::make_unique<AwakePolling>();
  // By itself it answers only who asks without a name.
  server->server_->GetHealthCheckService()->SetServingStatus(v1::StreamerService::service_full_name(), true);
  return server;
}

RpcServer::~RpcServer() { Shutdown(absl::ZeroDuration()); }

void RpcServer::SetNotServing() {
  if (server_ != nullptr) server_->GetHealthCheckService()->SetServingStatus(false);
}

void RpcServer::Shutdown(absl::Duration grace) {
  if (server_ == nullptr) return;
  service_.EndWatches();
  server_->Shutdown(absl::ToChronoTime(absl::Now() + grace));
  awake_polling_.reset();
  server_->Wait();
  server_.reset();
}

}  // namespace binlogd
