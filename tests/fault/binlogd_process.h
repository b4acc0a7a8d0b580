// The real binlogd and binlogctl, as processes.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "binlogd/v1/service.grpc.pb.h"
#include "tests/harness/subprocess.h"

namespace binlogd::testing {

// A binlogd on free loopback ports. Killed when destroyed. Not thread-safe.
class BinlogdProcess {
 public:
  // Starts it and waits until it serves; fails the test when it does not.
  explicit BinlogdProcess(std::string state_dir, std::vector<std::string> more_flags = {},
                          std::vector<std::string> environment = {});

  void Kill() { process_->Kill(); }
  absl::StatusOr<int> Terminate() { return process_->Terminate(absl::Seconds(30)); }
  bool running() { return process_->running(); }

  std::string address() const;
  int metrics_port() const { return metrics_port_; }
  pid_t pid() const { return process_->pid(); }
  std::string Log() const;
  // A stub with a channel of its own.
  std::unique_ptr<v1::StreamerService::Stub> Stub() const;
  // binlogctl with these arguments, talking to this server.
  CommandResult Control(const std::vector<std::string>& arguments, const std::string& input = "") const;
  std::vector<std::string> ControlCommand(const std::vector<std::string>& arguments) const;

 private:
  std::string log_file_;
  std::unique_ptr<Subprocess> process_;
  int port_ = 0;
  int metrics_port_ = 0;
};

}  // namespace binlogd::testing
