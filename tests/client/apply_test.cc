#include "tests/client/fixture.h"

namespace binlogd::testing {
namespace {

using ::testing::HasSubstr;

class ApplyTest : public ClientTest {
 protected:
  static std::string Spec(const std::string& name, const std::string& user = "repl") {
    return "name: " + name + "\nsource: {user: " + user + "}\ntargets: [{name: a, file: {path: /a}}]\n";
  }
};

TEST_F(ApplyTest, CreatesUpdatesAndLeavesUnchanged) {
  const std::string file = File("orders.yaml", Spec("orders"));
  CommandResult result = Run({"apply", "-f", file});
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_EQ(result.output, "streamer \"orders\" created (stopped); start it with: binlogctl start orders\n");
  EXPECT_EQ(result.error_output, "");
  EXPECT_EQ(server_.Find("orders").spec().source().user(), "repl");
  EXPECT_EQ(Run({"apply", "-f", file}).output, "streamer \"orders\" unchanged (stopped)\n");
  EXPECT_EQ(Run({"apply", "-f", File("orders.yaml", Spec("orders", "other")), "--start"}).output,
            "streamer \"orders\" updated (running)\n");
}

TEST_F(ApplyTest, TellsOfOneThatHasEnded) {
  const std::string file = File("a.yaml", Spec("a"));
  Run({"apply", "--start", "-f", file});
  v1::Streamer streamer = server_.Find("a");
  streamer.mutable_status()->set_state(v1::FINISHED);
  server_.Put(streamer);
  EXPECT_EQ(Run({"apply", "-f", file}).output, "streamer \"a\" unchanged (finished)\n");
  streamer.mutable_status()->set_state(v1::FAILED);
  server_.Put(streamer);
  EXPECT_EQ(Run({"apply", "-f", file}).output, "streamer \"a\" unchanged (failed)\n");
}

TEST_F(ApplyTest, ADryRunOnlyTells) {
  const std::string file = File("a.yaml", Spec("a"));
  EXPECT_EQ(Run({"apply", "--dry-run", "-f", file}).output, "streamer \"a\" would be created\n");
  EXPECT_EQ(Run({"apply", "--dry-run", "--start", "-f", file}).output, "streamer \"a\" would be created and started\n");
  EXPECT_EQ(server_.Find("a").spec().name(), "");
  Run({"apply", "-f", file});
  EXPECT_EQ(Run({"apply", "--dry-run", "-f", file}).output, "streamer \"a\" would stay as it is\n");
  const std::string changed = File("b.yaml", Spec("a", "other"));
  EXPECT_EQ(Run({"apply", "--dry-run", "-f", changed}).output, "streamer \"a\" would be updated\n");
  Run({"start", "a"});
  EXPECT_EQ(Run({"apply", "--dry-run", "-f", changed}).output, "streamer \"a\" would be updated and restarted\n");
  EXPECT_THAT(Run({"apply", "--dry-run", "-f", changed, "-o", "json"}).output, HasSubstr("\"outcome\": \"UPDATED\""));
  EXPECT_EQ(server_.Find("a").spec().source().user(), "repl");
  EXPECT_EQ(Run({"apply", "-f", changed}).output, "streamer \"a\" updated and restarted\n");
}

TEST_F(ApplyTest, ADryRunTellsWhatChangesAndWhatComesOfIt) {
  Run({"apply", "-f", File("a.yaml", Spec("a"))});
  server_.AnswerChanges(
      "changes { field: 'labels.team' effect: AT_ONCE } changes { field: 'source.user' effect: RESTART }"
      "changes { field: 'targets[0]' target: 'old' effect: TARGET_REMOVED }"
      "changes { field: 'targets[1]' target: 'bus' effect: TARGET_ADDED }"
      "changes { field: 'targets[0].file.path' target: 'a' effect: TARGET_MOVED }");
  const std::string changed = File("b.yaml", Spec("a", "other"));
  EXPECT_EQ(Run({"apply", "--dry-run", "-f", changed}).output,
            "streamer \"a\" would be updated\n"
            "  labels.team           takes effect at once\n"
            "  source.user           takes effect with the next start\n"
            "  targets[0]            target \"old\" is removed; what it holds stays\n"
            "  targets[1]            target \"bus\" is added\n"
            "  targets[0].file.path  target \"a\" gets another store; what it holds stays\n");
  server_.AnswerChanges("changes { field: 'source.user' effect: RESTART }");
  Run({"start", "a"});
  EXPECT_EQ(Run({"apply", "--dry-run", "-f", changed}).output,
            "streamer \"a\" would be updated and restarted\n"
            "  source.user  restarts the streamer\n");
  EXPECT_EQ(Run({"diff", "-f", changed}).error_output,
            "binlogctl: streamer \"a\" would be restarted\n"
            "binlogctl: streamer \"a\": source.user: restarts the streamer\n");
  EXPECT_THAT(Run({"apply", "--dry-run", "-f", changed, "-o", "json"}).output, HasSubstr("\"field\": \"source.user\""));
}

TEST_F(ApplyTest, DiffShowsWhatWouldChange) {
  const std::string file = File("a.yaml", Spec("a"));
  const CommandResult created = Run({"diff", "-f", file});
  EXPECT_EQ(created.exit_code, 1);
  EXPECT_EQ(created.output,
            "--- /dev/null\n+++ a (applied)\n@@ -0,0 +1,7 @@\n"
            "+name: a\n+source:\n+  user: repl\n+targets:\n+  - name: a\n+    file:\n+      path: /a\n");
  EXPECT_EQ(server_.Find("a").spec().name(), "") << "it only shows";
  Run({"apply", "--start", "-f", file});
  const CommandResult same = Run({"diff", "-f", file});
  EXPECT_EQ(same.exit_code, 0);
  EXPECT_EQ(same.output + same.error_output, "");
  const CommandResult changed = Run({"diff", "-f", File("b.yaml", Spec("a", "other"))});
  EXPECT_EQ(changed.exit_code, 1);
  EXPECT_EQ(changed.output,
            "--- a (now)\n+++ a (applied)\n@@ -1,6 +1,6 @@\n"
            " name: a\n source:\n-  user: repl\n+  user: other\n targets:\n   - name: a\n     file:\n");
  EXPECT_EQ(changed.error_output, "binlogctl: streamer \"a\" would be restarted\n");
}

TEST_F(ApplyTest, DiffTellsOfSecretsButNotWhich) {
  Run({"apply", "-f", File("a.yaml", Spec("a"))});
  const std::string file = File(
      "b.yaml", "name: a\nsource: {user: repl, password: {value: s3cret}}\ntargets: [{name: a, file: {path: /a}}]\n");
  const CommandResult result = Run({"diff", "-f", file});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.output, "");
  EXPECT_EQ(result.error_output, "binlogctl: streamer \"a\": only secrets given by value differ\n");
}

TEST_F(ApplyTest, DiffThatCannotTellEndsWith2) {
  EXPECT_EQ(Run({"diff", "-f", directory_ / "absent"}).exit_code, 2);
  const CommandResult bad = Run({"diff", "-f", "-"}, "name: bad\n---\n" + Spec("good"));
  EXPECT_EQ(bad.exit_code, 2);
  EXPECT_THAT(bad.output, HasSubstr("+++ good (applied)"));
  EXPECT_THAT(bad.error_output, HasSubstr("cannot compare streamer \"bad\""));
}

TEST_F(ApplyTest, StartsOnRequest) {
  EXPECT_EQ(Run({"apply", "--start", "-f", File("a.yaml", Spec("a"))}).output, "streamer \"a\" created and started\n");
}

TEST_F(ApplyTest, ReadsStandardInputAndSeveralFilesAndDocuments) {
  const CommandResult result =
      Run({"apply", "-f", File("a.yaml", Spec("a")), "-f", "-"}, Spec("b") + "---\n" + Spec("c"));
  EXPECT_EQ(result.exit_code, 0) << result.error_output;
  EXPECT_EQ(result.output,
            "streamer \"a\" created (stopped); start it with: binlogctl start a\n"
            "streamer \"b\" created (stopped); start it with: binlogctl start b\n"
            "streamer \"c\" created (stopped); start it with: binlogctl start c\n");
}

TEST_F(ApplyTest, ReadsAPipe) {
  EXPECT_EQ(Shell("$binlogctl apply -f <(printf 'name: p\\ntargets: [{name: a}]')").exit_code, 0);
}

TEST_F(ApplyTest, GoesOnAfterAFailure) {
  const CommandResult result = Run({"apply", "-f", "-"}, "name: bad\n---\n" + Spec("good"));
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.output, HasSubstr("streamer \"good\" created"));
  EXPECT_EQ(result.error_output,
            "binlogctl: cannot apply streamer \"bad\": targets: give at least one target (INVALID_ARGUMENT, "
            "MISSING_FIELD)\n");
}

