// binlogd --streamers, as Kubernetes and people use it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "tests/fault/binlogd_process.h"
#include "tests/harness/temp_dir.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
namespace fs = std::filesystem;

constexpr char kSecret[] = "s3cretpass";

class DeclaredFleetE2eTest : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }

  void StartBinlogd(const std::vector<std::string>& flags) {
    binlogd_ = std::make_unique<BinlogdProcess>(directory_ / "state", flags);
  }
  // Its source does not answer: what is declared and what runs is all that counts here.
  std::string Spec(const std::string& name, const std::string& more = "") const {
    return absl::StrCat("name: ", name,
                        "\nsource: {endpoints: [\"127.0.0.1:1\"], user: repl, password: {value: ", kSecret, "}}\n",
                        more, "targets: [{name: archive, file: {path: ", directory_ / name, "}}]\n");
  }
  // Exchanges all files at once, as Kubernetes does with a ConfigMap.
  void Mount(const std::map<std::string, std::string>& files) {
    const std::string version = absl::StrCat("..version_", ++version_);
    fs::create_directories(folder_ + "/" + version);
    for (const auto& [name, text] : files) std::ofstream(folder_ + "/" + version + "/" + name) << text;
    fs::create_symlink(version, folder_ + "/..data_tmp");
    fs::rename(folder_ + "/..data_tmp", folder_ + "/..data");
    for (const auto& [name, text] : files) {
      if (!fs::is_symlink(folder_ + "/" + name)) fs::create_symlink("..data/" + name, folder_ + "/" + name);
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      if (name[0] != '.' && files.count(name) == 0) fs::remove(entry.path());
    }
  }
  std::vector<v1::Streamer> Streamers() {
    grpc::ClientContext context;
    v1::ListResponse response;
    EXPECT_TRUE(binlogd_->Stub()->List(&context, v1::ListRequest(), &response).ok());
    return {response.streamers().begin(), response.streamers().end()};
  }
  std::string Names() {
    std::string names;
    for (const v1::Streamer& streamer : Streamers()) absl::StrAppend(&names, streamer.spec().name(), " ");
    return names;
  }
  bool Becomes(const std::string& names) {
    const bool became = WaitUntil([&] { return Names() == names; });
    EXPECT_TRUE(became) << Names() << binlogd_->Log();
    return became;
  }
  bool Logs(const std::string& text) {
    // A message stands in quotes.
    const std::string written = absl::StrReplaceAll(text, {{"\"", "\\\""}});
    const bool logged = WaitUntil([&] { return binlogd_->Log().find(written) != std::string::npos; });
    EXPECT_TRUE(logged) << "not logged: " << text << "\n" << binlogd_->Log();
    return logged;
  }
  TempDir directory_;
  const std::string folder_ = directory_ / "specs";
  std::unique_ptr<BinlogdProcess> binlogd_;
  int version_ = 0;
};

TEST_F(DeclaredFleetE2eTest, FollowsAConfigMap) {
  Mount({{"a.yaml", Spec("a") + "---\n" + Spec("b")}, {"c.yaml", Spec("c")}});
  StartBinlogd({"--streamers", folder_, "--prune-streamers"});
  ASSERT_TRUE(Becomes("a b c "));
  EXPECT_EQ(Streamers().at(0).declared_in(), folder_ + "/a.yaml");
  const auto started = Streamers().at(0).status().start_time();
  ASSERT_NE(started.seconds(), 0);
  ASSERT_EQ(binlogd_->Control({"apply", "-f", "-"}, Spec("mine")).exit_code, 0);
  Mount({{"a.yaml", Spec("a") + "---\n" + Spec("b", "batch: {max_wait: 1s}\n")}, {"d.yaml", Spec("d")}});
  ASSERT_TRUE(Becomes("a b d mine "));
  ASSERT_TRUE(WaitUntil([&] { return Streamers().at(1).spec().batch().max_wait().seconds() == 1; }));
  EXPECT_EQ(Streamers().at(0).status().start_time().nanos(), started.nanos());
  // Who declared what is known after a crash.
  binlogd_->Kill();
  Mount({{"a.yaml", Spec("a")}});
  StartBinlogd({"--streamers", folder_, "--prune-streamers"});
  ASSERT_TRUE(Becomes("a mine "));
}

TEST_F(DeclaredFleetE2eTest, RefusesByFileAndFieldAndAppliesTheOthers) {
  const std::string list = directory_ / "list.conf";
  std::ofstream(list) << Spec("good") << "---\n" << Spec("../x") << "---\n" << Spec("bad", "batch: {max_weight: 1}\n");
  std::ofstream(folder_ + "/one.yaml") << Spec("twice");
  std::ofstream(folder_ + "/two.yaml") << Spec("twice");
  StartBinlogd({"--streamers", list, folder_, "--streamers", directory_ / "nowhere"});
  ASSERT_TRUE(Becomes("good "));
  EXPECT_TRUE(Logs("refused: " + list + ":11: batch.max_weight: unknown field"));
  EXPECT_TRUE(Logs("refused: " + list + ": streamer \"../x\": name: "));
  EXPECT_TRUE(Logs("streamer \"twice\" is declared more than once"));
  EXPECT_TRUE(Logs("refused: cannot read " + (directory_ / "nowhere")));
  EXPECT_TRUE(Logs("declared streamers: 1 applied, 4 refused"));
  EXPECT_THAT(binlogd_->Log(), Not(HasSubstr(kSecret)));
  SubprocessOptions scrape;
  scrape.arguments = {"curl", "-s", "--noproxy", "*",
                      absl::StrCat("http://127.0.0.1:", binlogd_->metrics_port(), "/metrics")};
  EXPECT_THAT(RunCommand(scrape)->output, AllOf(HasSubstr("binlogd_declared_specs{outcome=\"applied\"} 1\n"),
                                                HasSubstr("binlogd_declared_specs{outcome=\"refused\"} 4\n")));
  // Mended while it runs.
  fs::remove(folder_ + "/two.yaml");
  ASSERT_TRUE(Becomes("good twice "));
}

