// The package on a Debian that has nothing else: installed, set to work, removed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/build_version.h"
#include "tests/harness/mysql_server.h"
#include "tests/harness/provide.h"
#include "tests/harness/temp_dir.h"
#include "tests/integration/streamer_testing.h"
#include "tests/packaging/packages.h"

namespace binlogd::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

constexpr absl::Duration kInstallTimeout = absl::Minutes(5);

// A copy of a minimal Debian 12, whose network is this machine's.
class Debian {
 public:
  // UNAVAILABLE with the reason when this machine cannot have one.
  static absl::StatusOr<std::unique_ptr<Debian>> Make() {
    if (geteuid() != 0) return absl::UnavailableError("only root can enter another root directory");
    const absl::StatusOr<std::string> home = Provide("debian-12");
    if (!home.ok()) return home.status();
    auto debian = std::unique_ptr<Debian>(new Debian);
    const absl::StatusOr<std::string> copied =
        OutputOf({"cp", "-a", "--reflink=auto", *home + "/tree", debian->root()}, {}, absl::Minutes(2));
    if (!copied.ok()) return copied.status();
    std::error_code ignored;
    fs::copy_file("/etc/resolv.conf", debian->root() + "/etc/resolv.conf", fs::copy_options::overwrite_existing,
                  ignored);
    const absl::StatusOr<std::string> entered = debian->Run({"true"});
    if (!entered.ok()) return absl::UnavailableError(entered.status().message());
    return debian;
  }

  std::string root() const { return directory_ / "root"; }
  bool Has(const std::string& path) const { return fs::exists(fs::symlink_status(root() + path)); }

  // The command as this machine runs it: in a namespace of its own, so that what is mounted goes with it.
  std::vector<std::string> Command(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {
        "unshare", "--mount", "sh", "-c", "mount -t proc proc \"$0/proc\" && exec chroot \"$0\" \"$@\"", root()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
  }
  absl::StatusOr<std::string> Run(const std::vector<std::string>& arguments) const {
    return OutputOf(Command(arguments), {"DEBIAN_FRONTEND=noninteractive", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"},
                    kInstallTimeout);
  }
  absl::StatusOr<std::string> Apt(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {"apt-get", "-q", "-y", "--no-install-recommends", "-o", "Acquire::Retries=3"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return Run(command);
  }
  void Write(const std::string& path, const std::string& text, const std::string& owner,
             const std::string& mode) const {
    std::ofstream(root() + path) << text;
    ASSERT_TRUE(Run({"chown", owner, path}).ok());
    ASSERT_TRUE(Run({"chmod", mode, path}).ok());
  }

 private:
  Debian() = default;

  TempDir directory_;
};

// binlogd as its unit has it run, by hand: there is no systemd here.
class UnitByHand {
 public:
  UnitByHand(const Debian& debian, const std::string& options) : log_(directory_ / "log") {
    const std::string unit = Contents(debian.root() + "/usr/lib/systemd/system/binlogd.service");
    const std::string command =
        absl::StrReplaceAll(UnitSetting(unit, "ExecStart"), {{"%S", "/var/lib"}, {"$BINLOGD_OPTIONS", options}});
    std::vector<std::string> arguments = {"setpriv",
                                          absl::StrCat("--reuid=", UnitSetting(unit, "User")),
                                          absl::StrCat("--regid=", UnitSetting(unit, "Group")),
                                          "--init-groups",
                                          "--no-new-privs",
                                          "--bounding-set=-all",
                                          "--pdeathsig=KILL"};
    for (const absl::string_view word : absl::StrSplit(command, ' ')) arguments.emplace_back(word);
    SubprocessOptions process;
    process.arguments = debian.Command(arguments);
    process.log_file = log_;
    absl::StatusOr<std::unique_ptr<Subprocess>> started = Subprocess::Start(process);
    EXPECT_TRUE(started.ok()) << started.status();
    if (started.ok()) process_ = *std::move(started);
    constexpr char kServes[] = "serves on port ";
    EXPECT_TRUE(WaitUntil([&] { return absl::StrContains(Log(), kServes) || !process_->running(); })) << Log();
    const std::string log = Log();
    const size_t found = log.find(kServes);
    EXPECT_NE(found, std::string::npos) << log;
    if (found != std::string::npos) port_ = std::stoi(log.substr(found + sizeof(kServes) - 1));
  }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }
  std::string Log() const { return fs::exists(log_) ? Contents(log_) : ""; }
  absl::StatusOr<int> Terminate() { return process_->Terminate(absl::Seconds(60)); }

 private:
  TempDir directory_;
  const std::string log_;
  std::unique_ptr<Subprocess> process_;
  int port_ = 0;
};

bool CannotFetch(const absl::Status& status) {
  return absl::StrContains(status.message(), "Failed to fetch") ||
         absl::StrContains(status.message(), "Unable to fetch");
}

class DebianTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Debian>> debian = Debian::Make();
    if (absl::IsUnavailable(debian.status())) GTEST_SKIP() << debian.status();
    ASSERT_TRUE(debian.ok()) << debian.status();
    debian_ = *std::move(debian);
    const TempDir packed;
    const absl::StatusOr<std::string> deb = MakeDeb(packed.path());
    ASSERT_TRUE(deb.ok()) << deb.status();
    fs::create_directory(debian_->root() + "/dist");
    fs::copy_file(*deb, debian_->root() + "/dist/package.deb");
    const absl::StatusOr<std::string> updated = debian_->Apt({"-o", "APT::Update::Error-Mode=any", "update"});
    if (!updated.ok()) GTEST_SKIP() << "no Debian archive answers: " << updated.status();
  }
  std::string Told(const std::vector<std::string>& arguments) const {
    return debian_->Run(arguments).value_or("failed");
  }
  // What is left of the package in the whole system.
  std::string Traces() const {
    return Told(
        {"sh", "-c",
         "find / -xdev -iname '*binlogd*' -o -iname '*binlogctl*'; grep -i binlogd /etc/passwd /etc/group || true"});
  }