TEST_F(ApplyTest, AppliesNothingWhenAFileIsWrong) {
  const std::string bad = File("bad.yaml", "name: b\ntargets:\n- file: {fromat: RAW}\n");
  const CommandResult result = Run({"apply", "-f", File("a.yaml", Spec("a")), "-f", bad, "-f", directory_ / "absent"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.output, "");
  EXPECT_THAT(result.error_output,
              HasSubstr("bad.yaml:3: targets[0].file.fromat: unknown field; did you mean \"format\"? "
                        "(INVALID_ARGUMENT, UNKNOWN_FIELD)\n"));
  EXPECT_THAT(result.error_output, HasSubstr("absent"));
  EXPECT_EQ(server_.Find("a").spec().name(), "");
}

TEST_F(ApplyTest, JsonAndYaml) {
  const std::string file = File("a.yaml", Spec("a"));
  EXPECT_THAT(Run({"apply", "-f", file, "-o", "json"}).output, HasSubstr("\"outcome\": \"CREATED\""));
  EXPECT_THAT(Run({"apply", "-f", file, "-o", "yaml"}).output, HasSubstr("outcome: UNCHANGED\n"));
}

TEST_F(ApplyTest, RefusesHugeInput) {
  const CommandResult result = Run({"apply", "-f", File("big.yaml", std::string(2 << 20, '#'))});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output, HasSubstr("larger than 1048576 bytes"));
}

}  // namespace
}  // namespace binlogd::testing
