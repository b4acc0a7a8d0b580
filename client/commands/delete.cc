#include <memory>
#include <string>

#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"

namespace binlogd {
namespace {

absl::Status Delete(const std::string& name, Client* client) {
  v1::DeleteRequest request;
  request.set_name(name);
  ASSIGN_OR_RETURN(const v1::DeleteResponse response,
                   client->session().Call(&Session::Stub::Delete, request, Attempt("delete", name)));
  if (client->printer().table()) {
    client->output().Write(absl::StrCat("streamer \"", name, "\" deleted; what its targets hold stays\n"));
  } else {
    client->printer().Print(response, UnsetFields::kLeaveOut);
  }
  return absl::OkStatus();
}

}  // namespace

void AddDelete(CLI::App* app, Client* client) {
  auto name = std::make_shared<std::string>();
  CLI::App* verb = AddVerb(app, "delete", "Stop and forget a streamer; what its targets hold stays");
  AddExample(verb, "binlogctl delete orders");
  AddStreamerName(verb, name.get())->required();
  verb->callback([name, client] { client->Do([name, client] { return Delete(*name, client); }); });
}

}  // namespace binlogd
