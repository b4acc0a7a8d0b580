#include "tests/client/fixture.h"

namespace binlogd::testing {
namespace {

using ::testing::HasSubstr;

class ValidateTest : public ClientTest {
 protected:
  static void AddFinding(v1::Finding::Severity severity, const std::string& message, v1::ValidateResponse* response) {
    v1::Finding& finding = *response->add_findings();
    finding.set_severity(severity);
    finding.set_subject("source");
    finding.set_message(message);
    if (severity != v1::Finding::OK) finding.set_reason("SOME_REASON");
  }
};

TEST_F(ValidateTest, ShowsFindings) {
  v1::ValidateResponse response;
  AddFinding(v1::Finding::OK, "reached", &response);
  AddFinding(v1::Finding::WARNING, "no names", &response);
  server_.SetFindings(response);
  const CommandResult result = Run({"validate", "-f", "-"}, "name: a");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output,
            "streamer \"a\":\n"
            "RESULT   SUBJECT  FINDING   REASON\n"
            "ok       source   reached   -\n"
            "warning  source   no names  SOME_REASON\n");
}

TEST_F(ValidateTest, AnErrorFails) {
  v1::ValidateResponse response;
  AddFinding(v1::Finding::ERROR, "log_bin is off", &response);
  server_.SetFindings(response);
  const CommandResult result = Run({"validate", "-f", "-", "-o", "json"}, "name: a");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.output,
            "{\"findings\":[{\"severity\":\"ERROR\",\"subject\":\"source\",\"message\":\"log_bin is off\","
            "\"reason\":\"SOME_REASON\"}]}\n");
  EXPECT_THAT(result.error_output, HasSubstr("streamer \"a\" would not run: 1 error was found (FAILED_PRECONDITION, "));
}

TEST_F(ValidateTest, AWrongFileFails) {
  const CommandResult result = Run({"validate", "-f", "-"}, "name: a\nnmae: b\n");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(
      result.error_output,
      "binlogctl: standard input:2: nmae: unknown field; did you mean \"name\"? (INVALID_ARGUMENT, UNKNOWN_FIELD)\n");
}

}  // namespace
}  // namespace binlogd::testing
