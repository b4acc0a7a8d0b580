// What binlogd says when it cannot start, and what it starts with. Takes no source.
#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/file.h"
#include "tests/fault/binlogd_process.h"
#include "tests/harness/certificates.h"
#include "tests/harness/temp_dir.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

// A port of 127.0.0.1 at which this process listens.
class TakenPort {
 public:
  TakenPort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(socket_.get(), generic, size), 0);
    EXPECT_EQ(listen(socket_.get(), 1), 0);
    EXPECT_EQ(getsockname(socket_.get(), generic, &size), 0);
    port_ = ntohs(address.sin_port);
  }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  FileDescriptor socket_;
  int port_ = 0;
};

class StartupTest : public ::testing::Test {
 protected:
  // On free ports, but for what `more` says.
  std::vector<std::string> Command(const std::string& state, const std::vector<std::string>& more = {}) const {
    std::vector<std::string> command = {BINLOGD_BINARY};
    if (!state.empty()) command.insert(command.end(), {"--state-dir", state});
    for (const char* option : {"--listen", "--metrics-listen"}) {
      if (std::count(more.begin(), more.end(), option) == 0) command.insert(command.end(), {option, "127.0.0.1:0"});
    }
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }
  // It ends by itself, and says so.
  static void ExpectFailure(const std::vector<std::string>& command, const std::string& reason,
                            const std::vector<std::string>& words) {
    SubprocessOptions options;
    options.arguments = command;
    const auto result = RunCommand(options);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->exit_code, 1);
    const size_t line = result->error_output.find("binlogd: ");
    ASSERT_NE(line, std::string::npos) << result->error_output;
    const std::string said = result->error_output.substr(line);
    EXPECT_THAT(said, HasSubstr(absl::StrCat(" (", reason, ")\n")));
    for (const std::string& word : words) EXPECT_THAT(said, HasSubstr(word));
    EXPECT_THAT(result->error_output, Not(HasSubstr("serves on port")));
  }
  std::string state() const { return directory_ / "state"; }

  TempDir directory_;
};

TEST_F(StartupTest, AStateDirectoryThatCannotBeMade) {
  ASSERT_TRUE(ReplaceFile(directory_ / "file", "x", 0600).ok());
  for (const std::string& state : {directory_ / "file/state", directory_ / "file", std::string("/proc/state")}) {
    ExpectFailure(Command(state), "STATE_DIR_UNUSABLE",
                  {absl::StrCat("the state directory ", state, " cannot be used: "), "name another --state-dir"});
  }
}

// A disk of its own, in a mount namespace that ends with the process.
TEST_F(StartupTest, AStateDirectoryOnADiskThatTakesNothing) {
  SubprocessOptions probe;
  probe.arguments = {"unshare", "-Urm", "mount", "-t", "tmpfs", "none", "/mnt"};
  const auto possible = RunCommand(probe);
  if (!possible.ok() || possible->exit_code != 0) GTEST_SKIP() << "this machine does not let the test mount a tmpfs";
  ASSERT_TRUE(MakeDirectories(state(), 0750).ok());
  const auto on_disk = [&](const std::string& options) {
    std::vector<std::string> command = {
        "unshare", "-Urm", "sh", "-c", absl::StrCat("mount -t tmpfs -o ", options, " none \"$0\" && exec \"$@\""),
        state()};
    const std::vector<std::string> binlogd = Command(state());
    command.insert(command.end(), binlogd.begin(), binlogd.end());
    return command;
  };
  ExpectFailure(on_disk("ro"), "STATE_DIR_UNUSABLE",
                {"Read-only file system", "let binlogd's user write there, or name another --state-dir"});
  // One page: the lock's.
  ExpectFailure(on_disk("size=4k"), "STATE_DIR_UNUSABLE", {"No space left on device", "make room, or name another"});
}

