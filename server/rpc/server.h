// The gRPC server.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/certificate_files.h"
#include "rpc/streamer_service.h"
#include "streamer/manager.h"

namespace binlogd {

struct RpcServerOptions {
  // "host:port"; port 0 takes a free one.
  std::string address;
  // Outlives the server; null: the port speaks plaintext.
  CertificateFiles* certificates = nullptr;
};

// Serves StreamerService, grpc.health.v1 and server reflection. Used by one thread.
class RpcServer {
 public:
  // UNAVAILABLE (ADDRESS_IN_USE) when the address cannot be listened on. `manager` outlives the server.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Listen(const RpcServerOptions& options, Manager* manager);
  ~RpcServer();

  int port() const { return port_; }
  // Health answers NOT_SERVING from now on.
  void SetNotServing();
  // Ends every watch at once, every other call within `grace`, and the server.
  void Shutdown(absl::Duration grace);

 private:
  explicit RpcServer(Manager* manager) : service_(manager) {}

  StreamerServiceImpl service_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

}  // namespace binlogd
