#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"

namespace binlogd {
namespace {

using Level = v1::ServerLogLevel::Level;

const std::vector<std::string>& LevelWords() {
  static const auto& words = *new std::vector<std::string>{"debug", "info", "warning", "error"};
  return words;
}

std::string WordOf(Level level) { return absl::AsciiStrToLower(v1::ServerLogLevel::Level_Name(level)); }

absl::StatusOr<v1::ServerLogLevel> GetOrSet(const std::string& word, Client* client) {
  if (word.empty()) {
    return client->session().Call(&Session::Stub::GetLogLevel, v1::GetLogLevelRequest(), "cannot get the log's level");
  }
  v1::SetLogLevelRequest request;
  Level level = v1::ServerLogLevel::LEVEL_UNSPECIFIED;
  v1::ServerLogLevel::Level_Parse(absl::AsciiStrToUpper(word), &level);
  request.set_level(level);
  return client->session().Call(&Session::Stub::SetLogLevel, std::move(request), "cannot set the log's level");
}

absl::Status LogLevel(const std::string& word, Client* client) {
  ASSIGN_OR_RETURN(const v1::ServerLogLevel now, GetOrSet(word, client));
  if (client->printer().table()) {
    client->output().Write(WordOf(now.level()) + "\n");
  } else {
    client->printer().Print(now, UnsetFields::kPrint);
  }
  return absl::OkStatus();
}

}  // namespace

void AddLogLevel(CLI::App* app, Client* client) {
  auto word = std::make_shared<std::string>();
  CLI::App* verb = AddVerb(app, "log-level", "Show how much binlogd itself logs, or change it until it ends");
  AddExample(verb, "binlogctl log-level debug");
  verb->add_option(kLevelArgument, *word, "debug, info, warning or error; without one it is shown")
      ->check(CLI::IsMember(LevelWords()))
      ->type_name("");
  verb->callback([word, client] { client->Do([word, client] { return LogLevel(*word, client); }); });
}

}  // namespace binlogd
