#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/changes_text.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/spec_input.h"
#include "client/unified_diff.h"
#include "config/spec_print.h"

namespace binlogd {
namespace {

// The spec as it is stored now, as YAML; empty when there is no such streamer.
absl::StatusOr<std::string> SpecNow(const std::string& name, Client* client) {
  v1::GetRequest request;
  request.set_name(name);
  const absl::StatusOr<v1::Streamer> streamer =
      client->session().Call(&Session::Stub::Get, request, Attempt("get", name));
  if (absl::IsNotFound(streamer.status())) return std::string();
  RETURN_IF_ERROR(streamer.status());
  return ToYaml(streamer->spec());
}

absl::Status DiffOne(const v1::StreamerSpec& spec, Client* client) {
  ASSIGN_OR_RETURN(const std::string before, SpecNow(spec.name(), client));
  v1::ApplyRequest request;
  *request.mutable_spec() = spec;
  request.set_validate_only(true);
  ASSIGN_OR_RETURN(const v1::ApplyResponse response,
                   client->session().Call(&Session::Stub::Apply, request, Attempt("compare", spec.name())));
  if (response.outcome() == v1::ApplyResponse::UNCHANGED) return absl::OkStatus();
  client->FoundDifference();
  const std::string after = ToYaml(response.streamer().spec());
  const std::string diff = UnifiedDiff(before.empty() ? "/dev/null" : absl::StrCat(spec.name(), " (now)"), before,
                                       absl::StrCat(spec.name(), " (applied)"), after, client->output().colour());
  client->output().Write(diff);
  const std::string subject = absl::StrCat("streamer \"", spec.name(), "\"");
  if (diff.empty()) client->output().Message(absl::StrCat(subject, ": only secrets given by value differ"));
  if (response.restarts()) client->output().Message(absl::StrCat(subject, " would be restarted"));
  for (const v1::FieldChange& change : response.changes()) {
    client->output().Message(
        absl::StrCat(subject, ": ", change.field(), ": ", EffectText(change, response.restarts())));
  }
  return absl::OkStatus();
}

absl::Status Diff(const std::vector<std::string>& files, Client* client) {
  std::vector<v1::StreamerSpec> specs;
  ReadSpecFiles(files, client, &specs);
  for (const v1::StreamerSpec& spec : specs) {
    const absl::Status status = DiffOne(spec, client);
    if (!status.ok()) client->Fail(status);
    // The others would fail the same way.
    if (absl::IsUnavailable(status)) break;
  }
  return absl::OkStatus();
}

}  // namespace

void AddDiff(CLI::App* app, Client* client) {
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* verb = AddVerb(app, "diff",
                           "Show what apply would change, as a unified diff; ends with 1 when there is a difference, 2 "
                           "when something went wrong");
  AddExample(verb, "binlogctl diff -f orders.yaml");
  AddFileOption(verb, files.get());
  verb->callback([files, client] { client->Do([files, client] { return Diff(*files, client); }); });
}

}  // namespace binlogd
