#include "absl/strings/str_cat.h"
#include "base/build_version.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"

namespace binlogd {
namespace {

absl::Status Version(Client* client) {
  switch (client->options().format) {
    case OutputFormat::kJson: client->output().Write(absl::StrCat("{\"version\": \"", kBuildVersion, "\"}\n")); break;
    case OutputFormat::kYaml: client->output().Write(absl::StrCat("version: \"", kBuildVersion, "\"\n")); break;
    default: client->output().Write(absl::StrCat("binlogctl ", kBuildVersion, "\n"));
  }
  return absl::OkStatus();
}

}  // namespace

void AddVersion(CLI::App* app, Client* client) {
  CLI::App* verb = AddVerb(app, "version", "Show the version of binlogctl");
  AddExample(verb, "binlogctl version");
  verb->callback([client] { client->DoLocally([client] { return Version(client); }); });
}

}  // namespace binlogd
