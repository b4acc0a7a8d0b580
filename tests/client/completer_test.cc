#include "client/completer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "client/client.h"
#include "client/commands/commands.h"
#include "client/error_reasons.h"
#include "client/man_page.h"

namespace binlogd {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

class CompleterTest : public ::testing::Test {
 protected:
  CompleterTest() : client_(&output_), app_("Controls.", "binlogctl") {
    client_.AddGlobalOptions(&app_);
    AddCommands(&app_, &client_);
    program_ = ReadCommandLine(app_);
  }
  std::vector<std::string> Texts(const std::vector<std::string>& words, bool whole_words = true) const {
    std::vector<std::string> texts;
    for (const auto& candidate : At(words, whole_words).candidates) texts.push_back(candidate.text);
    return texts;
  }
  Completion At(const std::vector<std::string>& words, bool whole_words = true) const {
    const NameSources names{[] {
                              return std::vector<std::string>{"orders", "users"};
                            },
                            [] {
                              return std::vector<std::string>{"dev", "prod"};
                            }};
    return Complete(program_, words, names, whole_words);
  }

  Output output_;
  Client client_;
  CLI::App app_;
  VerbHelp program_;
};

TEST_F(CompleterTest, Verbs) {
  EXPECT_THAT(Texts({"sta"}), ElementsAre("start", "status"));
  EXPECT_THAT(Texts({"--server", "x:1", "st"}), ElementsAre("start", "stop", "status"));
  EXPECT_THAT(Texts({"config", ""}), ElementsAre("list", "show", "use", "set", "delete"));
  EXPECT_THAT(Texts({""}), Not(Contains("man"))) << "it is for packagers";
}

TEST_F(CompleterTest, Names) {
  EXPECT_THAT(Texts({"start", ""}), ElementsAre("orders", "users"));
  EXPECT_THAT(Texts({"tap", "--count", "3", "o"}), ElementsAre("orders"));
  EXPECT_THAT(Texts({"start", "orders", ""}), IsEmpty()) << "it takes one";
  EXPECT_THAT(Texts({"config", "use", "p"}), ElementsAre("prod"));
  EXPECT_THAT(Texts({"get", "--context", ""}), ElementsAre("dev", "prod"));
  EXPECT_THAT(Texts({"get", "--context=p"}), ElementsAre("--context=prod"));
  EXPECT_THAT(Texts({"explain", "STALE"}), ElementsAre("STALE_ETAG"));
  EXPECT_THAT(Texts({"config", "set", "prod", "tls_c"}), ElementsAre("tls_ca=", "tls_cert="));
}

TEST_F(CompleterTest, OptionsOfTheVerbComeFirst) {
  EXPECT_THAT(Texts({"apply", "--"}),
              ElementsAre("--help", "--file", "--start", "--dry-run", "--context", "--server", "--tls", "--tls-ca",
                          "--tls-cert", "--tls-key", "--tls-server-name", "--token-file", "--output", "--timeout"));
  EXPECT_THAT(Texts({"start", "--", "--"}), IsEmpty());
}

TEST_F(CompleterTest, Values) {
  EXPECT_THAT(Texts({"get", "-o", "j"}), ElementsAre("json"));
  EXPECT_THAT(Texts({"get", "--output=j"}), ElementsAre("--output=json"));
  EXPECT_THAT(Texts({"get", "--output=j"}, /*whole_words=*/false), ElementsAre("json"));
  EXPECT_THAT(Texts({"status", "--state", "FAILED,ST"}),
              ElementsAre("FAILED,STOPPED", "FAILED,STARTING", "FAILED,STOPPING"));
  EXPECT_THAT(Texts({"tap", "orders", "--events", "wri"}), ElementsAre("write"));
  EXPECT_TRUE(At({"apply", "-f", ""}).files);
  EXPECT_TRUE(At({"decode", "a", ""}).files);
  EXPECT_FALSE(At({"get", "--timeout", ""}).files);
}

TEST_F(CompleterTest, WordsThatBashHasParted) {
  EXPECT_THAT(JoinBashWords({"--server", "a", ":", "7070", "get", "--output", "=", "j"}),
              ElementsAre("--server", "a:7070", "get", "--output=j"));
  EXPECT_THAT(JoinBashWords({"get", "--output", "="}), ElementsAre("get", "--output="));
}

TEST_F(CompleterTest, EveryVerbHasAnExampleOfItself) {
  for (const VerbHelp& verb : program_.verbs) {
    EXPECT_THAT(verb.footer, AllOf(StartsWith("Example:\n  "), HasSubstr("binlogctl " + verb.name))) << verb.name;
  }
}

TEST_F(CompleterTest, PagesSayWhatHelpSays) {
  const VerbHelp& apply = *program_.FindVerb("apply");
  const std::string page = VerbPage(program_, apply);
  EXPECT_THAT(page, StartsWith(".TH BINLOGCTL\\-APPLY 1 "));
  EXPECT_THAT(page, HasSubstr("\n\\fB\\-f\\fR, \\fB\\-\\-file\\fR \\fIFILE\\fR\n"));
  EXPECT_THAT(page, HasSubstr("\nbinlogctl apply \\-f orders.yaml \\-\\-start\n"));
  EXPECT_THAT(ProgramPage(program_), HasSubstr("\n\\fBbinlogctl\\-apply\\fR(1)\n" + apply.description.substr(0, 20)));
}

TEST(ErrorReasonsTest, ThePageIsRead) {
  ASSERT_NE(FindReason("STALE_ETAG"), nullptr);
  EXPECT_EQ(FindReason("STALE_ETAG")->code, "ABORTED");
  EXPECT_THAT(FindReason("STALE_ETAG")->meaning, HasSubstr("get it again"));
  ASSERT_NE(FindReason("SOURCE_UNAVAILABLE"), nullptr) << "the second of a line";
  EXPECT_EQ(FindReason("SOURCE_UNAVAILABLE")->then, "retries");
  EXPECT_EQ(FindReason("NO_SUCH"), nullptr);
  for (const ReasonHelp& help : AllReasons()) EXPECT_FALSE(help.meaning.empty()) << help.reasons[0];
}

}  // namespace
}  // namespace binlogd
