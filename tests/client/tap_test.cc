#include <algorithm>
#include <csignal>

#include "base/error.h"
#include "tests/client/fixture.h"

namespace binlogd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TapTest : public ClientTest {
 protected:
  TapTest() { server_.Put(MakeStreamer("orders")); }

  // A batch of inserts with ids from `first` on.
  static v1::TapResponse Inserts(int first, int count) {
    v1::TapResponse response;
    for (int id = first; id < first + count; ++id) {
      v1::Event& event = *response.mutable_batch()->add_events();
      event.set_type(v1::WRITE);
      event.mutable_timestamp()->set_seconds(43424);
      event.set_database("shop");
      event.set_table("orders");
      v1::Column& column = *event.add_rows()->add_columns();
      column.set_name("id");
      column.mutable_value()->set_int_value(id);
    }
    return response;
  }

  static v1::TapResponse Gap() {
    v1::TapResponse response;
    response.mutable_gap()->set_dropped_events(12);
    response.mutable_gap()->mutable_from()->set_file("b.1");
    response.mutable_gap()->mutable_to()->set_file("b.2");
    return response;
  }

  static v1::TapResponse Heartbeat() {
    v1::TapResponse response;
    response.mutable_heartbeat()->mutable_time()->set_seconds(1);
    return response;
  }
};

TEST_F(TapTest, PrintsALineForEachChangeAndStopsAtCount) {
  server_.SetTap({Heartbeat(), Inserts(1, 2), Inserts(3, 2)});
  const CommandResult result = Run({"tap", "orders", "--count", "3"});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.output,
            "12:03:44 shop.orders  WRITE   id=1\n"
            "12:03:44 shop.orders  WRITE   id=2\n"
            "12:03:44 shop.orders  WRITE   id=3\n");
  EXPECT_EQ(result.error_output, "");
  EXPECT_TRUE(server_.AwaitTapsEnded(1));
}

TEST_F(TapTest, SendsItsFilter) {
  server_.SetTap({Inserts(1, 1)});
  Run({"tap", "orders", "--count", "1", "--databases", "shop,crm", "--tables", "shop.o*", "--tables", "crm.*",
       "--events", "write,Delete"});
  const v1::TapRequest request = server_.tap_request();
  EXPECT_EQ(request.name(), "orders");
  EXPECT_THAT(request.filter().databases(), ElementsAre("shop", "crm"));
  EXPECT_THAT(request.filter().tables(), ElementsAre("shop.o*", "crm.*"));
  EXPECT_THAT(request.filter().events(), ElementsAre(v1::WRITE, v1::DELETE));
}

TEST_F(TapTest, SendsWhichRowsAreWanted) {
  server_.SetTap({Inserts(1, 1)});
  Run({"tap", "orders", "--count", "1", "--where", "status=paid=yes", "--where", "note=", "--where-null", "gone",
       "--key", "42", "--key", "a,b", "--replay-gaps"});
  const v1::TapRequest request = server_.tap_request();
  ASSERT_EQ(request.rows().columns_size(), 3) << request.DebugString();
  EXPECT_EQ(request.rows().columns(0).column(), "status");
  EXPECT_EQ(request.rows().columns(0).equals(), "paid=yes");
  EXPECT_EQ(request.rows().columns(1).equals(), "");
  EXPECT_TRUE(request.rows().columns(1).has_equals());
  EXPECT_EQ(request.rows().columns(2).column(), "gone");
  EXPECT_TRUE(request.rows().columns(2).has_is_null());
  EXPECT_THAT(request.rows().key(), ElementsAre("42", "a,b"));
  EXPECT_TRUE(request.replay_gaps());
  EXPECT_EQ(request.end().events(), 1u);
}

