// The API, used by a client in another language that has nothing of ours but the .proto files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "tests/fault/binlogd_process.h"
#include "tests/harness/mysql_server.h"

namespace binlogd::testing {
namespace {

// Not whichever Python comes first in PATH: the packages are the distribution's.
constexpr char kPython[] = "/usr/bin/python3";

// Why the client cannot be made here, or empty.
std::string Lacking() {
  for (const char* program : {kPython, "/usr/bin/protoc", "/usr/bin/grpc_python_plugin"}) {
    if (access(program, X_OK) != 0) return absl::StrCat(program, " is not installed");
  }
  SubprocessOptions import;
  import.arguments = {kPython, "-c", "import grpc, google.protobuf"};
  const auto imported = RunCommand(import);
  if (!imported.ok()) return std::string(imported.status().message());
  if (imported->exit_code == 0) return "";
  return absl::StrCat("Python lacks gRPC (Debian's packages python3-grpcio and python3-protobuf): ",
                      imported->error_output);
}

TEST(ForeignClientTest, CreatesRunsWatchesUpdatesTapsAndDeletes) {
  const std::string lacking = Lacking();
  if (!lacking.empty()) GTEST_SKIP() << lacking;
  const auto source = SharedServer(ServerKind::kMariaDb1011);
  if (!source.ok()) GTEST_SKIP() << source.status();
  TempDir directory;
  BinlogdProcess binlogd(directory / "state");
  SubprocessOptions client;
  client.arguments = {kPython,
                      absl::StrCat(FOREIGN_CLIENT, "/client.py"),
                      binlogd.address(),
                      PROTOS,
                      (*source)->endpoint(),
                      directory / "archive",
                      (*source)->Program("mariadb"),
                      "--no-defaults",
                      "--host=127.0.0.1",
                      absl::StrCat("--port=", (*source)->port()),
                      "--user=root"};
  const auto result = RunCommand(client, absl::Seconds(120));
  ASSERT_TRUE(result.ok()) << result.status() << binlogd.Log();
  EXPECT_EQ(result->exit_code, 0) << result->output << result->error_output << binlogd.Log();
  EXPECT_THAT(result->output, ::testing::HasSubstr("done"));
}

}  // namespace
}  // namespace binlogd::testing
