#include "tests/fault/binlogd_process.h"

#include <gtest/gtest.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {

BinlogdProcess::BinlogdProcess(std::string state_dir, std::vector<std::string> more_flags,
                               std::vector<std::string> environment)
    : log_file_(absl::StrCat(state_dir, ".log")) {
  std::remove(log_file_.c_str());
  SubprocessOptions options;
  options.arguments = {BINLOGD_BINARY, "--listen",    "127.0.0.1:0", "--metrics-listen",
                       "127.0.0.1:0",  "--state-dir", state_dir};
  options.arguments.insert(options.arguments.end(), more_flags.begin(), more_flags.end());
  options.environment = std::move(environment);
  options.log_file = log_file_;
  process_ = *Subprocess::Start(options);
  const bool up = WaitUntil([this] {
    const std::string log = Log();
    const size_t at = log.find("serves on port ");
    if (at == std::string::npos || log.find('\n', at) == std::string::npos) return !process_->running();
    return std::sscanf(log.c_str() + at, "serves on port %d, metrics on port %d", &port_, &metrics_port_) == 2;
  });
  EXPECT_TRUE(up && port_ != 0) << Log();
}

std::string BinlogdProcess::address() const { return absl::StrCat("127.0.0.1:", port_); }

std::string BinlogdProcess::Log() const { return ReadWholeFile(log_file_).value_or(""); }

std::unique_ptr<v1::StreamerService::Stub> BinlogdProcess::Stub() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  return v1::StreamerService::NewStub(
      grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), arguments));
}

std::vector<std::string> BinlogdProcess::ControlCommand(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {BINLOGCTL_BINARY, "--server", address()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

CommandResult BinlogdProcess::Control(const std::vector<std::string>& arguments, const std::string& input) const {
  SubprocessOptions options;
  options.arguments = ControlCommand(arguments);
  options.input = input;
  auto result = RunCommand(options);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : CommandResult();
}

}  // namespace binlogd::testing