  std::unique_ptr<Debian> debian_;
};

// The same package under a later version.
std::string LaterVersion() { return absl::StrCat(kBuildVersion, "+1"); }
absl::Status MakeLater(const std::string& deb, const std::string& later) {
  const TempDir tree;
  return OutputOf(
             {"sh", "-c",
              "dpkg-deb --raw-extract \"$0\" \"$1\" && sed -i \"s/^Version: .*/Version: $3/\" \"$1/DEBIAN/control\" "
              "&& dpkg-deb -Znone --build \"$1\" \"$2\"",
              deb, tree / "tree", later, LaterVersion()},
             {}, kInstallTimeout)
      .status();
}

class InstalledDebianTest : public DebianTest {
 protected:
  void SetUp() override {
    DebianTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    const absl::StatusOr<std::string> installed = debian_->Apt({"install", "/dist/package.deb"});
    if (CannotFetch(installed.status())) GTEST_SKIP() << "a Debian archive lacks packages: " << installed.status();
    ASSERT_TRUE(installed.ok()) << installed.status();
  }
  void Upgrade() const {
    const std::string dist = debian_->root() + "/dist";
    const absl::Status made = MakeLater(dist + "/package.deb", dist + "/later.deb");
    ASSERT_TRUE(made.ok()) << made;
    const absl::StatusOr<std::string> upgraded = debian_->Apt({"install", "/dist/later.deb"});
    ASSERT_TRUE(upgraded.ok()) << upgraded.status();
    EXPECT_EQ(Told({"dpkg-query", "-W", "-f", "${Version} ${db:Status-Status}", "binlogd"}),
              LaterVersion() + " installed");
  }
};

constexpr char kSpec[] = R"(name: orders
source:
  flavor: MARIADB
  endpoints: ["$endpoint"]
  user: repl
  password: {file: /etc/binlogd/secrets/orders}
targets:
  - name: archive
    file: {path: /var/lib/binlogd/archive/orders, format: RAW}
  - name: changes
    file: {path: /var/lib/binlogd/changes/orders, format: JSON}
)";

const std::vector<std::string> kRows = {
    "CREATE DATABASE shop",
    "CREATE TABLE shop.orders (id INT PRIMARY KEY AUTO_INCREMENT, customer VARCHAR(40), total DECIMAL(10,2))",
    "INSERT INTO shop.orders (customer, total) VALUES ('Ada', 10.00), ('Grace', 24.50)",
    "FLUSH BINARY LOGS",
    "UPDATE shop.orders SET total = 12.00 WHERE id = 1",
    "DELETE FROM shop.orders WHERE id = 2",
    "FLUSH BINARY LOGS"};

