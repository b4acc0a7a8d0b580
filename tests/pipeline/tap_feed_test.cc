#include "pipeline/tap_feed.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "pipeline/block_encoder.h"
#include "tests/harness/log_blocks.h"
#include "tests/pipeline/fake_replay.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::FakeLog;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;

// An event, as a reader of the tap tells it from others.
std::string Tell(const Block& block, uint64_t end_offset, const DecodedEvent& event) {
  return absl::StrCat(block.start.file, ":", end_offset, " ", EventKindName(event.kind));
}

// What is wanted of a block.
void Append(const Block& block, const BlockRange& range, std::vector<std::string>* events) {
  const EventFilter all{FilterSpec()};
  BlockCursor cursor(block, range, all);
  const DecodedEvent* event = nullptr;
  for (;;) {
    const absl::Status status = cursor.Next(&event);
    ASSERT_TRUE(status.ok()) << status;
    if (event == nullptr) return;
    if (cursor.passes()) events->push_back(Tell(block, cursor.end_offset(), *event));
  }
}

// When the log's files were begun.
constexpr uint32_t kBegun = 1700000000;

// Transactions at the seconds that follow, over several files.
LogWriter MakeLog(int transactions, int per_file = 100) {
  LogWriter log;
  for (int i = 0; i < transactions; ++i) {
    log.set_time(kBegun + 1 + static_cast<uint32_t>(i));
    if (i % per_file == per_file - 1) log.Rotate();
    log.Transaction({{i, "one"}, {i, "two"}});
  }
  return log;
}

class TapFeedTest : public ::testing::Test {
 protected:
  explicit TapFeedTest(int transactions = 400) : log_(MakeLog(transactions)), source_(&log_, Limits(7)) {
    hub_.Reopen();
    for (const auto& block : BlocksOf(log_, Limits(1000))) Append(*block, BlockRange(), &all_);
    blocks_ = BlocksOf(log_, Limits(3));
  }

  std::unique_ptr<TapFeed> Attach(TapFeed::Options options) {
    options.make_log = [this] { return source_.MakeReplay(); };
    options.wake = [this] {
      absl::MutexLock lock(&mutex_);
      woken_ = true;
    };
    auto feed = std::make_unique<TapFeed>(&hub_, std::move(options));
    const absl::Status attached = feed->Attach();
    EXPECT_TRUE(attached.ok()) << attached;
    return feed;
  }
  void OfferUpTo(size_t blocks) {
    while (offered_ < blocks) hub_.Offer(blocks_[offered_++]);
  }
  // Takes until the feed ends, or it has reached the log's end.
  std::vector<std::string> TakeAll(TapFeed& feed) {
    std::vector<std::string> events;
    for (TapFeed::Item item; events.empty() || events.back() != all_.back();) {
      if (!feed.Take(&item)) {
        if (feed.ended()) break;
        absl::MutexLock lock(&mutex_);
        mutex_.Await(absl::Condition(&woken_));
        woken_ = false;
        continue;
      }
      EXPECT_FALSE(item.gap.has_value());
      Append(*item.block->block(), BlockRange{item.from_offset, feed.held(), item.to_offset}, &events);
    }
    return events;
  }
  // What stands in the log from the first event on that ends behind `place`.
  std::vector<std::string> AllFrom(size_t first, size_t end) const {
    return {all_.begin() + static_cast<long>(first), all_.begin() + static_cast<long>(end)};
  }
  size_t IndexOf(const Block& block, const BlockEvent& event) const {
    std::vector<std::string> before;
    for (const auto& each : blocks_) {
      BlockRange range;
      if (each.get() == &block) range.to_offset = block.start.offset + event.begin;
      Append(*each, range, &before);
      if (each.get() == &block) break;
    }
    return before.size();
  }
  ResumeToken BoundaryOf(const Block& block) const {
    return ResumeToken{block.epoch->epoch, ReadStart{Position{block.end.file, block.end.offset, ""}, true,
                                                     block.format->created, block.format->server_id}};
  }
  static TapFeed::Options From(const ResumeToken& token) {
    TapFeed::Options options;
    options.start.kind = LogStart::Kind::kBoundary;
    options.start.boundary = token.at;
    options.epoch = token.epoch;
    return options;
  }

  const LogWriter log_;
  FakeLog source_;
  TapHub hub_;
  std::vector<std::string> all_;
  std::vector<std::shared_ptr<const Block>> blocks_;
  size_t offered_ = 0;
  absl::Mutex mutex_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = false;
};