TEST_F(StartupTest, APortThatIsTaken) {
  const TakenPort port;
  ExpectFailure(Command(state(), {"--listen", port.address()}), "ADDRESS_IN_USE",
                {"cannot listen on " + port.address(), "name another --listen"});
  ExpectFailure(Command(state(), {"--metrics-listen", port.address()}), "METRICS_ADDRESS_IN_USE",
                {"cannot serve metrics on " + port.address(), "name another --metrics-listen"});
}

TEST_F(StartupTest, AddressesThatAreNone) {
  for (const char* option : {"--listen", "--metrics-listen"}) {
    for (const char* address : {"foo", "7070", "127.0.0.1:72606", "127.0.0.1:-1", "127.0.0.1:0,0.0.0.0:0", ""}) {
      ExpectFailure(Command(state(), {option, address}), "ADDRESS_INVALID",
                    {absl::StrCat(option, ": \"", address, "\""), "write HOST:PORT"});
    }
  }
  EXPECT_FALSE(fs::exists(state())) << "nothing was touched";
}

TEST_F(StartupTest, AnotherBinlogdOnTheSameDirectory) {
  const BinlogdProcess first(state());
  ExpectFailure(Command(state()), "STATE_DIR_IN_USE",
                {absl::StrCat("is held by binlogd, process ", first.pid(), ";"), "end that one"});
}

TEST_F(StartupTest, TheVersionOfTheDirectory) {
  ASSERT_TRUE(MakeDirectories(state(), 0750).ok());
  const std::string file = state() + "/version";
  const auto write = [&](const std::string& text) { ASSERT_TRUE(ReplaceFile(file, text, 0640).ok()); };
  write("2\n");
  ExpectFailure(Command(state()), "STATE_DIR_TOO_NEW",
                {file, "a newer binlogd", "version 2", "knows version 1", "run the newer one"});
  for (const char* text : {"", "x\n", "0\n", "-1\n"}) {
    write(text);
    ExpectFailure(Command(state()), "STATE_DIR_UNUSABLE", {file, "does not hold a version", "remove that file"});
  }
  // One that was never versioned is of version 1.
  fs::remove(file);
  BinlogdProcess binlogd(state());
  EXPECT_EQ(*binlogd.Terminate(), 0);
  EXPECT_EQ(*ReadWholeFile(file), "1\n");
}

TEST_F(StartupTest, FilesThatDoNotHoldWhatTheyShould) {
  const auto file = [&](const std::string& name, const std::string& text, int mode) {
    EXPECT_TRUE(ReplaceFile(directory_ / name, text, mode).ok());
    return directory_ / name;
  };
  const std::string certificate = TestCertificates().path("server.pem");
  const std::string key = TestCertificates().path("server.key");
  const std::string missing = directory_ / "missing";
  const std::string text = file("text", "x", 0600);
  ExpectFailure(Command(state(), {"--listen", "0.0.0.0:0"}), "INSECURE_LISTEN", {"--insecure-listen"});
  ExpectFailure(Command(state(), {"--metrics-listen", "0.0.0.0:0"}), "INSECURE_LISTEN", {"--insecure-metrics-listen"});
  ExpectFailure(Command(state(), {"--tls-cert", missing, "--tls-key", key}), "TLS_FILE_UNREADABLE", {missing});
  ExpectFailure(Command(state(), {"--tls-cert", text, "--tls-key", key}), "TLS_FILE_INVALID", {text});
  ExpectFailure(Command(state(), {"--tls-cert", certificate, "--tls-key", file("open", "x", 0644)}),
                "FILE_OPEN_TO_EVERYBODY", {"chmod o="});
  ExpectFailure(Command(state(), {"--users", text}), "USERS_INVALID", {text});
  ExpectFailure(Command(state(), {"--users", file("none", "users: []\n", 0600)}), "USERS_INVALID",
                {"no user is named"});
  ExpectFailure(Command(state(), {"--users", missing}), "NOT_FOUND", {missing});
  ExpectFailure(Command(state(), {"--audit-log", missing + "/audit"}), "NOT_FOUND", {missing});
}