TEST_F(InstalledDebianTest, MakesItsAccountAndFolders) {
  EXPECT_EQ(Told({"binlogd", "--version"}), absl::StrCat("binlogd ", kBuildVersion, "\n"));
  EXPECT_THAT(Told({"getent", "passwd", "binlogd"}), HasSubstr(":/var/lib/binlogd:/usr/sbin/nologin\n"));
  EXPECT_EQ(Told({"stat", "-c", "%U:%G %a", "/var/lib/binlogd", "/etc/binlogd", "/etc/binlogd/streamers",
                  "/etc/binlogd/secrets"}),
            "binlogd:binlogd 750\nroot:root 755\nroot:binlogd 750\nroot:binlogd 750\n");
  EXPECT_TRUE(debian_->Has("/etc/systemd/system/multi-user.target.wants/binlogd.service"));
}

TEST_F(InstalledDebianTest, AnUpgradeKeepsWhatTheAdministratorDecided) {
  constexpr char kEnabled[] = "/etc/systemd/system/multi-user.target.wants/binlogd.service";
  const std::string options = "BINLOGD_OPTIONS=--log-level debug\n";
  debian_->Write("/etc/binlogd/binlogd.env", options, "root:root", "640");
  debian_->Write("/etc/binlogd/streamers/orders.yaml", kSpec, "root:binlogd", "640");
  ASSERT_EQ(Told({"chmod", "700", "/etc/binlogd/secrets"}), "");
  ASSERT_EQ(Told({"dpkg-statoverride", "--add", "root", "binlogd", "700", "/etc/binlogd/secrets"}), "");
  ASSERT_EQ(Told({"install", "-d", "-o", "binlogd", "-g", "binlogd", "-m", "700", "/var/lib/binlogd/state"}), "");
  Upgrade();
  EXPECT_EQ(Contents(debian_->root() + "/etc/binlogd/binlogd.env"), options);
  EXPECT_EQ(Contents(debian_->root() + "/etc/binlogd/streamers/orders.yaml"), kSpec);
  EXPECT_EQ(Told({"stat", "-c", "%n %U:%G %a", "/etc/binlogd/binlogd.env", "/etc/binlogd/streamers/orders.yaml",
                  "/etc/binlogd/secrets", "/var/lib/binlogd/state"}),
            "/etc/binlogd/binlogd.env root:root 640\n/etc/binlogd/streamers/orders.yaml root:binlogd 640\n"
            "/etc/binlogd/secrets root:binlogd 700\n/var/lib/binlogd/state binlogd:binlogd 700\n");
  EXPECT_FALSE(debian_->Has("/etc/binlogd/binlogd.env.dpkg-dist"));
  EXPECT_TRUE(debian_->Has(kEnabled)) << "an upgrade has disabled the service";
  // What is disabled, which is to say this, stays so.
  ASSERT_EQ(Told({"rm", kEnabled}), "");
  ASSERT_TRUE(debian_->Apt({"install", "--reinstall", "/dist/later.deb"}).ok());
  EXPECT_FALSE(debian_->Has(kEnabled)) << "an upgrade has enabled the service again";
}

TEST_F(InstalledDebianTest, LeavesNothingWhenPurged) {
  ASSERT_TRUE(debian_->Apt({"remove", "binlogd"}).ok());
  EXPECT_FALSE(debian_->Has("/usr/bin/binlogd"));
  EXPECT_TRUE(debian_->Has("/etc/binlogd/binlogd.env")) << "a removed package keeps its configuration";
  EXPECT_TRUE(debian_->Has("/var/lib/binlogd"));
  ASSERT_TRUE(debian_->Apt({"purge", "binlogd"}).ok());
  EXPECT_EQ(Traces(), "");
}

