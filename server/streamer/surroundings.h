// What the streamers of one process share.
#pragma once

#include <memory>

#include "streamer/change_board.h"
#include "streamer/connect_gate.h"
#include "streamer/log_ends.h"

namespace binlogd {

struct Surroundings {
  std::shared_ptr<ChangeBoard> board = std::make_shared<ChangeBoard>();  // Changes of state are noted here.
  std::shared_ptr<ConnectGate> gate = std::make_shared<ConnectGate>();
  std::shared_ptr<LogEnds> log_ends = std::make_shared<LogEnds>();
};

}  // namespace binlogd
