// binlogd and binlogctl between people who may do different things. Takes no source.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <csignal>
#include <cstdio>
#include <map>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
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
constexpr char kFilePassword[] = "pass-word-in-a-file";
constexpr char kVariablePassword[] = "pass-word-in-a-variable";
constexpr char kS3Secret[] = "secret-key-of-the-store";
constexpr char kS3Token[] = "session-token-of-the-store";
constexpr char kKafkaPassword[] = "pass-word-of-the-brokers";

class SecurityTest : public ::testing::Test {
 protected:
  SecurityTest() {
    for (const char* user : {"admin", "viewer"}) MakeUser(user);
    WriteUsers({"admin", "viewer"});
    binlogd_ = std::make_unique<BinlogdProcess>(
        directory_ / "state",
        std::vector<std::string>{"--tls-cert", Certificate("server.pem"), "--tls-key", Certificate("server.key"),
                                 "--users", directory_ / "users.yaml", "--audit-log", directory_ / "audit",
                                 "--log-level", "debug"},
        std::vector<std::string>{std::string("REPL_PASSWORD=") + kVariablePassword});
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
  std::string Spec() const { return SpecWith("orders", absl::StrCat("{value: ", kPassword, "}")); }
  std::string SpecWith(const std::string& name, const std::string& password) const {
    return absl::StrCat("name: ", name, "\nsource: {endpoints: [\"127.0.0.1:1\"], user: repl, password: ", password,
                        "}\ntargets:\n- {name: archive, file: {path: ", directory_ / name, "}}\n");
  }
  // Of each secret that a spec may have, one by value.
  std::string SpecOfSecrets() const {
    return absl::StrCat(
        Spec(),
        "- {name: cold, s3: {bucket: backups, prefix: p/, region: eu-west-1, endpoint: \"http://127.0.0.1:1\", ",
        "path_style: true, credentials: {access_key_id: id, secret_access_key: {value: ", kS3Secret,
        "}, session_token: {value: ", kS3Token, "}}}}\n",
        "- {name: bus, kafka: {brokers: [\"127.0.0.1:1\"], topic: t, format: JSON, ",
        "sasl: {mechanism: PLAIN, user: u, password: {value: ", kKafkaPassword, "}}}}\n");
  }
  // What the process holds for everybody on the machine to see.
  std::string CommandLine() const { return *ReadWholeFile(absl::StrCat("/proc/", binlogd_->pid(), "/cmdline")); }
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
  ASSERT_TRUE(ReplaceFile(directory_ / "password", kFilePassword, 0600).ok());
  std::string shown;
  const auto run = [&](std::vector<std::string> arguments, const std::string& input = "") {
    const CommandResult result = Control("admin", std::move(arguments), input);
    absl::StrAppend(&shown, result.output, result.error_output);
    return result.exit_code;
  };
  ASSERT_EQ(run({"apply", "--start", "-f", "-"}, SpecOfSecrets()), 0) << shown;
  ASSERT_EQ(run({"apply", "--start", "-f", "-"}, SpecWith("file", "{file: " + (directory_ / "password") + "}")), 0);
  ASSERT_EQ(run({"apply", "--start", "-f", "-"}, SpecWith("variable", "{env: REPL_PASSWORD}")), 0);
  // Of the stores the log is awaited, which says most when they are given up.
  EXPECT_TRUE(WaitUntil([&] { return absl::StrContains(binlogd_->Log(), "message=\"kafka: FAIL"); }))
      << binlogd_->Log();
  EXPECT_EQ(run({"stop", "orders"}), 0) << shown;
  for (const char* name : {"file", "variable"}) {
    EXPECT_TRUE(WaitUntil([&] {
      return absl::StrContains(Control("viewer", {"status", name}).output, "RETRYING");
    })) << name;
  }
  for (const char* name : {"orders", "file", "variable"}) {
    for (const char* form : {"table", "json", "yaml"}) {
      EXPECT_EQ(run({"get", name, "-o", form}), 0);
      EXPECT_EQ(run({"status", name, "-o", form}), 0);
      EXPECT_EQ(run({"metrics", name, "-o", form}), 0);
    }
  }
  // What is wrong with a spec, what would change, and what does.
  run({"apply", "-f", "-"}, absl::StrCat(SpecOfSecrets(), "  frobnicate: 1\n"));
  run({"diff", "-f", "-"}, SpecWith("orders", "{value: another-word}"));
  run({"apply", "-f", "-"}, SpecWith("orders", "{value: another-word}"));
  absl::StrAppend(&shown, binlogd_->Log(), Audit(), CommandLine());
  EXPECT_THAT(shown, HasSubstr("orders"));
  for (const char* secret : {kPassword, kFilePassword, kVariablePassword, kS3Secret, kS3Token, kKafkaPassword,
                             "another-word", "PRIVATE KEY"}) {
    EXPECT_THAT(shown, Not(HasSubstr(secret)));
  }
  for (const auto& [user, token] : tokens_) EXPECT_THAT(shown, Not(HasSubstr(token))) << user;
  struct stat about;
  ASSERT_EQ(stat((directory_ / "state/streamers/orders/streamer.json").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST_F(SecurityTest, FailedHandshakesDoNotFloodTheLog) {
  for (int i = 0; i < 20; ++i) binlogd_->Control({"get"});  // In plaintext.
  size_t lines = 0;
  for (const absl::string_view line : absl::StrSplit(binlogd_->Log(), '\n'))
    lines += absl::StrContains(line, "andshake");
  EXPECT_GE(lines, 1u) << binlogd_->Log();
  EXPECT_LE(lines, 3u) << binlogd_->Log();
}

TEST_F(SecurityTest, CertificatesAreReplacedWithoutARestart) {
  const std::string certificate = directory_ / "cert.pem", key = directory_ / "key.pem";
  const auto put = [&](const std::string& name) {
    ASSERT_TRUE(ReplaceFile(certificate, *ReadWholeFile(Certificate(name + ".pem")), 0644).ok());
    ASSERT_TRUE(ReplaceFile(key, *ReadWholeFile(Certificate(name + ".key")), 0600).ok());
  };
  put("expired");
  binlogd_ = std::make_unique<BinlogdProcess>(
      directory_ / "state2",
      std::vector<std::string>{"--tls-cert", certificate, "--tls-key", key, "--tls-client-ca", Certificate("ca.pem")});
  const std::vector<std::string> get = {"get",
                                        "--tls-ca",
                                        Certificate("ca.pem"),
                                        "--tls-cert",
                                        Certificate("client.pem"),
                                        "--tls-key",
                                        Certificate("client.key")};
  EXPECT_THAT(binlogd_->Control(get).error_output, HasSubstr("cannot reach binlogd"));
  put("server");
  EXPECT_EQ(binlogd_->Control(get).exit_code, 0);
  // mTLS: without a certificate, and with one of another authority, nobody is let in.
  EXPECT_THAT(binlogd_->Control({"get", "--tls-ca", Certificate("ca.pem")}).error_output,
              HasSubstr("whether it asks for a --tls-cert"));
  for (const char* wrong : {"forged", "expired"}) {
    EXPECT_EQ(
        binlogd_
            ->Control({"get", "--tls-ca", Certificate("ca.pem"), "--tls-cert", Certificate(wrong + std::string(".pem")),
                       "--tls-key", Certificate(wrong + std::string(".key"))})
            .exit_code,
        1)
        << wrong;
  }
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
  ASSERT_TRUE(ReplaceFile(directory_ / "open.key", *ReadWholeFile(Certificate("server.key")), 0644).ok());
  EXPECT_THAT(refused({"--tls-cert", Certificate("server.pem"), "--tls-key", directory_ / "open.key"}),
              HasSubstr("open.key is open to everybody"));
  ASSERT_TRUE(ReplaceFile(directory_ / "open.yaml", "users: []", 0666).ok());
  EXPECT_THAT(refused({"--users", directory_ / "open.yaml"}), HasSubstr("may be written by everybody"));
  EXPECT_EQ(Binlogd({}).exit_code, 2);
}

}  // namespace
}  // namespace binlogd::testing
