#include "rpc/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "rpc/tls_credentials.h"

namespace binlogd {
namespace {

std::shared_ptr<grpc::ServerCredentials> Credentials(const RpcServerOptions& options) {
  if (options.certificates == nullptr) return grpc::InsecureServerCredentials();
  return TlsCredentials(options.certificates, ClientCertificate::kRequired);
}

}  // namespace

absl::StatusOr<std::unique_ptr<RpcServer>> RpcServer::Listen(const RpcServerOptions& options, Manager* manager) {
  grpc::EnableDefaultHealthCheckService(true);
  grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  std::unique_ptr<RpcServer> server(new RpcServer(manager));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.address, Credentials(options), &server->port_);
  // Two servers on one port would share the calls between them.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.RegisterService(&server->service_);
  server->server_ = builder.BuildAndStart();
  if (server->server_ == nullptr || server->port_ == 0) {
    return MakeError(absl::StatusCode::kUnavailable, "ADDRESS_IN_USE",
                     absl::StrCat("cannot listen on ", options.address,
                                  ": it is in use or not an address of this machine; name another --listen"));
  }
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
  server_->Wait();
  server_.reset();
}

}  // namespace binlogd
