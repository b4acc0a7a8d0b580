#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
#include <filesystem>

#include "absl/time/clock.h"
#include "mysql/connection.h"
#include "tests/harness/fake_server.h"
#include "tests/harness/subprocess.h"
#include "tests/harness/tcp_proxy.h"
#include "tests/harness/temp_dir.h"

namespace binlogd::testing {
namespace {

TEST(SubprocessTest, CapturesOutputAndExitCode) {
  const auto result = RunCommand({{"sh", "-c", "cat; echo \"$WORD\" >&2; exit 3"}, {"WORD=hello"}, {}, "input", {}});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->output, "input");
  EXPECT_EQ(result->error_output, "hello\n");
}

TEST(SubprocessTest, WaitIsBoundedAndKillEndsIt) {
  auto process = Subprocess::Start({{"sleep", "60"}, {}, {}, {}, {}});
  ASSERT_TRUE(process.ok()) << process.status();
  EXPECT_EQ((*process)->Wait(absl::Milliseconds(20)).status().code(), absl::StatusCode::kDeadlineExceeded);
  (*process)->Kill();
  EXPECT_EQ((*process)->Wait(absl::ZeroDuration()).value(), 128 + SIGKILL);
}

TEST(SubprocessTest, AProgramThatIsNotThereSaysSo) {
  const auto result = RunCommand({{"/no/such/program"}, {}, {}, {}, {}});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->exit_code, 127);
  EXPECT_NE(result->error_output.find("/no/such/program"), std::string::npos);
}

TEST(TempDirTest, IsRemovedWithItsContent) {
  std::string path;
  {
    const TempDir directory;
    path = directory.path();
    std::filesystem::create_directories(directory / "a/b");
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

// What reaches a client that connects through the proxy and reads for as long as something comes.
std::string Receive(uint16_t port) {
  const FileDescriptor client(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const timeval patience{0, 300000};
  setsockopt(client.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  if (connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return "refused";
  std::string received;
  char bytes[4096];
  ssize_t count = 0;
  while ((count = recv(client.get(), bytes, sizeof(bytes), 0)) > 0) received.append(bytes, static_cast<size_t>(count));
  return received + (count == 0 ? " end" : errno == ECONNRESET ? " reset" : " silence");
}

TEST(TcpProxyTest, ForwardsStallsRefusesAndCorrupts) {
  FakeServer server("0123456789");
  auto proxy = TcpProxy::Start(server.port());
  ASSERT_TRUE(proxy.ok()) << proxy.status();
  (*proxy)->RefuseNew(true);
  EXPECT_EQ(Receive((*proxy)->port()), " reset");
  (*proxy)->RefuseNew(false);
  (*proxy)->CorruptNextByteAfter(3);
  EXPECT_EQ(Receive((*proxy)->port()), "012#456789 silence");
  EXPECT_EQ((*proxy)->connections(), 1u);
  EXPECT_EQ((*proxy)->bytes_from_server(), 10u);

  FakeServer second("abc");
  (*proxy)->SetTarget(second.port());
  (*proxy)->Stall(true);
  EXPECT_EQ(Receive((*proxy)->port()), " silence");
  (*proxy)->CutAll();
}

}  // namespace
}  // namespace binlogd::testing
