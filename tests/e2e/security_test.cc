// binlogd and binlogctl between people who may do different things. Takes no source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <map>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "tests/fault/binlogd_process.h"
#include "tests/harness/certificates.h"
#include "tests/harness/temp_dir.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kPassword[] = "pass-word-of-the-source";

class SecurityTest : public ::testing::Test {
 protected:
  SecurityTest() {
    for (const char* user : {"admin", "viewer"}) MakeUser(user);
    WriteUsers({"admin", "viewer"});
    binlogd_ = std::make_unique<BinlogdProcess>(
        directory_ / "state", std::vector<std::string>{"--tls-cert", Certificate("server.pem"), "--tls-key",
                                                       Certificate("server.key"), "--users", directory_ / "users.yaml",
                                                       "--audit-log", directory_ / "audit", "--log-level", "debug"});
  }

  static std::string Certificate(const std::string& name) { return TestCertificates().path(name); }

  CommandResult Binlogd(const std::vector<std::string>& arguments) {
    SubprocessOptions options;
    options.arguments = {BINLOGD_BINARY};
    options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
    const auto result = RunCommand(options);
    EXPECT_TRUE(result.ok()) << result.status();
    return result.ok() ? *result : CommandResult();
  }

  // With a token that "binlogd token" makes.
  void MakeUser(const std::string& role) {
    const CommandResult made = Binlogd({"token"});
    ASSERT_EQ(made.exit_code, 0) << made.error_output;
    char token[128], hash[128];
    ASSERT_EQ(std::sscanf(made.output.c_str(), "token: %127s\ntoken_sha256: %127s\n", token, hash), 2) << made.output;
    tokens_[role] = token;
    hashes_[role] = hash;
    ASSERT_TRUE(ReplaceFile(directory_ / role, absl::StrCat(token, "\n"), 0600).ok());
  }
  void WriteUsers(const std::vector<std::string>& roles) {
    std::string text = "users:\n";
    for (const std::string& role : roles) {
      absl::StrAppend(&text, "- {name: ", role, ", token_sha256: ", hashes_[role], ", grants: [{role: ", role, "}]}\n");
    }
    ASSERT_TRUE(ReplaceFile(directory_ / "users.yaml", text, 0600).ok());
  }

  CommandResult Control(const std::string& user, std::vector<std::string> arguments, const std::string& input = "") {
    arguments.insert(arguments.end(), {"--tls-ca", Certificate("ca.pem"), "--token-file", directory_ / user});
    return binlogd_->Control(arguments, input);
  }
  std::string Spec() const {
    return absl::StrCat("name: orders\nsource: {endpoints: [\"127.0.0.1:1\"], user: repl, password: {value: ",
                        kPassword, "}}\ntargets:\n- {name: archive, file: {path: ", directory_ / "archive", "}}\n");
  }
  std::string Audit() const { return ReadWholeFile(directory_ / "audit").value_or(""); }

  TempDir directory_;
  std::map<std::string, std::string> tokens_, hashes_;
  std::unique_ptr<BinlogdProcess> binlogd_;
};

TEST_F(SecurityTest, UsersDoWhatTheirRolesAllow) {
  EXPECT_THAT(binlogd_->Control({"get"}).error_output, HasSubstr("if it speaks TLS, give --tls-ca"));
  EXPECT_THAT(binlogd_->Control({"get", "--tls-ca", Certificate("ca.pem")}).error_output,
              HasSubstr("CREDENTIALS_MISSING"));
  EXPECT_THAT(Control("viewer", {"apply", "-f", "-"}, Spec()).error_output, HasSubstr("NOT_ALLOWED"));
  const CommandResult applied = Control("admin", {"apply", "-f", "-"}, Spec());
  EXPECT_EQ(applied.exit_code, 0) << applied.error_output;
  EXPECT_EQ(Control("viewer", {"get", "-o", "name"}).output, "orders\n");
  EXPECT_THAT(Control("admin", {"tap", "orders"}).error_output, HasSubstr("NOT_ALLOWED"));

  // Who is struck from the file is out with the next call.
  WriteUsers({"admin"});
  EXPECT_THAT(Control("viewer", {"get"}).error_output, HasSubstr("CREDENTIALS_UNKNOWN"));
  EXPECT_EQ(Control("admin", {"get", "-o", "name"}).output, "orders\n");
}

