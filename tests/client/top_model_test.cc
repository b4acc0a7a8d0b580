#include "client/top/top_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "client/terminal.h"
#include "client/text.h"
#include "client/top/top_screen.h"

namespace binlogd {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class TopModelTest : public ::testing::Test {
 protected:
  static v1::Streamer Streamer(const std::string& name, v1::State state = v1::RUNNING, double lag = 0) {
    v1::Streamer streamer;
    streamer.mutable_spec()->set_name(name);
    streamer.mutable_status()->set_name(name);
    streamer.mutable_status()->set_state(state);
    streamer.mutable_status()->set_lag_seconds(lag);
    return streamer;
  }
  void Take(const v1::Streamer& streamer) {
    v1::WatchResponse response;
    response.set_revision(++revision_);
    response.set_synced(true);
    *response.add_changes()->mutable_streamer() = streamer;
    model_.Take(response, now_);
  }
  // Only its counters.
  void Count(const std::string& name, uint64_t events, uint64_t bytes) {
    v1::WatchResponse response;
    response.set_revision(++revision_);
    v1::StreamerStatus& status = *response.add_changes()->mutable_status();
    status = Streamer(name).status();
    status.set_events_read(events);
    status.set_bytes_read(bytes);
    model_.Take(response, now_);
  }
  void TickAfter(absl::Duration time) {
    now_ += time;
    model_.Tick(now_);
  }
  std::vector<std::string> Names(const std::string& filter = "", TopOrder order = TopOrder::kName,
                                 bool reverse = false) const {
    std::vector<std::string> names;
    for (const TopRow* row : model_.Rows(filter, order, reverse)) names.push_back(row->name);
    return names;
  }
  const TopRow& Only() const { return *model_.Rows("", TopOrder::kName, false)[0]; }

