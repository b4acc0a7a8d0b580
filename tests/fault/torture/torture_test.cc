// Rounds of load with random faults: nothing lost, nothing doubled, in no target. scripts/torture runs it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "tests/fault/torture/fault.h"
#include "tests/fault/torture/load.h"
#include "tests/fault/torture/world.h"
#include "tests/harness/test_arguments.h"

namespace binlogd::testing {
namespace {

constexpr uint64_t kRounds = 10;
// After these everything is made anew, so that a round's checks do not take ever longer, and any failure is repeated by
// a seed and no more than this many rounds.
constexpr uint64_t kRoundsPerWorld = 10;
constexpr uint64_t kRoundsToLose = 10;

const std::map<std::string, TargetKind> kTargetKinds = {
    {"raw", TargetKind::kRawFile},         {"json", TargetKind::kJsonFile}, {"s3-raw", TargetKind::kRawObjects},
    {"s3-json", TargetKind::kJsonObjects}, {"kafka", TargetKind::kTopics},
};

std::string TargetNames() { return TextArgument("targets", "raw,json,s3-raw,s3-json,kafka"); }

std::set<TargetKind> Targets() {
  std::set<TargetKind> targets;
  const std::vector<std::string> names = absl::StrSplit(TargetNames(), ',');
  for (const std::string& name : names) {
    const auto found = kTargetKinds.find(name);
    if (found != kTargetKinds.end()) targets.insert(found->second);
    EXPECT_NE(found, kTargetKinds.end()) << name;
  }
  return targets;
}

void SleepUpTo(int milliseconds, std::mt19937& random) { absl::SleepFor(absl::Milliseconds(random() % milliseconds)); }

// Breaks some things at random moments under load and mends them all; tells which in `story`.
absl::Status BreakThings(Load& load, const std::vector<Fault>& faults, std::mt19937& random,
                         std::vector<std::string>* story) {
  std::vector<Fault> broken;
  load.Resume();
  for (int count = 2 + static_cast<int>(random() % 3); count > 0; --count) {
    SleepUpTo(600, random);
    const Fault& fault = faults[random() % faults.size()];
    const auto same = [&](const Fault& other) { return other.name == fault.name; };
    if (std::any_of(broken.begin(), broken.end(), same)) continue;
    story->push_back(fault.name);
    RETURN_IF_ERROR(fault.make());
    broken.push_back(fault);
    if (random() % 2 == 0) continue;  // Several at once.
    SleepUpTo(800, random);
    RETURN_IF_ERROR(broken.back().mend());
    broken.pop_back();
  }
  SleepUpTo(400, random);
  std::shuffle(broken.begin(), broken.end(), random);
  for (const Fault& fault : broken) RETURN_IF_ERROR(fault.mend());
  SleepUpTo(400, random);
  load.Pause();
  return absl::OkStatus();
}

// Up to `rounds` rounds in a world of their own. What is wrong after the first that fails, or the empty string.
absl::StatusOr<std::string> Torture(const WorldOptions& options, uint32_t seed, uint64_t first, uint64_t rounds,
                                    bool only_kills) {
  ASSIGN_OR_RETURN(const std::unique_ptr<World> world, World::Start(options));
  ASSIGN_OR_RETURN(const std::unique_ptr<Load> load, Load::Start(&world->source(), seed));
  std::mt19937 random(seed);
  std::vector<Fault> faults = FaultsOf(*world, random);
  if (only_kills) faults.resize(1);
  if (first == 0) {
    for (const std::string& left_out : FaultsLeftOut(*world)) std::printf("left out: %s\n", left_out.c_str());
  }
  for (uint64_t round = 0; round < rounds; ++round) {
    std::vector<std::string> story;
    const absl::Time begin = absl::Now();
    absl::Status status = BreakThings(*load, faults, random, &story);
    const absl::Time mended = absl::Now();
    std::string verdict = status.ok() ? world->Verdict() : status.ToString();
    std::printf("round %3d  seed %u  %5.1f s + %4.1f s  %6d transactions  %s%s\n", static_cast<int>(first + round + 1),
                seed, absl::ToDoubleSeconds(mended - begin), absl::ToDoubleSeconds(absl::Now() - mended),
                load->transactions(), absl::StrJoin(story, ", ").c_str(), verdict.empty() ? "" : "  FAILED");
    std::fflush(stdout);
    if (verdict.empty()) continue;
    if (options.lose_writes) return verdict;
    const char* parent = std::getenv("TMPDIR");
    const std::string folder =
        absl::StrCat(parent == nullptr ? "/tmp" : parent, "/binlogd-torture-", ServerName(options.source), "-", seed);
    world->Keep(folder);
    return absl::StrCat(verdict, "after ", absl::StrJoin(story, ", "), "\nkept in ", folder, "; to repeat it:\n",
                        "scripts/torture --servers ", ServerName(options.source), " --seed ", seed, " --rounds ",
                        round + 1, " --targets ", TargetNames(), "\n");
  }
  return "";
}

class TortureTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  static uint32_t Seed() { return static_cast<uint32_t>(NumberArgument("seed", std::random_device()())); }
};

TEST_P(TortureTest, EveryTargetIsExactAfterEveryRound) {
  const uint64_t rounds = NumberArgument("rounds", kRounds);
  uint32_t seed = Seed();
  for (uint64_t first = 0; first < rounds; first += kRoundsPerWorld, ++seed) {
    const auto verdict =
        Torture({GetParam(), Targets(), false}, seed, first, std::min(kRoundsPerWorld, rounds - first), false);
    if (absl::IsUnavailable(verdict.status())) GTEST_SKIP() << verdict.status().message();
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    ASSERT_EQ(*verdict, "");
  }
}

// The same, with a storage that loses what it has acknowledged, must fail: what cannot fail proves nothing.
TEST_P(TortureTest, NoticesWhenWhatWasAcknowledgedIsLost) {
  const auto verdict = Torture({GetParam(), {TargetKind::kRawFile}, true}, Seed(), 0, kRoundsToLose, true);
  if (absl::IsUnavailable(verdict.status())) GTEST_SKIP() << verdict.status().message();
  ASSERT_TRUE(verdict.ok()) << verdict.status();
  EXPECT_NE(*verdict, "") << "not noticed in " << kRoundsToLose << " rounds";
  std::printf("noticed:\n%s\n", verdict->c_str());
}

INSTANTIATE_TEST_SUITE_P(Servers, TortureTest, ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011),
                         [](const auto& info) {
                           return info.param == ServerKind::kMySql97 ? "mysql_9_7" : "mariadb_10_11";
                         });

}  // namespace
}  // namespace binlogd::testing
