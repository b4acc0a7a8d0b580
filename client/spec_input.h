// The specs that a command is given with -f.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "binlogd/v1/streamer.pb.h"

namespace CLI {
class App;
}

namespace binlogd {

class Client;

// Adds the required, repeatable option -f, --file to a verb; its values go to `files`.
void AddFileOption(CLI::App* verb, std::vector<std::string>* files);

// The specs of one file, "-" being standard input.
absl::StatusOr<std::vector<v1::StreamerSpec>> ReadSpecFile(const std::string& file);

// The specs of all files, in their order; false when one cannot be read, each such failure having been reported.
bool ReadSpecFiles(const std::vector<std::string>& files, Client* client, std::vector<v1::StreamerSpec>* specs);

}  // namespace binlogd
