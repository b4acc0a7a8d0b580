#include "base/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

class ServiceManagerTest : public ::testing::Test {
 protected:
  ~ServiceManagerTest() override { unsetenv("NOTIFY_SOCKET"); }

  // Names the socket in the environment, and binds it.
  void Listen(const std::string& name) {
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    ASSERT_LT(name.size(), sizeof(address.sun_path));
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = 0;
    socket_ = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address),
                     static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())),
              0);
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
  }
  std::string Heard() {
    char bytes[100];
    const ssize_t got = ::recv(socket_.get(), bytes, sizeof(bytes), MSG_DONTWAIT);
    return std::string(bytes, got < 0 ? 0 : static_cast<size_t>(got));
  }
  testing::TempDir directory_;
  FileDescriptor socket_;
};

TEST_F(ServiceManagerTest, NobodyWaitsToBeTold) {
  unsetenv("NOTIFY_SOCKET");
  EXPECT_TRUE(TellServiceManager("READY=1").ok());
}

TEST_F(ServiceManagerTest, IsToldAtAPath) {
  Listen(directory_ / "notify");
  EXPECT_TRUE(TellServiceManager("READY=1").ok());
  EXPECT_EQ(Heard(), "READY=1");
}

TEST_F(ServiceManagerTest, IsToldAtAnAbstractName) {
  Listen(absl::StrCat("@", directory_.path()));
  EXPECT_TRUE(TellServiceManager("STOPPING=1").ok());
  EXPECT_EQ(Heard(), "STOPPING=1");
}

TEST_F(ServiceManagerTest, ASocketThatIsNoneIsAnErrorThatNamesIt) {
  for (const std::string& name : {std::string("relative"), directory_ / "nowhere", "/" + std::string(200, 'x')}) {
    setenv("NOTIFY_SOCKET", name.c_str(), 1);
    const absl::Status told = TellServiceManager("READY=1");
    EXPECT_FALSE(told.ok());
    EXPECT_NE(told.message().find(name), std::string::npos) << told;
  }
}

}  // namespace
}  // namespace binlogd
