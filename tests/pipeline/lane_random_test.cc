// Lanes under random failures of their stores and of the source: in the end each store has everything once, in order.
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "tests/pipeline/target_lane_testing.h"

namespace binlogd {
namespace {

using testing::BlocksOf;
using testing::Encoded;
using testing::FakeLog;
using testing::FakeStore;
using testing::FakeTarget;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;

class LaneRandomTest : public ::testing::TestWithParam<uint32_t> {
 protected:
  // A target with its lane, opened anew as often as it takes.
  struct Side {
    bool decodes = false;
    bool required = true;
    std::shared_ptr<FakeStore> store = std::make_shared<FakeStore>();
    std::unique_ptr<TargetLane> lane;
  };

  int Random(int below) { return static_cast<int>(random_() % static_cast<uint32_t>(below)); }
  std::deque<absl::Status> Failures() {
    std::deque<absl::Status> statuses;
    const int count = Random(6);
    for (int i = 0; i < count; ++i) {
      statuses.push_back(Random(2) == 0   ? absl::OkStatus()
                         : Random(2) == 0 ? absl::UnavailableError("down")
                                          : absl::ResourceExhaustedError("full"));
    }
    return statuses;
  }

  void WriteLog() {
    for (int i = 0; i < 150; ++i) {
      std::vector<std::pair<int32_t, std::string>> rows(1 + Random(12), {i, std::string(Random(40), 'x')});
      if (Random(8) == 0) {
        log_.PayloadTransaction(rows);
      } else {
        log_.Transaction(rows);
      }
      if (Random(40) == 0) log_.Rotate();
    }
  }

  // As a streamer does when it begins: reading goes on at `at`.
  void Start(Side& side, const Position& at) {
    TargetLane::Options options;
    options.batch.max_wait = absl::Milliseconds(Random(3));
    options.filter = std::make_shared<const EventFilter>(FilterSpec());
    options.pool = &pool_;
    options.required = side.required;
    options.make_replay = source_log_.factory();
    options.first_retry = absl::Milliseconds(1);
    side.lane = std::make_unique<TargetLane>(std::make_unique<FakeTarget>("t", side.store, side.decodes), options);
    const auto had = side.lane->Open();
    if (had.ok() && !had->has_value()) {
      ASSERT_TRUE(side.lane->Begin(testing::StartOf(*MakeEpoch()), *MakeEpoch()).ok());
    }
    side.lane->Start(MakeEpoch(), at);
  }

  std::mt19937 random_{GetParam()};
  LogWriter log_;
  FakeLog source_log_{&log_, Limits(1 + Random(40))};
  ByteBudget budget_{64 << 20};
  ThreadPool pool_{"test", 2};
};

TEST_P(LaneRandomTest, EachStoreHasEverythingOnceAndInOrder) {
  WriteLog();
  const auto blocks = BlocksOf(log_, Limits(1 + Random(20)));
  std::vector<Side> sides(4);
  for (size_t i = 0; i < sides.size(); ++i) {
    sides[i].decodes = i % 2 == 0;
    sides[i].required = i < 2;
    Start(sides[i], MakeEpoch()->first);
  }
  for (const auto& block : blocks) {
    for (Side& side : sides) {
      // Above all, what breaks.
      switch (Random(40)) {
        case 0: side.store->FailWrites(Failures()); break;
        case 1: side.store->FailCommits(Failures()); break;
        case 2: side.store->LoseAnswers(Failures()); break;
        case 3: side.store->FailOpens(Failures()); break;
        case 4: source_log_.FailRuns(Failures(), Random(200)); break;
        case 5: (void)side.lane->Flush(absl::Now() + absl::Milliseconds(Random(3)), Random(2) == 0); break;
        case 6:
          // A crash, or a stop.
          if (Random(2) == 0) (void)side.lane->Drain(absl::Now() + absl::Milliseconds(Random(3)));
          side.lane.reset();
          side.store->FailOpens({});
          Start(side, block->start);
          break;
        default: break;
      }
      side.lane->Reserve(block->bytes.size(), 1 + Random(4000));
      ASSERT_TRUE(side.lane->Offer(block, budget_.Acquire(block->bytes.size())).ok()) << side.lane->failure();
    }
  }
  std::string raw;
  for (const std::string& file : log_.files()) raw += log_.FileBytes(file).substr(kFileMagic.size());
  for (Side& side : sides) {
    ASSERT_TRUE(side.lane->Flush(absl::Now() + absl::Seconds(60), /*patient=*/true).ok())
        << side.lane->Snapshot().error;
    EXPECT_TRUE(side.store->committed() == (side.decodes ? Encoded(blocks) : raw))
        << side.decodes << side.required << " " << side.store->committed().size();
    EXPECT_EQ(side.store->position()->position.offset, log_.offset());
    side.lane.reset();
  }
  EXPECT_EQ(budget_.used(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, LaneRandomTest, ::testing::Range(1u, 61u));

}  // namespace
}  // namespace binlogd
