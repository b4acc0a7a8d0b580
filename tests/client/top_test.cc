#include <csignal>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "tests/client/fixture.h"

namespace binlogd::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class TopTest : public ClientTest {
 protected:
  static v1::Streamer Running(const std::string& name, double lag, const std::string& team = "data") {
    v1::Streamer streamer = MakeStreamer(name);
    streamer.mutable_status()->set_state(v1::RUNNING);
    streamer.mutable_status()->set_lag_seconds(lag);
    (*streamer.mutable_spec()->mutable_labels())["team"] = team;
    return streamer;
  }
  static v1::Streamer Failed(const std::string& name) {
    v1::Streamer streamer = MakeStreamer(name);
    streamer.mutable_status()->set_state(v1::FAILED);
    streamer.mutable_status()->mutable_error()->set_reason("POSITION_PURGED");
    streamer.mutable_status()->mutable_error()->set_message("the source no longer has binlog.000003");
    return streamer;
  }
  // The names that the rows begin with, from the top.
  static std::string Names(const Screen& screen) {
    std::string names;
    for (size_t line = 3; line < 21; ++line) {
      const std::string text = screen.Line(line);
      if (!text.empty()) absl::StrAppend(&names, text.substr(0, text.find(' ')), " ");
    }
    return names;
  }
  static bool AwaitNames(PseudoTerminal* terminal, const std::string& names) {
    return terminal->Await([&names](const Screen& screen) { return Names(screen) == names; });
  }
};

TEST_F(TopTest, ShowsAllOnOneScreenAndGoesAway) {
  server_.Put(Running("orders", 75));
  server_.Put(Failed("users"));
  const auto terminal = StartOnTerminal({"top"});
  // The last line is written last.
  ASSERT_TRUE(terminal->AwaitText("q quit   sort")) << terminal->screen().Text();
  ASSERT_TRUE(terminal->AwaitText("POSITION_PURGED")) << terminal->screen().Text();
  EXPECT_TRUE(terminal->screen().alternate());
  EXPECT_TRUE(terminal->screen().cursor_hidden());
  EXPECT_FALSE(terminal->Cooked());
  EXPECT_THAT(terminal->screen().Line(0), StartsWith("binlogd " + server_.address()));
  EXPECT_THAT(terminal->screen().Line(0), HasSubstr("2 streamers  1 RUNNING  1 FAILED"));
  EXPECT_THAT(terminal->screen().Line(1), HasSubstr("longest lag 1m15s (orders)"));
  EXPECT_THAT(terminal->screen().Line(2), HasSubstr("NAME*     STATE        LAG"));
  EXPECT_THAT(terminal->screen().Line(3), HasSubstr("orders    RUNNING    1m15s"));
  EXPECT_THAT(terminal->screen().Line(23), StartsWith("q quit   sort: n name"));
  EXPECT_THAT(terminal->screen().reversed(), ElementsAre(3));
  terminal->Press("q");
  EXPECT_EQ(terminal->Wait(), 0);
  EXPECT_FALSE(terminal->screen().alternate());
  EXPECT_FALSE(terminal->screen().cursor_hidden());
  EXPECT_TRUE(terminal->Cooked());
  EXPECT_EQ(terminal->screen().Text(), "\n");
  EXPECT_EQ(terminal->screen().unknown(), "");
}

TEST_F(TopTest, SortsFiltersAndTellsOfTheSelected) {
  server_.Put(Running("a", 1));
  server_.Put(Running("b", 9, "web"));
  server_.Put(Failed("c"));
  const auto terminal = StartOnTerminal({"top"});
  ASSERT_TRUE(AwaitNames(terminal.get(), "a b c "));
  terminal->Press("l");
  EXPECT_TRUE(AwaitNames(terminal.get(), "b a c "));
  terminal->Press("l");
  EXPECT_TRUE(AwaitNames(terminal.get(), "c a b "));
  terminal->Press("s");
  EXPECT_TRUE(AwaitNames(terminal.get(), "c a b "));
  terminal->Press("n\x1b[F");
  EXPECT_TRUE(terminal->AwaitText("the source no longer has binlog.000003")) << "of the one that is selected";
  terminal->Press("/team=web");
  EXPECT_TRUE(AwaitNames(terminal.get(), "b "));
  EXPECT_TRUE(terminal->AwaitText("filter: team=web_"));
  terminal->Press("\rq");
  EXPECT_EQ(terminal->Wait(), 0);
  EXPECT_EQ(terminal->screen().unknown(), "");
}

TEST_F(TopTest, ScrollsAndFollowsTheSizeOfTheTerminal) {
  for (int i = 100; i < 140; ++i) server_.Put(Running(absl::StrCat("s", i), 0));
  const auto terminal = StartOnTerminal({"top"});
  ASSERT_TRUE(terminal->AwaitText("1-18 of 40"));
  terminal->Press("\x1b[6~");
  EXPECT_TRUE(terminal->Await([](const Screen& screen) { return screen.reversed() == std::vector<size_t>{20}; }));
  terminal->Press("j");
  EXPECT_TRUE(terminal->AwaitText("2-19 of 40"));
  terminal->Resize(60, 12);
  EXPECT_TRUE(terminal->Await([](const Screen& screen) {
    return screen.Shows(" of 40") && screen.Line(11).rfind("q quit", 0) == 0 && screen.reversed().size() == 1;
  })) << terminal->screen().Text();
  EXPECT_THAT(terminal->screen().Line(0), StartsWith("binlogd"));
  terminal->Resize(120, 40);
  EXPECT_TRUE(terminal->Await([](const Screen& screen) { return screen.Line(39).rfind("q quit", 0) == 0; }))
      << terminal->screen().Text();
  terminal->Press("\x03");
  EXPECT_EQ(terminal->Wait(), 0) << "Ctrl-C";
  EXPECT_FALSE(terminal->screen().alternate());
  EXPECT_TRUE(terminal->Cooked());
  EXPECT_EQ(terminal->screen().unknown(), "");
}

