// What a caller is told of a streamer.
#include <gtest/gtest.h>

#include "rpc/convert.h"

namespace binlogd {
namespace {

TargetSnapshot TargetIn(TargetState state) {
  TargetSnapshot target;
  target.state = state;
  if (state == TargetState::kRetrying) target.error = absl::UnavailableError("it is down");
  return target;
}

TEST(ConvertStatusTest, AStreamerThatDoesNotRunPromisesNothingOfItsTargets) {
  StreamerSnapshot snapshot;
  snapshot.targets = {TargetIn(TargetState::kRetrying), TargetIn(TargetState::kFollowing),
                      TargetIn(TargetState::kFailed)};
  for (const StreamerState state : {StreamerState::kFailed, StreamerState::kStopped, StreamerState::kFinished}) {
    snapshot.state = state;
    const v1::StreamerStatus status = ToProto(snapshot);
    EXPECT_EQ(status.targets(0).state(), v1::TARGET_STATE_UNSPECIFIED);
    EXPECT_EQ(status.targets(0).error().message(), "it is down") << "what it failed of is still told";
    EXPECT_EQ(status.targets(1).state(), v1::TARGET_STATE_UNSPECIFIED);
    EXPECT_EQ(status.targets(2).state(), v1::TARGET_FAILED);
  }
  for (const StreamerState state : {StreamerState::kRunning, StreamerState::kRetrying, StreamerState::kStopping}) {
    snapshot.state = state;
    const v1::StreamerStatus status = ToProto(snapshot);
    EXPECT_EQ(status.targets(0).state(), v1::TARGET_RETRYING);
    EXPECT_EQ(status.targets(1).state(), v1::FOLLOWING);
  }
}

}  // namespace
}  // namespace binlogd
