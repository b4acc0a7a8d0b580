#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/status_text.h"
#include "client/streamer_selection.h"
#include "client/table.h"

namespace binlogd {
namespace {

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

void TellThatThereAreNone(const StreamerSelection& selection, Output* output) {
  const bool all = selection.name.empty() && selection.selector.empty() && selection.states.empty();
  output->Message(all ? "there are no streamers; make one with: binlogctl apply -f FILE"
                      : "there are no such streamers; all are shown by: binlogctl get");
}

absl::Status Get(const StreamerSelection& selection, Client* client) {
  ASSIGN_OR_RETURN(const std::vector<v1::Streamer> streamers, FetchStreamers(selection, client));
  Output& output = client->output();
  if (client->printer().format() == OutputFormat::kName) {
    for (const v1::Streamer& streamer : streamers) output.Write(absl::StrCat(streamer.spec().name(), "\n"));
    return absl::OkStatus();
  }
  if (client->printer().table()) {
    if (streamers.empty()) TellThatThereAreNone(selection, &output);
    output.Write(StreamersTable(streamers, output.colour()));
    return absl::OkStatus();
  }
  // The spec, so that what is printed can be changed and applied again.
  std::vector<const google::protobuf::Message*> specs;
  for (const v1::Streamer& streamer : streamers) specs.push_back(&streamer.spec());
  if (selection.one()) {
    client->printer().Print(*specs[0], UnsetFields::kLeaveOut);
  } else {
    client->printer().PrintAll(specs, UnsetFields::kLeaveOut);
  }
  return absl::OkStatus();
}

}  // namespace

void AddGet(CLI::App* app, Client* client) {
  auto selection = std::make_shared<StreamerSelection>();
  CLI::App* verb = AddVerb(app, "get", "Show streamers; with -o yaml or json, their specs as apply takes them");
  AddExample(verb, "binlogctl get orders -o yaml > orders.yaml");
  AddStreamerSelection(verb, selection.get());
  verb->callback([selection, client] { client->Do([selection, client] { return Get(*selection, client); }); });
}

}  // namespace binlogd
