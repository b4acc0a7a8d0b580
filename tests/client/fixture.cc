#include "tests/client/fixture.h"

#include <fstream>
#include <utility>

namespace binlogd::testing {

ClientTest::ClientTest(const std::shared_ptr<grpc::ServerCredentials>& credentials) : server_(credentials) {}

SubprocessOptions ClientTest::Options(std::vector<std::string> arguments) const {
  SubprocessOptions options;
  options.arguments = std::move(arguments);
  options.environment = {"BINLOGCTL_SERVER=" + server_.address(), "TZ=UTC", "binlogctl=" BINLOGCTL,
                         // No context of whoever runs the tests.
                         "XDG_CONFIG_HOME=" + directory_.path()};
  return options;
}

CommandResult ClientTest::Run(std::vector<std::string> arguments, const std::string& input) {
  arguments.insert(arguments.begin(), BINLOGCTL);
  SubprocessOptions options = Options(std::move(arguments));
  options.input = input;
  const auto result = RunCommand(options);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : CommandResult();
}

std::unique_ptr<Subprocess> ClientTest::Start(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), BINLOGCTL);
  auto process = Subprocess::Start(Options(std::move(arguments)));
  EXPECT_TRUE(process.ok()) << process.status();
  return process.ok() ? *std::move(process) : nullptr;
}

std::unique_ptr<PseudoTerminal> ClientTest::StartOnTerminal(std::vector<std::string> arguments,
                                                            const std::string& term) const {
  arguments.insert(arguments.begin(), BINLOGCTL);
  SubprocessOptions options = Options(std::move(arguments));
  options.environment.push_back("TERM=" + term);
  return std::make_unique<PseudoTerminal>(options.arguments, options.environment);
}

CommandResult ClientTest::Shell(const std::string& line) {
  const auto result = RunCommand(Options({"bash", "-c", line}));
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *result : CommandResult();
}

std::string ClientTest::File(const std::string& name, const std::string& text) {
  const std::string path = directory_ / name;
  std::ofstream(path) << text;
  return path;
}

v1::Streamer ClientTest::MakeStreamer(const std::string& name) {
  v1::Streamer streamer;
  streamer.mutable_spec()->set_name(name);
  streamer.mutable_spec()->mutable_source()->add_endpoints("db1:3306");
  streamer.mutable_create_time()->set_seconds(1709251199);
  v1::StreamerStatus& status = *streamer.mutable_status();
  status.set_name(name);
  status.set_state(v1::STOPPED);
  for (const char* target_name : {"archive", "changes"}) {
    v1::TargetSpec& target = *streamer.mutable_spec()->add_targets();
    target.set_name(target_name);
    target.mutable_file()->set_path(std::string("/data/") + target_name);
    v1::TargetStatus& target_status = *status.add_targets();
    target_status.set_name(target_name);
    target_status.set_type("file");
    target_status.set_healthy(true);
  }
  return streamer;
}

}  // namespace binlogd::testing