TEST_F(TapTest, SendsWhereToBeginAndEnd) {
  server_.SetTap({Inserts(1, 1)});
  const auto sent = [this](const std::vector<std::string>& words) {
    std::vector<std::string> arguments = {"tap", "orders", "--count", "1"};
    arguments.insert(arguments.end(), words.begin(), words.end());
    EXPECT_EQ(Run(arguments).exit_code, 0);
    return server_.tap_request();
  };
  EXPECT_FALSE(sent({}).has_start());
  EXPECT_TRUE(sent({"--from", "live"}).start().has_live());
  EXPECT_TRUE(sent({"--from", "earliest"}).start().has_earliest());
  EXPECT_EQ(sent({"--from", "time:2026-03-01T12:00:00Z"}).start().time().seconds(), 1772366400);
  EXPECT_GT(sent({"--from", "time:-10m"}).start().time().seconds(), 1772366400);
  EXPECT_EQ(sent({"--from", "gtid:0-1-7"}).start().gtid_set(), "0-1-7");
  EXPECT_EQ(sent({"--from", "tap1.abc"}).start().resume_token(), "tap1.abc");
  const v1::TapRequest place = sent({"--from", "position:odd:name.000007:1234", "--until", "position:b.000009"});
  EXPECT_EQ(place.start().position().file(), "odd:name.000007");
  EXPECT_EQ(place.start().position().offset(), 1234u);
  EXPECT_EQ(place.end().position().file(), "b.000009");
  EXPECT_EQ(sent({"--until", "time:2026-03-01 12:00:00"}).end().time().seconds(), 1772366400);
}

TEST_F(TapTest, RefusesWordsThatMeanNothing) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{{"--from", "yesterday"},
                                                                                     {"--from", "time:soon"},
                                                                                     {"--from", "position:"},
                                                                                     {"--until", "gtid:0-1-7"},
                                                                                     {"--where", "status"},
                                                                                     {"--where", "=x"}}) {
    const CommandResult result = Run({"tap", "orders", words[0], words[1]});
    EXPECT_EQ(result.exit_code, 2) << words[1];
    EXPECT_THAT(result.error_output, HasSubstr(words[0]));
  }
}

TEST_F(TapTest, KeepsTheNewestTokenAndGoesOnWithIt) {
  const std::string file = directory_ / "orders.token";
  v1::TapResponse first = Inserts(1, 2), second = Inserts(3, 2), third = Inserts(5, 1);
  first.mutable_batch()->set_resume_token("tap1.first");
  second.mutable_batch()->set_resume_token("tap1.second");
  server_.SetTap({Heartbeat(), first, second, third});
  EXPECT_EQ(Run({"tap", "orders", "--count", "5", "--resume", file}).exit_code, 0);
  EXPECT_FALSE(server_.tap_request().has_start()) << "there was no file";
  EXPECT_EQ(Shell("cat " + file).output, "tap1.second\n");
  EXPECT_EQ(Run({"tap", "orders", "--count", "3", "--resume", file}).exit_code, 0);
  EXPECT_EQ(server_.tap_request().start().resume_token(), "tap1.second");
  EXPECT_EQ(Shell("cat " + file).output, "tap1.first\n") << "of the second batch not all was shown";
}

TEST_F(TapTest, AFileThatHoldsNoTokenIsLeftAlone) {
  const std::string file = File("notes", "buy milk");
  const CommandResult result = Run({"tap", "orders", "--resume", file});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output, HasSubstr("holds no resume token"));
  EXPECT_EQ(Shell("cat " + file).output, "buy milk");
}

TEST_F(TapTest, APlaceThatCannotBeKeptIsToldBeforeTheFirstEvent) {
  server_.SetTap({Inserts(1, 1)});
  for (const std::string& file : {directory_ / "missing/token", directory_.path(), File("plain", "x") + "/token"}) {
    const CommandResult result = Run({"tap", "orders", "--count", "1", "--resume", file});
    EXPECT_EQ(result.exit_code, 1) << file;
    EXPECT_EQ(result.output, "") << file;
    EXPECT_THAT(result.error_output, HasSubstr("--resume: ")) << file;
  }
  EXPECT_EQ(Shell("ls " + (directory_ / "*.new")).output, "");
}