TEST_F(TopTest, SaysThatBinlogdIsAwayAndGoesOnWhenItIsBack) {
  server_.Put(Running("orders", 0));
  const auto terminal = StartOnTerminal({"top"});
  ASSERT_TRUE(AwaitNames(terminal.get(), "orders "));
  server_.EndWatches(true);
  EXPECT_TRUE(terminal->AwaitText("binlogd is shutting down; trying again"));
  EXPECT_EQ(Names(terminal->screen()), "orders ") << "what was known stays";
  server_.EndWatches(false);
  server_.Put(Running("users", 0));
  EXPECT_TRUE(AwaitNames(terminal.get(), "orders users "));
  EXPECT_TRUE(terminal->Await([](const Screen& screen) { return !screen.Shows("trying again"); }));
  EXPECT_GT(server_.watch_request().revision(), 0u);
  terminal->Press("q");
  EXPECT_EQ(terminal->Wait(), 0);
}

TEST_F(TopTest, AServerThatIsNotThereIsAnErrorOnTheShellsScreen) {
  const auto terminal = StartOnTerminal({"top", "--server", "127.0.0.1:1"});
  EXPECT_EQ(terminal->Wait(), 1);
  EXPECT_FALSE(terminal->screen().alternate());
  EXPECT_TRUE(terminal->Cooked());
  EXPECT_TRUE(terminal->screen().Shows("cannot reach binlogd at 127.0.0.1:1"));
}

TEST_F(TopTest, PrintsTablesWhereThereIsNoScreen) {
  server_.Put(Running("orders", 75));
  server_.Put(Failed("users"));
  const CommandResult piped = Shell("$binlogctl top --interval 20ms | head -7; echo ${PIPESTATUS[0]}");
  const std::string table =
      "NAME    STATE      LAG  EVENTS/S  BYTES/S  TARGETS  ERROR\n"
      "orders  RUNNING  1m15s         0    0 B/s      2/2  -\n"
      "users   FAILED       -         0    0 B/s      2/2  POSITION_PURGED\n";
  EXPECT_EQ(piped.output, table + "\n" + table + "0\n");
  EXPECT_EQ(piped.error_output, "");
  const auto terminal = StartOnTerminal({"top", "--interval", "20ms"}, "dumb");
  EXPECT_TRUE(terminal->AwaitText("orders  RUNNING  1m15s"));
  terminal->Press("\x03");
  EXPECT_EQ(terminal->Wait(), 0);
  EXPECT_FALSE(terminal->screen().escaped());
}

TEST_F(TopTest, IsForPeople) {
  EXPECT_EQ(Run({"top", "-o", "json"}).exit_code, 2);
  EXPECT_EQ(Run({"top", "--interval", "never"}).exit_code, 2);
}

TEST_F(TopTest, StatusWatchRedrawsInPlace) {
  v1::Streamer streamer = MakeStreamer("orders");
  server_.Put(streamer);
  const auto terminal = StartOnTerminal({"status", "--watch"});
  ASSERT_TRUE(terminal->AwaitText("orders  STOPPED"));
  streamer.mutable_status()->set_state(v1::RUNNING);
  server_.Put(streamer);
  ASSERT_TRUE(terminal->AwaitText("orders  RUNNING"));
  EXPECT_EQ(terminal->screen().Text(),
            "NAME    STATE    LAG  POSITION  EVENTS  BYTES  TARGETS  ERROR\n"
            "orders  RUNNING   0s  -              0    0 B      2/2  -\n");
  // A line that is wider than the terminal now is cut, not wrapped.
  terminal->Resize(20, 24);
  streamer.mutable_status()->set_state(v1::FAILED);
  server_.Put(streamer);
  ASSERT_TRUE(terminal->AwaitText("orders  FAILED"));
  EXPECT_EQ(terminal->screen().Line(0), "NAME    STATE   LAG");
  EXPECT_EQ(terminal->screen().Line(2), "");
  terminal->Press("\x03");
  EXPECT_EQ(terminal->Wait(), 0);
  EXPECT_EQ(terminal->screen().unknown(), "");
}

TEST_F(TopTest, StatusWatchOnADumbTerminalHasNoEscapes) {
  server_.Put(MakeStreamer("orders"));
  const auto terminal = StartOnTerminal({"status", "--watch"}, "dumb");
  ASSERT_TRUE(terminal->AwaitText("orders  STOPPED"));
  terminal->Press("\x03");
  EXPECT_EQ(terminal->Wait(), 0);
  EXPECT_FALSE(terminal->screen().escaped());
}

}  // namespace
}  // namespace binlogd::testing
