#include "tests/client/fixture.h"

namespace binlogd::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class EditTest : public ClientTest {
 protected:
  EditTest() {
    v1::Streamer streamer = MakeStreamer("orders");
    streamer.set_etag("7");
    streamer.mutable_spec()->mutable_source()->set_user("repl");
    server_.Put(streamer);
  }
  // Runs edit with an editor that is this script of bash, the file being $1 and the number of its run $run.
  CommandResult Edit(const std::string& script, const std::string& options = "") {
    const std::string editor =
        File("editor", "run=$(($(cat " + (directory_ / "runs") + " 2>/dev/null) + 1)); echo $run >" +
                           (directory_ / "runs") + "\n" + script + "\n");
    return Shell("TMPDIR=" + directory_.path() + " VISUAL='bash " + editor + "' $binlogctl edit orders " + options +
                 " </dev/null");
  }
  std::string User() { return server_.Find("orders").spec().source().user(); }
  std::string Kept() { return Shell("cat " + (directory_ / "binlogctl-orders-*.yaml")).output; }
};

TEST_F(EditTest, AppliesWhatWasEdited) {
  const CommandResult result = Edit("cp $1 " + (directory_ / "seen") + "; sed -i s/repl/other/ $1");
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_THAT(result.output,
              AllOf(StartsWith("--- orders (now)\n+++ orders (edited)\n"), HasSubstr("-  user: repl\n+  user: other\n"),
                    HasSubstr("nothing is restarted\nstreamer \"orders\" updated\n")));
  EXPECT_EQ(User(), "other");
  EXPECT_THAT(Shell("cat " + (directory_ / "seen")).output,
              AllOf(StartsWith("# Save and leave"), HasSubstr("\nname: orders\n")));
  EXPECT_EQ(Shell("ls " + (directory_ / "binlogctl-orders-*.yaml")).output, "") << "it is not left behind";
}

TEST_F(EditTest, SaysThatItRestarts) {
  v1::Streamer streamer = server_.Find("orders");
  streamer.mutable_status()->set_state(v1::RUNNING);
  server_.Put(streamer);
  EXPECT_THAT(
      Edit("sed -i s/repl/other/ $1").output,
      HasSubstr(
          "the streamer is stopped, and started again with the change\nstreamer \"orders\" updated and restarted\n"));
}

TEST_F(EditTest, DoesNothingWhenNothingChanges) {
  EXPECT_EQ(Edit("true").output, "streamer \"orders\" unchanged\n");
  EXPECT_EQ(Edit(": >$1").output, "streamer \"orders\" unchanged\n");
  EXPECT_EQ(Edit("echo '# a note' >>$1").output, "streamer \"orders\" unchanged\n");
  EXPECT_TRUE(server_.request_ids().empty());
}

TEST_F(EditTest, OpensAgainWithTheErrorWhenItIsRefused) {
  const CommandResult result = Edit("if [ $run = 1 ]; then sed -i 's/user: repl/usr: other/' $1; else cp $1 " +
                                    (directory_ / "seen") + "; sed -i 's/usr:/user:/' $1; fi");
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_EQ(User(), "other");
  EXPECT_THAT(Shell("cat " + (directory_ / "seen")).output,
              AllOf(StartsWith("# REFUSED: "), HasSubstr("did you mean \"user\"?"), HasSubstr("(UNKNOWN_FIELD)"),
                    HasSubstr("  usr: other\n")));
}

TEST_F(EditTest, OpensAgainWhenTheServerRefuses) {
  const CommandResult result =
      Edit("if [ $run = 1 ]; then sed -i '/targets:/,$d' $1; else cp $1 " + (directory_ / "seen") + "; fi");
  EXPECT_EQ(result.exit_code, 1) << "it was left as it was";
  EXPECT_THAT(Shell("cat " + (directory_ / "seen")).output, HasSubstr("give at least one target (MISSING_FIELD)"));
  EXPECT_THAT(result.error_output, AllOf(HasSubstr("your text is kept in "), HasSubstr("give at least one target")));
  EXPECT_THAT(Kept(), AllOf(HasSubstr("name: orders"), Not(HasSubstr("\ntargets:"))));
}

TEST_F(EditTest, ATextThatTheEditorTookAwayIsNotSaidToBeKept) {
  const CommandResult result = Edit("rm $1; exit 1");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output, AllOf(HasSubstr("there is no text to keep"), HasSubstr("EDITOR_FAILED"),
                                         Not(HasSubstr("your text is kept in"))));
  EXPECT_EQ(User(), "repl");
}

TEST_F(EditTest, ALostUpdateIsRefused) {
  // Another spec is applied while the editor is open.
  const std::string other =
      File("other.yaml", "name: orders\nsource: {user: third}\ntargets: [{name: a, file: {path: /a}}]\n");
  const CommandResult result = Edit("sed -i s/repl/other/ $1; $binlogctl apply -f " + other);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output, AllOf(HasSubstr("somebody changed it while you edited"), HasSubstr("STALE_ETAG"),
                                         HasSubstr("your text is kept in")));
  EXPECT_EQ(User(), "third");
  EXPECT_THAT(Kept(), HasSubstr("user: other"));
}

TEST_F(EditTest, OfOneStreamerOnly) {
  EXPECT_THAT(Edit("[ $run = 1 ] && sed -i s/orders/users/ $1 || true").error_output,
              HasSubstr("this is about streamer \"orders\" alone"));
}

TEST_F(EditTest, AnEditorThatFailsIsNamed) {
  const CommandResult result = Edit("exit 3");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output, HasSubstr("ended with an error; set VISUAL or EDITOR to another"));
  EXPECT_THAT(result.error_output, Not(HasSubstr("your text is kept in"))) << "there is none";
  EXPECT_EQ(Shell("ls " + directory_.path() + " | grep yaml").output, "");
  EXPECT_THAT(Edit("sed -i s/repl/other/ $1; exit 3").error_output, HasSubstr("your text is kept in"));
  EXPECT_EQ(User(), "repl");
}

TEST_F(EditTest, AsksAPerson) {
  const std::string editor = File("editor", "sed -i s/repl/other/ $1");
  setenv("VISUAL", ("bash " + editor).c_str(), 1);
  setenv("TMPDIR", directory_.path().c_str(), 1);
  for (const bool yes : {false, true}) {
    const auto terminal = StartOnTerminal({"edit", "orders"});
    ASSERT_TRUE(terminal->AwaitText("apply? [y]es, [e]dit again, [n]o:")) << terminal->screen().Text();
    EXPECT_TRUE(terminal->screen().Shows("+  user: other"));
    terminal->Press(yes ? "y\n" : "n\n");
    EXPECT_EQ(terminal->Wait(), yes ? 0 : 1);
    EXPECT_EQ(User(), yes ? "other" : "repl");
  }
  unsetenv("VISUAL");
  unsetenv("TMPDIR");
}

TEST_F(EditTest, AsJson) {
  const CommandResult result = Edit("sed -i s/repl/other/ $1", "-o json");
  EXPECT_THAT(result.output, AllOf(StartsWith("{\n"), HasSubstr("\"user\": \"other\""), Not(HasSubstr("@@"))));
  EXPECT_EQ(Run({"edit", "absent"}).exit_code, 1);
}

}  // namespace
}  // namespace binlogd::testing
