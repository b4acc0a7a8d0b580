#include "client/spec_input.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "base/status_macros.h"
#include "client/client.h"
#include "config/spec_file.h"

namespace binlogd {

void AddFileOption(CLI::App* verb, std::vector<std::string>* files) {
  verb->add_option("-f,--file", *files, "A YAML or JSON file of specs, or - for standard input; may be repeated")
      ->required()
      ->type_name("FILE")
      ->allow_extra_args(false);
}

absl::StatusOr<std::vector<v1::StreamerSpec>> ReadSpecFile(const std::string& file) {
  const bool standard_input = file == "-";
  ASSIGN_OR_RETURN(const std::string text, ReadSpecText(standard_input ? "/dev/stdin" : file));
  return ParseSpecs(text, standard_input ? "standard input" : file);
}

bool ReadSpecFiles(const std::vector<std::string>& files, Client* client, std::vector<v1::StreamerSpec>* specs) {
  bool all = true;
  for (const std::string& file : files) {
    absl::StatusOr<std::vector<v1::StreamerSpec>> read = ReadSpecFile(file);
    if (!read.ok()) {
      client->Fail(read.status());
      all = false;
      continue;
    }
    for (v1::StreamerSpec& spec : *read) specs->push_back(std::move(spec));
  }
  return all;
}

}  // namespace binlogd