TEST_F(DeclaredFleetE2eTest, EachChangeHasALineInTheAuditLog) {
  using nlohmann::json;
  const std::string audit = directory_ / "audit";
  const auto lines = [&] {
    std::vector<std::string> of_the_fleet;
    for (const absl::string_view line : absl::StrSplit(ReadWholeFile(audit).value_or(""), '\n', absl::SkipEmpty())) {
      const json entry = json::parse(std::string(line));
      if (entry.at("user") != "--streamers") continue;
      EXPECT_EQ(entry.at("shown"), "none");
      EXPECT_EQ(entry.at("peer"), "");
      of_the_fleet.push_back(absl::StrCat(entry.at("method").get<std::string>(), " ",
                                          entry.at("streamer").get<std::string>(), " ",
                                          entry.at("code").get<std::string>(),
                                          entry.value("reason", "").empty() ? "" : " ", entry.value("reason", "")));
    }
    return of_the_fleet;
  };
  std::ofstream(folder_ + "/a.yaml") << Spec("a");
  StartBinlogd({"--streamers", folder_, "--prune-streamers", "--audit-log", audit});
  ASSERT_TRUE(Becomes("a "));
  ASSERT_EQ(binlogd_->Control({"apply", "-f", "-"}, Spec("mine")).exit_code, 0);
  std::ofstream(folder_ + "/b.yaml") << Spec("b");
  ASSERT_TRUE(Becomes("a b mine "));
  std::ofstream(folder_ + "/b.yaml") << Spec("b", "batch: {max_wait: 1s}\n");
  ASSERT_TRUE(WaitUntil([&] { return Streamers().at(1).spec().batch().max_wait().seconds() == 1; }));
  std::ofstream(folder_ + "/c.yaml") << absl::StrReplaceAll(Spec("c"), {{"/c}", "/mine}"}});
  ASSERT_TRUE(Logs("belongs to streamer \"mine\""));
  fs::remove(folder_ + "/c.yaml");
  fs::remove(folder_ + "/b.yaml");
  ASSERT_TRUE(Becomes("a mine "));
  // What is as declared already is no change.
  kill(binlogd_->pid(), SIGHUP);
  ASSERT_TRUE(WaitUntil([&] {
    const std::string log = binlogd_->Log();
    const size_t pruned = log.find("pruned: ");
    return pruned != std::string::npos && log.find("declared streamers: 1 applied", pruned) != std::string::npos;
  })) << binlogd_->Log();
  EXPECT_EQ(*binlogd_->Terminate(), 0);
  std::vector<std::string> told = lines();
  // A refused one is tried again with each reading.
  told.erase(std::unique(told.begin(), told.end()), told.end());
  EXPECT_THAT(told, ElementsAre("Create a OK", "Create b OK", "Update b OK",
                                "Create c INVALID_ARGUMENT TARGET_PATH_IN_USE", "Delete b OK"));
  EXPECT_THAT(*ReadWholeFile(audit), HasSubstr("\"user\":\"anyone\""));
  EXPECT_THAT(*ReadWholeFile(audit), Not(HasSubstr(kSecret)));
}

TEST_F(DeclaredFleetE2eTest, AHangupAppliesAgainAndAStopHolds) {
  std::ofstream(folder_ + "/a.yaml") << Spec("a") << "---\n" << Spec("b");
  StartBinlogd({"--streamers", folder_});
  ASSERT_TRUE(Becomes("a b "));
  ASSERT_TRUE(Logs("declared streamers: 2 applied, 0 refused"));
  ASSERT_EQ(binlogd_->Control({"delete", "a"}).exit_code, 0);
  ASSERT_EQ(binlogd_->Control({"stop", "b"}).exit_code, 0);
  kill(binlogd_->pid(), SIGHUP);
  ASSERT_TRUE(Becomes("a b "));
  EXPECT_EQ(Streamers().at(1).status().desired_state(), v1::DESIRED_STATE_STOPPED);
  // Without --prune-streamers nothing is deleted.
  fs::remove_all(folder_);
  ASSERT_TRUE(Logs("streamer \"a\" is declared by nothing that could be read, but stays"));
  EXPECT_EQ(Names(), "a b ");
  EXPECT_EQ(*binlogd_->Terminate(), 0);
}

}  // namespace
}  // namespace binlogd::testing