TEST_F(TapTest, NoEventsAreNoNumberOfThem) {
  for (const std::string count : {"0", "-1", "some"}) {
    const CommandResult result = Run({"tap", "orders", "--count", count});
    EXPECT_EQ(result.exit_code, 2) << count;
    EXPECT_THAT(result.error_output, HasSubstr("--count: 1 or more; leave it out to go on until Ctrl-C"));
  }
}

TEST_F(TapTest, GapIsSaidInTheStreamAndOnStandardError) {
  server_.SetTap({Gap(), Inserts(1, 1)});
  const CommandResult result = Run({"tap", "orders", "--count", "1"});
  EXPECT_THAT(result.output, HasSubstr("-- gap: 12 events of the log were missed between b.1:0 and b.2:0"));
  EXPECT_THAT(result.error_output, HasSubstr("binlogctl: gap: 12 events"));
}

TEST_F(TapTest, JsonHasALineForEachEventAndGap) {
  server_.SetTap({Heartbeat(), Gap(), Inserts(1, 2)});
  const CommandResult result = Run({"tap", "orders", "--count", "2", "-o", "json"});
  EXPECT_EQ(result.error_output, "");
  EXPECT_THAT(result.output,
              ::testing::StartsWith(
                  "{\"gap\":{\"dropped_events\":12,\"from\":{\"file\":\"b.1\"},\"to\":{\"file\":\"b.2\"}}}\n{"));
  EXPECT_THAT(result.output, HasSubstr("\"rows\":[{\"id\":1}]"));
  EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 3);
}

TEST_F(TapTest, ControlCEndsItQuietly) {
  for (const int signal : {SIGINT, SIGTERM}) {
    server_.SetTap({Inserts(1, 1)});
    const auto process = Start({"tap", "orders"});
    ASSERT_TRUE(server_.AwaitTaps(signal == SIGINT ? 1 : 2));
    process->Signal(signal);
    const auto code = process->Wait(absl::Seconds(20));
    ASSERT_TRUE(code.ok()) << code.status();
    EXPECT_EQ(*code, 0);
    EXPECT_EQ(process->error_output(), "");
  }
  EXPECT_TRUE(server_.AwaitTapsEnded(2));
}

TEST_F(TapTest, AReaderThatGoesAwayEndsItQuietlyEvenWhenNothingHappens) {
  server_.SetTap({Inserts(1, 5)});
  const CommandResult result = Shell("$binlogctl tap orders | head -1; echo ${PIPESTATUS[0]}");
  EXPECT_EQ(result.output, "12:03:44 shop.orders  WRITE   id=1\n0\n");
  EXPECT_EQ(result.error_output, "");
  EXPECT_TRUE(server_.AwaitTapsEnded(1));
}

TEST_F(TapTest, AFullDiskIsAnError) {
  server_.SetTap({Inserts(1, 5)});
  const CommandResult result = Shell("$binlogctl tap orders >/dev/full");
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output, HasSubstr("cannot write to standard output: No space left on device"));
}

TEST_F(TapTest, SaysWhyItEnded) {
  server_.SetTap({Inserts(1, 1)},
                 MakeError(absl::StatusCode::kUnavailable, "STREAMER_STOPPED", "the streamer was stopped"));
  const CommandResult result = Run({"tap", "orders"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.output, "12:03:44 shop.orders  WRITE   id=1\n");
  EXPECT_EQ(result.error_output,
            "binlogctl: the tap of streamer \"orders\" has ended: the streamer was stopped (UNAVAILABLE, "
            "STREAMER_STOPPED)\n");
}

TEST_F(TapTest, UnknownStreamer) {
  const CommandResult result = Run({"tap", "absent"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.error_output,
              HasSubstr("cannot tap streamer \"absent\": there is none of that name (NOT_FOUND, "));
}

}  // namespace
}  // namespace binlogd::testing