  TopModel model_;
  absl::Time now_ = absl::FromUnixSeconds(1000);
  uint64_t revision_ = 0;
};

TEST_F(TopModelTest, RatesAreThoseOfTheLastSeconds) {
  Take(Streamer("a"));
  TickAfter(absl::Seconds(1));
  EXPECT_EQ(Only().events_per_second, 0);
  Count("a", 100, 5000);
  TickAfter(absl::Seconds(1));
  EXPECT_DOUBLE_EQ(Only().events_per_second, 50);
  EXPECT_DOUBLE_EQ(Only().bytes_per_second, 2500);
  for (int i = 0; i < 6; ++i) TickAfter(absl::Seconds(1));
  EXPECT_EQ(Only().events_per_second, 0) << "nothing came for a while";
}

TEST_F(TopModelTest, ARestartOfBinlogdIsNoNegativeRate) {
  Take(Streamer("a"));
  Count("a", 1000, 1000);
  TickAfter(absl::Seconds(1));
  Count("a", 10, 10);
  TickAfter(absl::Seconds(1));
  EXPECT_EQ(Only().events_per_second, 0);
  Count("a", 30, 30);
  TickAfter(absl::Seconds(1));
  EXPECT_DOUBLE_EQ(Only().events_per_second, 10);
}

TEST_F(TopModelTest, KeepsALittleOfTheLags) {
  Take(Streamer("a", v1::RETRYING, 7));
  for (size_t i = 0; i < TopModel::kMostLags + 3; ++i) TickAfter(absl::Seconds(1));
  EXPECT_THAT(Only().lags, SizeIs(TopModel::kMostLags));
  EXPECT_EQ(Only().lags.back(), 7);
  Take(Streamer("a", v1::STOPPED, 7));
  TickAfter(absl::Seconds(1));
  EXPECT_EQ(Only().lags.back(), 0) << "of one that does not run, lag means nothing";
}

TEST_F(TopModelTest, SortsByWhatWantsLookingAt) {
  Take(Streamer("a", v1::RUNNING, 1));
  Take(Streamer("b", v1::FAILED, 99));
  Take(Streamer("c", v1::RUNNING, 5));
  Take(Streamer("d", v1::STOPPED));
  EXPECT_THAT(Names(), ElementsAre("a", "b", "c", "d"));
  EXPECT_THAT(Names("", TopOrder::kName, true), ElementsAre("d", "c", "b", "a"));
  EXPECT_THAT(Names("", TopOrder::kLag), ElementsAre("c", "a", "b", "d"));
  EXPECT_THAT(Names("", TopOrder::kState), ElementsAre("b", "a", "c", "d"));
}

TEST_F(TopModelTest, FiltersByNameStateAndLabel) {
  v1::Streamer labelled = Streamer("orders", v1::RETRYING);
  (*labelled.mutable_spec()->mutable_labels())["team"] = "data";
  Take(labelled);
  Take(Streamer("old-orders"));
  Take(Streamer("users"));
  EXPECT_THAT(Names("ord"), ElementsAre("old-orders", "orders"));
  EXPECT_THAT(Names("retrying"), ElementsAre("orders"));
  EXPECT_THAT(Names("team=data"), ElementsAre("orders"));
  EXPECT_THAT(Names("!team"), ElementsAre("old-orders", "users"));
  EXPECT_THAT(Names(" ord  !team "), ElementsAre("old-orders"));
  EXPECT_THAT(Names("team=web"), ElementsAre());
}

TEST_F(TopModelTest, ForgetsWhatIsDeletedAndAllAtAReset) {
  Take(Streamer("a"));
  Take(Streamer("b"));
  v1::WatchResponse response;
  response.add_changes()->set_deleted("a");
  model_.Take(response, now_);
  EXPECT_THAT(Names(), ElementsAre("b"));
  response.Clear();
  response.set_reset(true);
  model_.Take(response, now_);
  EXPECT_THAT(Names(), ElementsAre());
}

TEST_F(TopModelTest, ScreensOfAnySizeHaveNoMoreThanFits) {
  for (int i = 0; i < 30; ++i) {
    Take(Streamer("a-streamer-with-a-long-name-" + std::to_string(i), v1::RETRYING, 100 * i));
  }
  TickAfter(absl::Seconds(1));
  for (const Output::Size size :
       {Output::Size{80, 24}, Output::Size{1, 1}, Output::Size{20, 5}, Output::Size{200, 7}}) {
    TopScreen screen("localhost:7070");
    for (int i = 0; i < 35; ++i) screen.Press({Key::Kind::kDown}, model_, size);
    const std::vector<std::string> lines = screen.Lines(model_, size, now_, false);
    EXPECT_LE(lines.size(), size.lines);
    for (const std::string& line : lines) EXPECT_LE(TextWidth(line), size.columns) << line;
  }
}

TEST_F(TopModelTest, NamesCannotDriveTheTerminal) {
  v1::Streamer streamer = Streamer("a", v1::FAILED);
  streamer.mutable_status()->mutable_error()->set_message("\x1b[2J");
  Take(streamer);
  TopScreen screen("x");
  std::string all;
  for (const std::string& line : screen.Lines(model_, {80, 24}, now_, false)) all += line;
  EXPECT_THAT(all, HasSubstr("\\x1b[2J"));
}

TEST(SparklineTest, ShowsTheNewestAgainstTheLargest) {
  EXPECT_EQ(Sparkline({}, 4), "    ");
  EXPECT_EQ(Sparkline({0, 0}, 4), "  ▁▁");
  EXPECT_EQ(Sparkline({0, 7, 3.5, 0.01}, 4), "▁█▅▂");
  EXPECT_EQ(Sparkline({100, 0, 1, 0.5}, 3), "▁█▅");
  EXPECT_EQ(Sparkline({-1}, 1), "▁");
}

TEST(TerminalTest, KeysOfTerminals) {
  std::vector<Key::Kind> kinds;
  for (const Key& key : ParseKeys("a\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[1~\x1b[F\r\x7f\x1b[1;5C\x01\x1b"))
    kinds.push_back(key.kind);
  using Kind = Key::Kind;
  EXPECT_THAT(kinds,
              ElementsAre(Kind::kCharacter, Kind::kUp, Kind::kDown, Kind::kPageUp, Kind::kPageDown, Kind::kHome,
                          Kind::kEnd, Kind::kEnter, Kind::kBackspace, Kind::kOther, Kind::kOther, Kind::kEscape));
}

}  // namespace
}  // namespace binlogd
