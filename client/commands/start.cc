#include <memory>
#include <string>

#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"

namespace binlogd {
namespace {

absl::Status Start(const std::string& name, Client* client) {
  v1::StartRequest request;
  request.set_name(name);
  ASSIGN_OR_RETURN(const v1::Streamer streamer,
                   client->session().Call(&Session::Stub::Start, request, Attempt("start", name)));
  if (client->printer().table()) {
    client->output().Write(
        absl::StrCat("streamer \"", name, "\" started; watch it with: binlogctl status ", name, " --watch\n"));
  } else {
    client->printer().Print(streamer, UnsetFields::kLeaveOut);
  }
  return absl::OkStatus();
}

}  // namespace

void AddStart(CLI::App* app, Client* client) {
  auto name = std::make_shared<std::string>();
  CLI::App* verb = AddVerb(app, "start", "Start a streamer");
  AddExample(verb, "binlogctl start orders");
  AddStreamerName(verb, name.get())->required();
  verb->callback([name, client] { client->Do([name, client] { return Start(*name, client); }); });
}

}  // namespace binlogd