TEST_F(InstalledDebianTest, DoesTheQuickstartsJob) {
  const absl::StatusOr<std::unique_ptr<MySqlServer>> source = MySqlServer::Start(ServerKind::kMariaDb1011);
  if (!source.ok()) GTEST_SKIP() << source.status();
  debian_->Write("/etc/binlogd/secrets/orders", "replpass", "root:binlogd", "640");
  UnitByHand service(*debian_, "--listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0");
  const auto control = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {"binlogctl", "--server", service.address()};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return Told(command);
  };
  // The service reads what is put here.
  debian_->Write("/etc/binlogd/streamers/.orders", absl::StrReplaceAll(kSpec, {{"$endpoint", (*source)->endpoint()}}),
                 "root:binlogd", "640");
  fs::rename(debian_->root() + "/etc/binlogd/streamers/.orders",
             debian_->root() + "/etc/binlogd/streamers/orders.yaml");
  EXPECT_TRUE(WaitUntil([&] { return absl::StrContains(control({"status"}), "RUNNING"); }))
      << control({"status"}) << service.Log();
  (*source)->Run(kRows);
  const std::string archive = debian_->root() + "/var/lib/binlogd/archive/orders";
  const std::vector<std::string> logs = (*source)->LogFiles();
  ASSERT_EQ(logs.size(), 3u);
  EXPECT_TRUE(WaitUntil([&] {
    return Epochs(archive).size() == 1 && fs::exists(Epochs(archive)[0] + "/binlog.000003");
  })) << control({"describe", "orders"});
  EXPECT_THAT(control({"stop", "orders"}), Not(HasSubstr("failed")));
  for (size_t i = 0; i + 1 < logs.size(); ++i) {
    const std::string ours = Epochs(archive)[0] + "/" + fs::path(logs[i]).filename().string();
    EXPECT_EQ(CompareLog(logs[i], Contents(ours), logs[i], fs::file_size(logs[i])), "");
  }
  EXPECT_THAT(Told({"sh", "-c", "cat /var/lib/binlogd/changes/orders/*.jsonl"}),
              AllOf(HasSubstr("Ada"), HasSubstr("\"12.00\"")));
  EXPECT_THAT(Told({"stat", "-c", "%U:%G", "/var/lib/binlogd/archive/orders"}), "binlogd:binlogd\n");
  EXPECT_EQ(service.Terminate().value_or(-1), 0) << service.Log();

  // A newer package finds what this one has left.
  Upgrade();
  UnitByHand again(*debian_, "--listen 127.0.0.1:0 --metrics-listen 127.0.0.1:0");
  EXPECT_THAT(Told({"binlogctl", "--server", again.address(), "status"}),
              AllOf(HasSubstr("orders"), HasSubstr("STOPPED")));
  EXPECT_EQ(again.Terminate().value_or(-1), 0) << again.Log();

  // What was delivered is not the package's to delete, nor what the administrator has written.
  const absl::StatusOr<std::string> purged = debian_->Run({"sh", "-c", "apt-get -q -y purge binlogd 2>&1"});
  ASSERT_TRUE(purged.ok()) << purged.status();
  EXPECT_THAT(*purged, HasSubstr("/var/lib/binlogd holds what was delivered, and stays"));
  EXPECT_FALSE(debian_->Has("/var/lib/binlogd/state"));
  EXPECT_TRUE(debian_->Has("/var/lib/binlogd/archive/orders"));
  EXPECT_TRUE(debian_->Has("/etc/binlogd/streamers/orders.yaml"));
  EXPECT_THAT(Told({"stat", "-c", "%U", "/var/lib/binlogd/archive/orders"}), "binlogd\n");
}

TEST_F(DebianTest, BecomesTheImageByTheContainerfilesCommands) {
  const std::string file = Contents(SOURCE_FOLDER "/Containerfile");
  const std::string run = file.substr(file.rfind("\nRUN "));
  const size_t begin = run.find("\n  groupadd ");
  ASSERT_NE(begin, std::string::npos);
  const std::string commands = run.substr(begin, run.find("\nUSER ") - begin);
  const absl::StatusOr<std::string> done = debian_->Run({"sh", "-c", commands});
  if (CannotFetch(done.status())) GTEST_SKIP() << "a Debian archive lacks packages: " << done.status();
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_EQ(Told({"stat", "-c", "%u:%g", "/var/lib/binlogd"}), "7070:7070\n");
  EXPECT_EQ(Told({"setpriv", "--reuid=7070", "--regid=7070", "--clear-groups", "/usr/bin/binlogd", "--version"}),
            absl::StrCat("binlogd ", kBuildVersion, "\n"));
}

}  // namespace
}  // namespace binlogd::testing
