#include "streamer/log_ends.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

class LogEndsTest : public ::testing::Test {
 protected:
  std::optional<absl::StatusOr<Position>> Get(const std::string& source, LogEnds::Clock::time_point since) {
    return ends_.Get(source, since, [this]() -> absl::StatusOr<Position> {
      ++asked_;
      if (!answer_.ok()) return answer_;
      Position end;
      end.file = "binlog.000001";
      end.offset = static_cast<uint64_t>(asked_);
      return end;
    });
  }

  LogEnds ends_;
  int asked_ = 0;
  absl::Status answer_;
};

TEST_F(LogEndsTest, OneQuestionDoesForAllThatWereThereBefore) {
  const LogEnds::Clock::time_point before = LogEnds::Clock::now();
  EXPECT_EQ((*Get("a", before))->offset, 1u);
  EXPECT_EQ((*Get("a", before))->offset, 1u);
  EXPECT_EQ((*Get("b", before))->offset, 2u);  // Another source.
  // Who got further after the question cannot be judged by its answer.
  const LogEnds::Clock::time_point after = LogEnds::Clock::now();
  EXPECT_EQ((*Get("a", after))->offset, 3u);
  EXPECT_EQ((*Get("a", before))->offset, 3u);
}

TEST_F(LogEndsTest, AnErrorIsToldToNobodyElse) {
  const LogEnds::Clock::time_point before = LogEnds::Clock::now();
  answer_ = absl::UnavailableError("down");
  EXPECT_TRUE(absl::IsUnavailable(Get("a", before)->status()));
  answer_ = absl::OkStatus();
  EXPECT_EQ((*Get("a", before))->offset, 2u);
}

TEST_F(LogEndsTest, WhileOneAsksTheOthersDoNotWait) {
  const LogEnds::Clock::time_point before = LogEnds::Clock::now();
  const auto end = ends_.Get("a", before, [&]() -> absl::StatusOr<Position> {
    EXPECT_FALSE(Get("a", before).has_value());
    EXPECT_TRUE(Get("b", before).has_value());
    return Position();
  });
  EXPECT_TRUE(end.has_value() && end->ok());
  EXPECT_TRUE(Get("a", before).has_value());
}

}  // namespace
}  // namespace binlogd