TEST_F(TapFeedTest, FromTheEarliestThroughTheReplayIntoTheLiveStream) {
  OfferUpTo(blocks_.size() / 2);
  TapFeed::Options options;
  options.start.kind = LogStart::Kind::kEarliest;
  const auto feed = Attach(std::move(options));
  std::thread reader([this] { OfferUpTo(blocks_.size()); });
  EXPECT_EQ(TakeAll(*feed), all_);
  reader.join();
  EXPECT_GE(source_.runs(), 1);
}

TEST_F(TapFeedTest, ATokenInTheWindowNeedsNoReplay) {
  const auto other = hub_.Attach([] {});
  OfferUpTo(blocks_.size());
  size_t at = blocks_.size() - 20;
  while (!blocks_[at]->events.back().ends_transaction) ++at;
  const auto feed = Attach(From(BoundaryOf(*blocks_[at])));
  EXPECT_EQ(TakeAll(*feed), AllFrom(IndexOf(*blocks_[at + 1], blocks_[at + 1]->events[0]), all_.size()));
  EXPECT_EQ(source_.runs(), 0);
}

TEST_F(TapFeedTest, FromATimeToATime) {
  OfferUpTo(blocks_.size());
  for (const int first : {0, 1, 99, 100, 250, 399}) {
    TapFeed::Options options;
    options.start.kind = LogStart::Kind::kTime;
    options.start.time = absl::FromUnixSeconds(kBegun + 1 + first);
    options.end.time = absl::FromUnixSeconds(kBegun + 1 + first + 10);
    const auto feed = Attach(std::move(options));
    const std::vector<std::string> events = TakeAll(*feed);
    const int transactions = std::min(10, 400 - first);
    int commits = 0, writes = 0;
    for (const std::string& event : events) {
      commits += absl::EndsWith(event, " commit") ? 1 : 0;
      writes += absl::EndsWith(event, " write") ? 1 : 0;
    }
    EXPECT_EQ(commits, transactions) << first;
    EXPECT_EQ(writes, 2 * transactions) << first;
    EXPECT_TRUE(!feed->ended() || feed->ended()->ok());
  }
}

TEST_F(TapFeedTest, FromAPositionToAPosition) {
  OfferUpTo(blocks_.size());
  const Block& first = *blocks_[10];
  const Block& last = *blocks_[blocks_.size() - 30];
  TapFeed::Options options;
  options.start.kind = LogStart::Kind::kPosition;
  options.start.position = Position{first.start.file, first.start.offset + first.events[1].begin, ""};
  options.end.position = Position{last.start.file, last.start.offset + last.events[2].begin, ""};
  const auto feed = Attach(std::move(options));
  EXPECT_EQ(TakeAll(*feed), AllFrom(IndexOf(first, first.events[1]), IndexOf(last, last.events[2])));
  ASSERT_TRUE(feed->ended().has_value());
  EXPECT_TRUE(feed->ended()->ok());
}

TEST_F(TapFeedTest, AfterAGtidSetWhatItHoldsIsLeftOut) {
  OfferUpTo(blocks_.size());
  TapFeed::Options options;
  options.start.kind = LogStart::Kind::kGtidSet;
  options.start.gtid_set = absl::StrCat(LogWriter::kServerUuid, ":1-100:102-399");
  const auto feed = Attach(std::move(options));
  int commits = 0;
  for (const std::string& event : TakeAll(*feed)) commits += absl::EndsWith(event, " commit") ? 1 : 0;
  EXPECT_EQ(commits, 2);
}

TEST_F(TapFeedTest, WaitsForAReaderThatIsNotThereYet) {
  TapFeed::Options options;
  options.start.kind = LogStart::Kind::kEarliest;
  const auto feed = Attach(std::move(options));
  TapFeed::Item item;
  EXPECT_FALSE(feed->Take(&item));
  EXPECT_FALSE(feed->ended().has_value());
  OfferUpTo(blocks_.size());
  EXPECT_EQ(TakeAll(*feed), all_);
}

TEST_F(TapFeedTest, AStopEndsItsReplayAtOnce) {
  OfferUpTo(blocks_.size());
  source_.Block(true);
  TapFeed::Options options;
  options.start.kind = LogStart::Kind::kEarliest;
  const auto feed = Attach(std::move(options));
  TapFeed::Item item;
  EXPECT_FALSE(feed->Take(&item));
  source_.AwaitRuns(1);
  hub_.Close(absl::UnavailableError("stopped"));
  EXPECT_FALSE(feed->Take(&item));
  ASSERT_TRUE(feed->ended().has_value());
  EXPECT_EQ(feed->ended()->message(), "stopped");
}

