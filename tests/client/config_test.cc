#include <sys/stat.h>

#include "tests/client/fixture.h"

namespace binlogd::testing {
namespace {

using ::testing::HasSubstr;

class ConfigTest : public ClientTest {
 protected:
  // Of contexts alone: without the server of the environment.
  CommandResult Plain(const std::string& arguments) { return Shell("unset BINLOGCTL_SERVER; $binlogctl " + arguments); }
};

TEST_F(ConfigTest, KeepsContextsUnderNames) {
  EXPECT_EQ(Plain("config set prod server=db-ops:7070 tls_ca=ca.pem tls=true").error_output,
            "binlogctl: context \"prod\" is kept and in use\n");
  EXPECT_EQ(Plain("config set dev server=localhost:1 token_file=/t").error_output,
            "binlogctl: context \"dev\" is kept\n");
  EXPECT_EQ(Plain("config list").output,
            "CURRENT  NAME  SERVER       TLS  TOKEN FILE\n"
            "*        prod  db-ops:7070  yes  -\n"
            "-        dev   localhost:1  no   /t\n");
  EXPECT_EQ(Plain("config list -o name").output, "prod\ndev\n");
  EXPECT_THAT(Plain("config show").output, HasSubstr("/ca.pem\n")) << "made absolute";
  EXPECT_EQ(Plain("config use dev").exit_code, 0);
  EXPECT_EQ(Plain("config set dev token_file=").exit_code, 0);
  EXPECT_EQ(Plain("config show").output, "name: dev\nserver: \"localhost:1\"\n");
  EXPECT_EQ(Plain("config delete dev").exit_code, 0);
  EXPECT_EQ(Plain("config show").exit_code, 1);
  EXPECT_THAT(Plain("config list -o json").output, HasSubstr("\"current\": \"\""));
  struct stat about = {};
  ASSERT_EQ(stat((directory_ / "binlogd/config.yaml").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
}

TEST_F(ConfigTest, RefusesWhatIsNoContext) {
  EXPECT_THAT(Plain("config set prod token=abc").error_output,
              HasSubstr("\"token=…\" is not KEY=VALUE with one of the keys server, "));
  EXPECT_THAT(Plain("config set prod tls_ca=/x").error_output, HasSubstr("names no server; give server=HOST:PORT"));
  EXPECT_THAT(Plain("config set 'a b' server=x:1").error_output, HasSubstr("INVALID_NAME"));
  EXPECT_THAT(Plain("config set prod server=x").error_output, HasSubstr("server: \"x\": no port; write HOST:PORT"));
  EXPECT_THAT(Plain("config set prod server=x:65537").error_output, HasSubstr("ADDRESS_INVALID"));
  EXPECT_THAT(Plain("config set prod server=x:1 tls=maybe").error_output, HasSubstr("tls is true or false"));
  EXPECT_THAT(Plain("config use absent").error_output, HasSubstr("all are shown by: binlogctl config list"));
  EXPECT_EQ(Plain("config").exit_code, 2);
  EXPECT_EQ(Plain("config list").output, "CURRENT  NAME  SERVER  TLS  TOKEN FILE\n");
}

TEST_F(ConfigTest, FlagsComeBeforeTheEnvironmentAndThatBeforeTheContext) {
  server_.Put(MakeStreamer("orders"));
  ASSERT_EQ(Plain("config set good server=" + server_.address()).exit_code, 0);
  ASSERT_EQ(Plain("config set bad server=127.0.0.1:1").exit_code, 0);
  EXPECT_EQ(Plain("get -o name").output, "orders\n");
  EXPECT_THAT(Plain("get --context bad").error_output, HasSubstr("cannot reach binlogd at 127.0.0.1:1:"));
  EXPECT_EQ(Shell("unset BINLOGCTL_SERVER; BINLOGCTL_CONTEXT=bad $binlogctl get").exit_code, 1);
  EXPECT_EQ(Plain("get --context absent").exit_code, 1);
  ASSERT_EQ(Plain("config use bad").exit_code, 0);
  EXPECT_EQ(Plain("get").exit_code, 1);
  EXPECT_EQ(Run({"get", "-o", "name"}).output, "orders\n") << "the environment";
  EXPECT_EQ(Plain("get -o name --server " + server_.address()).output, "orders\n");
  EXPECT_EQ(Plain("get -o name --context bad --server " + server_.address()).output, "orders\n");
}

TEST_F(ConfigTest, ABrokenFileIsNamedAndOnlyByWhatNeedsIt) {
  ASSERT_EQ(Plain("config set good server=x:1").exit_code, 0);
  File("binlogd/config.yaml", "contexts: [{nam: x}]\n");
  EXPECT_THAT(Plain("get").error_output,
              HasSubstr("binlogd/config.yaml:1: contexts[0].nam: unknown field; did you mean \"name\"?"));
  EXPECT_EQ(Plain("version").exit_code, 0);
  File("binlogd/config.yaml", "contexts: [{server: x}]\n");
  EXPECT_THAT(Plain("get").error_output, HasSubstr("each context has a name of its own"));
}

}  // namespace
}  // namespace binlogd::testing
