// gRPC's threads, kept from all resting at once.
#pragma once

#include <memory>

namespace binlogd {

// A thread of gRPC's callback API (1.51, where nothing polls in the background) that sees no event for a second sleeps
// for 100 ms, and those of an idle server do so together: a call that comes meanwhile waits that long. While an object
// of this class lives there is an event often enough for one of them to be awake at any time. Thread-safe.
class AwakePolling {
 public:
  AwakePolling();
  ~AwakePolling();  // Does not wait.
  AwakePolling(const AwakePolling&) = delete;
  AwakePolling& operator=(const AwakePolling&) = delete;

 private:
  struct State;
  static void SetAlarm(const std::shared_ptr<State>& state);

  const std::shared_ptr<State> state_;
};

}  // namespace binlogd
