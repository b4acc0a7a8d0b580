// Statuses of streamers for a person.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "binlogd/v1/streamer.pb.h"
#include "client/text.h"

namespace binlogd {

// One line a streamer: NAME STATE LAG POSITION EVENTS BYTES TARGETS ERROR.
std::string StatusTable(const std::vector<v1::StreamerStatus>& statuses, bool colour);

// One streamer in full: its line, its targets (NAME TYPE HEALTH POSITION WRITTEN), and what is wrong in whole
// sentences.
std::string StatusDetails(const v1::StreamerStatus& status, absl::Time now, bool colour);

// Whether it runs, or works on it: lag means something only of such a one.
bool AtWork(const v1::StreamerStatus& status);

// A message's time.
absl::Time TimeOf(const google::protobuf::Timestamp& timestamp);

// What a target does: its word, red when a person should look.
struct TargetWord {
  std::string text;
  Colour colour = Colour::kNone;
};
TargetWord TargetStateText(const v1::TargetStatus& target);

// "binlog.000007:4711", or empty when there is none.
std::string PositionText(const v1::Position& position);

// "db1:3306, version 10.11.6, id 1, connected with TLS, epoch 0001-6f1c2a9e".
std::string SourceText(const v1::SourceStatus& source);

// The word for a state, without the prefix that tells desired from actual ones; its number when this program is too
// old.
std::string StateText(v1::State state);
std::string StateText(v1::DesiredState state);
Colour StateColour(v1::State state);

}  // namespace binlogd
