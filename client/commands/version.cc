#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"

namespace binlogd {
namespace {

absl::Status Version(Client* client) {
  switch (client->options().format) {
    case OutputFormat::kJson: client->output().Write("{\"version\": \"" BINLOGD_VERSION "\"}\n"); break;
    case OutputFormat::kYaml: client->output().Write("version: \"" BINLOGD_VERSION "\"\n"); break;
    default: client->output().Write("binlogctl " BINLOGD_VERSION "\n");
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
