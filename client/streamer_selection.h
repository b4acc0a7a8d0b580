// Which streamers a command shows.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "binlogd/v1/service.pb.h"

namespace CLI {
class App;
}

namespace binlogd {

class Client;

// What NAME, --selector and --state say.
struct StreamerSelection {
  std::string name;  // Empty, a name, or a glob of names.
  std::string selector;
  std::vector<v1::State> states;

  // Whether it is one streamer, by its name, which must exist.
  bool one() const;
  v1::StreamerFilter Filter() const;
};

// Adds them to a verb; `selection` outlives it. A name together with the others is refused as wrong usage.
void AddStreamerSelection(CLI::App* verb, StreamerSelection* selection);

// The streamers, by name; for one, NOT_FOUND when there is none.
absl::StatusOr<std::vector<v1::Streamer>> FetchStreamers(const StreamerSelection& selection, Client* client);

}  // namespace binlogd
