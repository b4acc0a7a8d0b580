#include <memory>
#include <string>

#include "base/error.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"

namespace binlogd {
namespace {

absl::Status Stop(const std::string& name, Client* client) {
  v1::StopRequest request;
  request.set_name(name);
  const absl::StatusOr<v1::Streamer> streamer =
      client->session().Call(&Session::Stub::Stop, request, Attempt("stop", name));
  if (absl::IsDeadlineExceeded(streamer.status())) {
    client->output().Message(absl::StrCat("the stop goes on; watch it with: binlogctl status ", name, " --watch"));
  }
  if (!streamer.ok()) return streamer.status();
  if (client->printer().table()) {
    client->output().Write(absl::StrCat("streamer \"", name, "\" stopped\n"));
  } else {
    client->printer().Print(*streamer, UnsetFields::kLeaveOut);
  }
  return absl::OkStatus();
}

}  // namespace

void AddStop(CLI::App* app, Client* client) {
  auto name = std::make_shared<std::string>();
  CLI::App* verb = AddVerb(app, "stop", "Stop a streamer, its targets flushed and closed");
  AddExample(verb, "binlogctl stop orders");
  AddStreamerName(verb, name.get())->required();
  verb->callback([name, client] { client->Do([name, client] { return Stop(*name, client); }); });
}

}  // namespace binlogd