TEST_F(TapFeedTest, OneThatGoesWhileItReplaysLeavesNothingBehind) {
  OfferUpTo(blocks_.size());
  source_.Block(true);
  for (int i = 0; i < 10; ++i) {
    TapFeed::Options options;
    options.start.kind = LogStart::Kind::kEarliest;
    const auto feed = Attach(std::move(options));
    TapFeed::Item item;
    EXPECT_FALSE(feed->Take(&item));
    source_.AwaitRuns(i + 1);
  }
  EXPECT_EQ(hub_.count(), 0u);
  for (uint32_t i = 0; i < TapHub::kMostReplays; ++i) EXPECT_TRUE(hub_.AllowReplay().ok());
}

TEST_F(TapFeedTest, AReplayThatFailsEndsItAfterWhatWasRead) {
  OfferUpTo(blocks_.size());
  source_.FailRuns({absl::UnavailableError("gone")}, 50);
  TapFeed::Options options;
  options.start.kind = LogStart::Kind::kEarliest;
  const auto feed = Attach(std::move(options));
  const std::vector<std::string> events = TakeAll(*feed);
  ASSERT_TRUE(feed->ended().has_value());
  EXPECT_TRUE(absl::IsUnavailable(*feed->ended()));
  EXPECT_EQ(events, AllFrom(0, events.size()));
}

TEST_F(TapFeedTest, ATokenOfAnotherEpochIsRefused) {
  OfferUpTo(blocks_.size());
  ResumeToken token = BoundaryOf(*blocks_[3]);
  token.epoch.number = 2;
  TapFeed feed(&hub_, From(token));
  const absl::Status refused = feed.Attach();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(ErrorReason(refused), "TOKEN_OF_OTHER_LOG");
}

TEST_F(TapFeedTest, AnEpochThatEndsWhileItIsReplayedIsAnError) {
  OfferUpTo(blocks_.size());
  TapFeed::Options options;
  options.start.kind = LogStart::Kind::kEarliest;
  const auto feed = Attach(std::move(options));
  TapFeed::Item item;
  (void)feed->Take(&item);
  hub_.Follow(MakeEpoch(2), ReadStart{Position{"binlog.000001", 4, ""}});
  TakeAll(*feed);
  while (!feed->ended()) feed->Take(&item);
  EXPECT_EQ(ErrorReason(*feed->ended()), "EPOCH_ENDED");
}

TEST_F(TapFeedTest, AnEndInAFileThatTheLogCannotHaveIsRefused) {
  TapFeed::Options elsewhere;
  elsewhere.end.position = Position{"other.000009", 4, ""};
  // It is not known before the reader is there.
  const auto early = Attach(elsewhere);
  OfferUpTo(blocks_.size());
  TapFeed::Item item;
  EXPECT_FALSE(early->Take(&item));
  ASSERT_TRUE(early->ended());
  EXPECT_EQ(ErrorReason(*early->ended()), "POSITION_INVALID");
  EXPECT_TRUE(absl::StrContains(early->ended()->message(), blocks_.front()->start.file)) << *early->ended();
  TapFeed late(&hub_, elsewhere);
  EXPECT_EQ(ErrorReason(late.Attach()), "POSITION_INVALID");
  // A file that is still to come is none of another log.
  TapFeed::Options to_come;
  to_come.end.position = Position{"binlog.000900", 4, ""};
  to_come.make_log = [this] { return source_.MakeReplay(); };
  to_come.wake = [] {};
  TapFeed waits(&hub_, to_come);
  EXPECT_TRUE(waits.Attach().ok());
}

TEST_F(TapFeedTest, MoreReplaysThanMayBeAreRefused) {
  OfferUpTo(blocks_.size());
  std::vector<std::shared_ptr<void>> replays;
  for (uint32_t i = 0; i < TapHub::kMostReplays; ++i) replays.push_back(*hub_.AllowReplay());
  TapFeed::Options options;
  options.start.kind = LogStart::Kind::kEarliest;
  TapFeed feed(&hub_, std::move(options));
  EXPECT_EQ(ErrorReason(feed.Attach()), "TOO_MANY_REPLAYS");
}

// More blocks than the window holds, so that taps are overtaken.
class OvertakenFeedTest : public TapFeedTest {
 protected:
  OvertakenFeedTest() : TapFeedTest(2000) { EXPECT_GT(blocks_.size(), 2 * TapHub::kWindowBlocks); }
};

