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