// A copy of what version 1 wrote: a state directory and its targets.
class UpgradeTest : public StartupTest {
 protected:
  UpgradeTest() {
    fs::copy(STATE_VERSION_1, directory_.path(), fs::copy_options::recursive);
    for (const char* name : {"orders", "idle", "declared"}) {
      const std::string path = absl::StrCat(state(), "/streamers/", name, "/streamer.json");
      const std::string text = absl::StrReplaceAll(*ReadWholeFile(path), {{"@FOLDER@", directory_.path()}});
      EXPECT_TRUE(ReplaceFile(path, text, 0600).ok());
    }
  }
  static v1::Streamer Get(const BinlogdProcess& binlogd, const std::string& name) {
    v1::GetRequest request;
    request.set_name(name);
    v1::Streamer streamer;
    grpc::ClientContext context;
    const grpc::Status status = binlogd.Stub()->Get(&context, request, &streamer);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return streamer;
  }
};

TEST_F(UpgradeTest, AStateDirectoryOfVersion1OpensAndGoesOn) {
  auto binlogd = std::make_unique<BinlogdProcess>(state());
  EXPECT_THAT(binlogd->Log(), HasSubstr("streamers loaded: 3"));
  const v1::Streamer orders = Get(*binlogd, "orders");
  EXPECT_EQ(orders.etag(), "2");
  EXPECT_EQ(orders.spec().labels().at("env"), "test");
  EXPECT_EQ(orders.spec().batch().max_wait().nanos(), 100000000);
  EXPECT_EQ(orders.status().desired_state(), v1::DESIRED_STATE_RUNNING);
  EXPECT_EQ(Get(*binlogd, "declared").declared_in(), "specs/declared.yaml");
  const v1::Streamer idle = Get(*binlogd, "idle");
  EXPECT_EQ(idle.status().state(), v1::STOPPED);
  ASSERT_EQ(idle.spec().targets_size(), 4);
  EXPECT_EQ(idle.spec().targets(2).s3().prefix(), "idle/");
  EXPECT_EQ(idle.spec().targets(3).kafka().format(), v1::DEBEZIUM_JSON);
  // Its targets open, before the source is asked for what follows.
  EXPECT_TRUE(WaitUntil([&] {
    const v1::StreamerStatus status = Get(*binlogd, "orders").status();
    return status.state() == v1::RETRYING && status.error().reason() == "SOURCE_UNREACHABLE";
  })) << binlogd->Log();
  const v1::Streamer waiting = Get(*binlogd, "orders");
  EXPECT_EQ(waiting.status().position().file(), "binlog.000001");
  EXPECT_EQ(waiting.status().position().position(), 1237u);
  EXPECT_EQ(waiting.status().position().gtid(), "0-1-5");
  for (const v1::TargetStatus& target : waiting.status().targets()) {
    EXPECT_TRUE(target.healthy()) << target.error().message();
    EXPECT_EQ(target.position().position(), 1237u);
  }
  // And it is changed, and found again, as any other.
  v1::UpdateRequest update;
  *update.mutable_spec() = orders.spec();
  update.mutable_spec()->mutable_source()->mutable_password()->set_value("other");
  (*update.mutable_spec()->mutable_labels())["env"] = "prod";
  update.set_etag(orders.etag());
  v1::Streamer updated;
  grpc::ClientContext context;
  const grpc::Status status = binlogd->Stub()->Update(&context, update, &updated);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(*binlogd->Terminate(), 0);
  binlogd = std::make_unique<BinlogdProcess>(state());
  EXPECT_EQ(Get(*binlogd, "orders").etag(), "3");
  EXPECT_TRUE(WaitUntil([&] { return Get(*binlogd, "orders").status().position().position() == 1237u; }));
}

}  // namespace
}  // namespace binlogd::testing
