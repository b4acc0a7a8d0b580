#include "streamer/status.h"

namespace binlogd {

absl::string_view StreamerStateName(StreamerState state) {
  switch (state) {
    case StreamerState::kStopped: return "STOPPED";
    case StreamerState::kStarting: return "STARTING";
    case StreamerState::kRunning: return "RUNNING";
    case StreamerState::kRetrying: return "RETRYING";
    case StreamerState::kStopping: return "STOPPING";
    case StreamerState::kFailed: return "FAILED";
    case StreamerState::kFinished: return "FINISHED";
  }
  return "UNKNOWN";
}

}  // namespace binlogd