TEST_F(SecurityTest, NoSecretIsShownAnywhere) {
  ASSERT_EQ(Control("admin", {"apply", "--start", "-f", "-"}, Spec()).exit_code, 0);
  EXPECT_TRUE(WaitUntil([this] {
    return Control("viewer", {"status", "orders"}).output.find("RETRYING") != std::string::npos;
  }));
  const std::string shown = absl::StrCat(Control("admin", {"get", "orders", "-o", "yaml"}).output,
                                         Control("admin", {"status", "orders", "-o", "json"}).output, binlogd_->Log(),
                                         Audit(), *ReadWholeFile(absl::StrCat("/proc/", binlogd_->pid(), "/cmdline")));
  EXPECT_THAT(shown, HasSubstr("orders"));
  EXPECT_THAT(shown, Not(HasSubstr(kPassword)));
  EXPECT_THAT(shown, Not(HasSubstr("PRIVATE KEY")));
  for (const auto& [user, token] : tokens_) EXPECT_THAT(shown, Not(HasSubstr(token))) << user;
}

TEST_F(SecurityTest, TheAuditLogIsRotatedOnAHangup) {
  ASSERT_EQ(Control("admin", {"apply", "-f", "-"}, Spec()).exit_code, 0);
  EXPECT_TRUE(WaitUntil([this] { return Audit().find("\"Apply\"") != std::string::npos; })) << Audit();
  ASSERT_EQ(std::rename((directory_ / "audit").c_str(), (directory_ / "audit.1").c_str()), 0);
  kill(binlogd_->pid(), SIGHUP);
  struct stat about;
  EXPECT_TRUE(WaitUntil([&] { return stat((directory_ / "audit").c_str(), &about) == 0; }));
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  ASSERT_EQ(Control("admin", {"delete", "orders"}).exit_code, 0);
  EXPECT_TRUE(WaitUntil([this] { return Audit().find("\"Delete\"") != std::string::npos; })) << Audit();
  EXPECT_THAT(Audit(), Not(HasSubstr("\"Apply\"")));
  EXPECT_EQ(*binlogd_->Terminate(), 0);
}

TEST_F(SecurityTest, WhatIsUnsafeIsNotStarted) {
  const std::string state = directory_ / "other";
  const auto refused = [&](std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--state-dir", state});
    const CommandResult result = Binlogd(flags);
    EXPECT_EQ(result.exit_code, 1) << result.error_output;
    return result.error_output;
  };
  EXPECT_THAT(refused({"--listen", "0.0.0.0:0"}), HasSubstr("not encrypted"));
  EXPECT_THAT(refused({"--listen", "0.0.0.0:0", "--users", directory_ / "users.yaml"}), HasSubstr("not encrypted"));
  EXPECT_THAT(refused({"--listen", "0.0.0.0:0", "--tls-cert", Certificate("server.pem"), "--tls-key",
                       Certificate("server.key")}),
              HasSubstr("open to everybody"));
  EXPECT_THAT(refused({"--metrics-listen", "0.0.0.0:0"}), HasSubstr("--insecure-metrics-listen"));
  EXPECT_THAT(refused({"--tls-cert", Certificate("server.pem"), "--tls-key", Certificate("client.key")}),
              HasSubstr("client.key"));
  EXPECT_THAT(refused({"--users", directory_ / "missing"}), HasSubstr("missing"));
  EXPECT_EQ(Binlogd({}).exit_code, 2);
}

}  // namespace
}  // namespace binlogd::testing
