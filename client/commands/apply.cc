#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/changes_text.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/spec_input.h"

namespace binlogd {
namespace {

struct ApplyOptions {
  std::vector<std::string> files;
  bool start = false;
  bool dry_run = false;
};

// How the streamer stands; one that should run may have come to its end.
std::string StandsText(const v1::StreamerStatus& status) {
  if (status.desired_state() != v1::DESIRED_STATE_RUNNING) return " (stopped)\n";
  switch (status.state()) {
    case v1::FINISHED: return " (finished)\n";
    case v1::FAILED: return " (failed)\n";
    default: return " (running)\n";
  }
}

std::string OutcomeText(const v1::ApplyResponse& response) {
  const std::string& name = response.streamer().spec().name();
  const bool running = response.streamer().status().desired_state() == v1::DESIRED_STATE_RUNNING;
  const std::string start = absl::StrCat("; start it with: binlogctl start ", name, "\n");
  const std::string subject = absl::StrCat("streamer \"", name, "\" ");
  switch (response.outcome()) {
    case v1::ApplyResponse::CREATED:
      return running ? absl::StrCat(subject, "created and started\n")
                     : absl::StrCat(subject, "created (stopped)", start);
    case v1::ApplyResponse::UPDATED:
      return absl::StrCat(subject, "updated",
                          response.restarts() ? " and restarted\n" : StandsText(response.streamer().status()));
    default: return absl::StrCat(subject, "unchanged", StandsText(response.streamer().status()));
  }
}

// Of a request that only asked.
std::string WouldText(const v1::ApplyResponse& response) {
  const std::string subject = absl::StrCat("streamer \"", response.streamer().spec().name(), "\" would ");
  const bool running = response.streamer().status().desired_state() == v1::DESIRED_STATE_RUNNING;
  switch (response.outcome()) {
    case v1::ApplyResponse::CREATED: return absl::StrCat(subject, "be created", running ? " and started\n" : "\n");
    case v1::ApplyResponse::UPDATED:
      return absl::StrCat(subject, "be updated", response.restarts() ? " and restarted\n" : "\n",
                          ChangesText(response));
    default: return absl::StrCat(subject, "stay as it is\n");
  }
}

absl::Status Apply(const ApplyOptions& options, Client* client) {
  std::vector<v1::StreamerSpec> specs;
  // Nothing is applied unless all can be read.
  if (!ReadSpecFiles(options.files, client, &specs)) return absl::OkStatus();
  std::vector<v1::ApplyResponse> responses;
  for (const v1::StreamerSpec& spec : specs) {
    v1::ApplyRequest request;
    *request.mutable_spec() = spec;
    request.set_start(options.start);
    request.set_validate_only(options.dry_run);
    absl::StatusOr<v1::ApplyResponse> response =
        client->session().Call(&Session::Stub::Apply, request, Attempt("apply", spec.name()));
    if (!response.ok()) {
      client->Fail(response.status());
      // The others would fail the same way.
      if (absl::IsUnavailable(response.status())) break;
      continue;
    }
    if (client->printer().table()) {
      client->output().Write(options.dry_run ? WouldText(*response) : OutcomeText(*response));
    }
    responses.push_back(*std::move(response));
  }
  if (!client->printer().table()) client->printer().PrintAll(PointersTo(responses), UnsetFields::kLeaveOut);
  return absl::OkStatus();
}

}  // namespace

void AddApply(CLI::App* app, Client* client) {
  auto options = std::make_shared<ApplyOptions>();
  CLI::App* verb = AddVerb(app, "apply", "Create streamers from spec files, or change them to what the files say");
  AddExample(verb, "binlogctl apply -f orders.yaml --start");
  AddFileOption(verb, &options->files);
  verb->add_flag("--start", options->start, "Start them as well");
  verb->add_flag("--dry-run", options->dry_run, "Only say what would be done, and change nothing");
  verb->callback([options, client] { client->Do([options, client] { return Apply(*options, client); }); });
}

}  // namespace binlogd