TEST_F(OvertakenFeedTest, WhatWasMissedIsReplayedWhenItIsAskedFor) {
  size_t first = 1;
  while (!blocks_[first - 1]->events.back().ends_transaction) ++first;
  OfferUpTo(first);
  TapFeed::Options options;
  options.replay_gaps = true;
  const auto feed = Attach(std::move(options));
  OfferUpTo(blocks_.size());
  EXPECT_EQ(TakeAll(*feed), AllFrom(IndexOf(*blocks_[first], blocks_[first]->events[0]), all_.size()));
  EXPECT_GE(source_.runs(), 1);
}

TEST_F(OvertakenFeedTest, WhatWasMissedIsTold) {
  OfferUpTo(1);
  const auto feed = Attach(TapFeed::Options());
  OfferUpTo(blocks_.size());
  TapFeed::Item item;
  ASSERT_TRUE(feed->Take(&item));
  ASSERT_TRUE(item.gap.has_value());
  EXPECT_EQ(item.gap->from.offset, blocks_[1]->start.offset);
  const size_t first = IndexOf(*blocks_[1], blocks_[1]->events[0]);
  const Block& next = *item.block->block();
  EXPECT_EQ(item.gap->dropped_events, IndexOf(next, next.events[0]) - first);
}

// Readers that come and go at any boundary, while the log is read.
TEST_F(OvertakenFeedTest, ManyResumesUnderLoadLoseAndDoubleNothing) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    std::mt19937 random(seed);
    offered_ = 0;
    hub_.Close(absl::UnavailableError("anew"));
    hub_.Reopen();
    hub_.Follow(MakeEpoch(), ReadStart{Position{"binlog.000001", 4, ""}});
    std::thread reader([this, pause = random() % 50] {
      for (size_t i = 0; i < blocks_.size(); ++i) {
        OfferUpTo(i + 1);
        if (pause != 0 && i % pause == 0) std::this_thread::yield();
      }
    });
    std::vector<std::string> events;
    std::optional<ResumeToken> token;
    while (events.empty() || events.back() != all_.back()) {
      TapFeed::Options options = token ? From(*token) : TapFeed::Options();
      if (!token) options.start.kind = LogStart::Kind::kEarliest;
      options.replay_gaps = true;
      const auto feed = Attach(std::move(options));
      std::vector<std::string> since;
      TapFeed::Item item;
      for (unsigned left = random() % 600; left > 0 || !token; left -= left > 0 ? 1 : 0) {
        if (!feed->Take(&item)) {
          ASSERT_FALSE(feed->ended().has_value()) << *feed->ended();
          absl::MutexLock lock(&mutex_);
          if (!mutex_.AwaitWithTimeout(absl::Condition(&woken_), absl::Milliseconds(20))) break;
          woken_ = false;
          continue;
        }
        ASSERT_FALSE(item.gap.has_value());
        Append(*item.block->block(), BlockRange{item.from_offset, nullptr, item.to_offset}, &since);
        if (ComparePositions(feed->boundary()->at.position, item.block->block()->end) != 0) continue;
        events.insert(events.end(), since.begin(), since.end());
        since.clear();
        token = feed->boundary();
      }
    }
    reader.join();
    EXPECT_EQ(events, all_) << "seed " << seed;
  }
}

TEST(ResumeTokenTest, ComesBackAsItWas) {
  const ResumeToken token{Epoch{7, "6f1c2a9e"},
                          ReadStart{Position{"my/odd bin.log.000123", uint64_t{5} << 32, ""}, true, 1700000000, 42}};
  const std::string text = EncodeResumeToken(token);
  const absl::StatusOr<ResumeToken> parsed = ParseResumeToken(text);
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  EXPECT_EQ(parsed->epoch, token.epoch);
  EXPECT_EQ(parsed->at.position.file, token.at.position.file);
  EXPECT_EQ(parsed->at.position.offset, token.at.position.offset);
  EXPECT_EQ(parsed->at.log_created, token.at.log_created);
  EXPECT_EQ(parsed->at.log_server_id, token.at.log_server_id);
  for (size_t size = 0; size < text.size(); ++size) {
    EXPECT_EQ(ErrorReason(ParseResumeToken(text.substr(0, size)).status()), "BAD_RESUME_TOKEN") << size;
  }
  for (size_t at = 0; at < text.size() - 1; ++at) {
    std::string changed = text;
    changed[at] = changed[at] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(ParseResumeToken(changed).ok()) << at;
  }
  EXPECT_FALSE(ParseResumeToken(text + std::string(5000, 'A')).ok());
}

}  // namespace
}  // namespace binlogd
