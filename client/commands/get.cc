#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/status_text.h"
#include "client/table.h"

namespace binlogd {
namespace {

absl::StatusOr<std::vector<v1::Streamer>> Fetch(const std::string& name, Client* client) {
  if (!name.empty()) {
    v1::GetRequest request;
    request.set_name(name);
    ASSIGN_OR_RETURN(v1::Streamer streamer, client->session().Call(&Session::Stub::Get, request, Attempt("get", name)));
    return std::vector<v1::Streamer>{std::move(streamer)};
  }
  ASSIGN_OR_RETURN(const v1::ListResponse response,
                   client->session().Call(&Session::Stub::List, v1::ListRequest(), "cannot list the streamers"));
  return std::vector<v1::Streamer>(response.streamers().begin(), response.streamers().end());
}

std::string StreamersTable(const std::vector<v1::Streamer>& streamers, bool colour) {
  Table table({{"NAME"}, {"DESIRED"}, {"STATE"}, {"FLAVOR"}, {"SOURCE"}, {"TARGETS"}, {"CREATED"}});
  for (const v1::Streamer& streamer : streamers) {
    const v1::StreamerSpec& spec = streamer.spec();
    const auto target_name = [](std::string* out, const v1::TargetSpec& target) { out->append(target.name()); };
    const absl::Time created = absl::FromUnixSeconds(streamer.create_time().seconds());
    table.Add(
        {spec.name(),
         StateText(streamer.status().desired_state()),
         {StateText(streamer.status().state()), StateColour(streamer.status().state())},
         v1::SourceSpec::Flavor_Name(spec.source().flavor()),
         absl::StrJoin(spec.source().endpoints(), ","),
         absl::StrJoin(spec.targets(), ",", target_name),
         streamer.has_create_time() ? absl::FormatTime("%Y-%m-%d %H:%M:%S", created, absl::LocalTimeZone()) : ""});
  }
  return table.Text(colour);
}

absl::Status Get(const std::string& name, Client* client) {
  ASSIGN_OR_RETURN(const std::vector<v1::Streamer> streamers, Fetch(name, client));
  Output& output = client->output();
  if (client->printer().format() == OutputFormat::kName) {
    for (const v1::Streamer& streamer : streamers) output.Write(absl::StrCat(streamer.spec().name(), "\n"));
    return absl::OkStatus();
  }
  if (client->printer().table()) {
    if (streamers.empty()) output.Message("there are no streamers; make one with: binlogctl apply -f FILE");
    output.Write(StreamersTable(streamers, output.colour()));
    return absl::OkStatus();
  }
  // The spec, so that what is printed can be changed and applied again.
  std::vector<const google::protobuf::Message*> specs;
  for (const v1::Streamer& streamer : streamers) specs.push_back(&streamer.spec());
  if (!name.empty()) {
    client->printer().Print(*specs[0], UnsetFields::kLeaveOut);
  } else {
    client->printer().PrintAll(specs, UnsetFields::kLeaveOut);
  }
  return absl::OkStatus();
}

}  // namespace

void AddGet(CLI::App* app, Client* client) {
  auto name = std::make_shared<std::string>();
  CLI::App* verb = AddVerb(app, "get", "Show streamers; with -o yaml or json, their specs as apply takes them");
  AddStreamerName(verb, name.get());
  verb->callback([name, client] { client->Do([name, client] { return Get(*name, client); }); });
}

}  // namespace binlogd
