#include "tests/client/fixture.h"

namespace binlogd::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class CompletionTest : public ClientTest {
 protected:
  // What bash offers for a line whose last word is to be completed, blank-separated.
  std::string Complete(const std::string& words, int last) {
    return Shell("source <($binlogctl completion bash); shopt -s expand_aliases; COMP_WORDS=($binlogctl " + words +
                 "); COMP_CWORD=" + std::to_string(last) +
                 "; COMP_LINE=\"${COMP_WORDS[*]}\"; _binlogctl; echo ${COMPREPLY[@]}")
        .output;
  }

  void ExpectParses(const std::string& shell) {
    if (Shell("command -v " + shell).exit_code != 0) GTEST_SKIP() << shell << " is not installed";
    const CommandResult result = Shell("$binlogctl completion " + shell + " > " + (directory_ / "script") + " && " +
                                       shell + " -n " + (directory_ / "script"));
    EXPECT_EQ(result.exit_code, 0) << result.error_output;
    EXPECT_EQ(result.error_output, "");
  }
};

TEST_F(CompletionTest, BashScriptParses) { ExpectParses("bash"); }
TEST_F(CompletionTest, ZshScriptParses) { ExpectParses("zsh"); }
TEST_F(CompletionTest, FishScriptParses) { ExpectParses("fish"); }

TEST_F(CompletionTest, BashCompletesVerbsOptionsAndNames) {
  server_.Put(MakeStreamer("orders"));
  server_.Put(MakeStreamer("old"));
  server_.Put(MakeStreamer("users"));
  EXPECT_EQ(Complete("sta", 1), "start status\n");
  EXPECT_EQ(Complete("start o", 2), "old orders\n");
  EXPECT_EQ(Complete("--server " + server_.address() + " start us", 4), "users\n");
  EXPECT_EQ(
      Complete("--server " + server_.address().substr(0, 9) + " : " + server_.address().substr(10) + " start us", 6),
      "users\n")
      << "as bash parts it";
  EXPECT_THAT(Complete("tap --", 2), HasSubstr("--databases --tables --events --where"));
  EXPECT_THAT(Complete("get --", 2),
              AllOf(HasSubstr("--context --server --tls "), HasSubstr("--token-file --output --timeout")));
  EXPECT_EQ(Complete("get --output = y", 4), "yaml\n");
  EXPECT_EQ(Complete("status --state FAILED,ST", 3), "FAILED,STOPPED FAILED,STARTING FAILED,STOPPING\n");
  EXPECT_EQ(Shell("unset BINLOGCTL_SERVER; $binlogctl config set prod server=x:1").exit_code, 0);
  EXPECT_EQ(Complete("config use ''", 3), "prod\n");
  EXPECT_EQ(Complete("--context p", 2), "prod\n");
  EXPECT_EQ(Complete("get -o j", 3), "json\n");
  EXPECT_THAT(Complete("decode --", 2), HasSubstr("--start-position --stop-position --start-datetime"));
  EXPECT_EQ(Complete("decode x --format m", 4), "maxwell\n");
  EXPECT_EQ(Complete("decode --flavor m", 3), "mysql mariadb\n");
  EXPECT_EQ(Complete("decode " + File("binlog.000001", "").substr(0, directory_.path().size() + 8), 2),
            directory_ / "binlog.000001\n");
  EXPECT_EQ(Complete("completion z", 2), "zsh\n");
}

TEST_F(CompletionTest, IsSilentWithoutAServer) {
  EXPECT_EQ(Complete("--server 127.0.0.1:1 start ''", 4), "\n");
  const CommandResult result = Run({"__complete", "bash", "--server", "127.0.0.1:1", "start", ""});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output + result.error_output, "");
}

TEST_F(CompletionTest, FishCompletesNames) {
  if (Shell("command -v fish").exit_code != 0) GTEST_SKIP() << "fish is not installed";
  server_.Put(MakeStreamer("orders"));
  const CommandResult result =
      Shell("mkdir " + (directory_ / "bin") + "; ln -s $binlogctl " + (directory_ / "bin/binlogctl") +
            "; PATH=" + (directory_ / "bin") + ":$PATH HOME=" + directory_.path() +
            " fish -c 'binlogctl completion fish | source; complete -C \"binlogctl start \"; "
            "complete -C \"binlogctl --server=" +
            server_.address() + " get -o j\"; complete -C \"binlogctl sto\"'");
  EXPECT_EQ(result.output, "orders\njson\nstop\tStop a streamer, its targets flushed and closed\n")
      << result.error_output;
}

TEST_F(CompletionTest, ZshCompletesNames) {
  if (Shell("command -v zsh").exit_code != 0) GTEST_SKIP() << "zsh is not installed";
  server_.Put(MakeStreamer("orders"));
  // The line editor's own functions say what they are given.
  const auto complete = [this](const std::string& words) {
    return Shell("$binlogctl completion zsh >" + (directory_ / "script") +
                 "; zsh -f -c 'compdef() {}; _files() { echo files }; "
                 "_describe() { print -rl -- ${(P)2} }; source " +
                 (directory_ / "script") + "; words=($binlogctl " + words + "); CURRENT=${#words}; _binlogctl'")
        .output;
  };
  EXPECT_EQ(complete("start \"\""), "orders:\n");
  EXPECT_EQ(complete("get --output=j"), "--output=json:\n");
  EXPECT_EQ(complete("sto"), "stop:Stop a streamer, its targets flushed and closed\n");
  EXPECT_EQ(complete("apply -f x"), "files\n");
}

TEST_F(CompletionTest, ZshCompletesAsOneTypes) {
  if (Shell("zsh -f -c 'zmodload zsh/zpty && autoload -Uz +X compinit'").exit_code != 0) {
    GTEST_SKIP() << "zsh is not installed";
  }
  server_.Put(MakeStreamer("orders"));
  // A shell on a terminal of its own; ^T shows what its line has become.
  const std::string script = File("type.zsh", R"sh(zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; autoload -Uz compinit; compinit -u -D; source =(binlogctl completion zsh)
show() { print -r -- "<$BUFFER>"; BUFFER= }; zle -N show; bindkey ^T show; print re""ady'
zpty -r -m shell out '*ready*'
for typed in "$@"; do
  zpty -w -n shell "$typed"$'\t\x14'
  zpty -r -m shell out '*<*>*'
  print -r -- "${${out##*<}%%>*}"
done
)sh");
  const CommandResult result =
      Shell("mkdir " + (directory_ / "bin") + "; ln -s $binlogctl " + (directory_ / "bin/binlogctl") +
            "; PATH=" + (directory_ / "bin") + ":$PATH TERM=dumb timeout 50 zsh -f " + script +
            " 'binlogctl sto' 'binlogctl start or' 'binlogctl get --output=j' 'binlogctl -o y'");
  EXPECT_EQ(result.output,
            "binlogctl stop \nbinlogctl start orders \nbinlogctl get --output=json \nbinlogctl -o yaml \n")
      << result.error_output;
}

}  // namespace
}  // namespace binlogd::testing
