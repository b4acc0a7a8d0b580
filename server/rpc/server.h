// The gRPC server.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "auth/access.h"
#include "auth/audit_log.h"
#include "auth/call_limits.h"
#include "auth/certificate_files.h"
#include "rpc/awake_polling.h"
#include "rpc/guard.h"
#include "rpc/guarded_service.h"
#include "rpc/streamer_service.h"
#include "streamer/manager.h"

namespace binlogd {

struct RpcServerOptions {
  // "host:port"; port 0 takes a free one.
  std::string address;
  // These outlive the server. Null: the port speaks plaintext; everybody may do everything; audit lines go to the
  // process's log.
  CertificateFiles* certificates = nullptr;
  Access* access = nullptr;
  AuditLog* audit = nullptr;
  CallLimitOptions limits = {};
  // How long a new connection may take until it can carry calls.
  absl::Duration handshake_timeout = absl::Seconds(10);
};

// Serves StreamerService, grpc.health.v1 and server reflection. Used by one thread.
class RpcServer {
 public:
  // UNAVAILABLE (ADDRESS_IN_USE) when the address cannot be listened on. `manager` outlives the server.
  static absl::StatusOr<std::unique_ptr<RpcServer>> Listen(const RpcServerOptions& options, Manager* manager);
  ~RpcServer();

  int port() const { return port_; }
  // Of calls; thread-safe.
  std::vector<MetricSample> Metrics() const { return guard_.counters().Metrics(); }
  // Health answers NOT_SERVING from now on.
  void SetNotServing();
  // Ends every watch at once, every other call within `grace`, and the server.
  void Shutdown(absl::Duration grace);

 private:
  RpcServer(const RpcServerOptions& options, Manager* manager);

  Access open_access_;
  AuditLog process_log_;
  CallLimits limits_;
  Guard guard_;
  StreamerServiceImpl service_;
  GuardedService guarded_service_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<AwakePolling> awake_polling_;  // While server_ is there.
  int port_ = 0;
};

}  // namespace binlogd
