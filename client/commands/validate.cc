#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/spec_input.h"
#include "client/table.h"

namespace binlogd {
namespace {

Table::Cell SeverityCell(v1::Finding::Severity severity) {
  switch (severity) {
    case v1::Finding::OK: return {"ok", Colour::kGreen};
    case v1::Finding::WARNING: return {"warning", Colour::kYellow};
    default: return {"error", Colour::kRed};
  }
}

std::string FindingsText(const std::string& name, const v1::ValidateResponse& response, bool colour) {
  Table table({{"RESULT"}, {"SUBJECT"}, {"FINDING"}, {"REASON"}});
  for (const v1::Finding& finding : response.findings()) {
    table.Add({SeverityCell(finding.severity()), finding.subject(), finding.message(), finding.reason()});
  }
  return absl::StrCat("streamer \"", EscapeText(name), "\":\n", table.Text(colour));
}

absl::Status ValidateOne(const v1::StreamerSpec& spec, bool first, Client* client) {
  v1::ValidateRequest request;
  *request.mutable_spec() = spec;
  const std::string attempt = Attempt("validate", spec.name());
  ASSIGN_OR_RETURN(const v1::ValidateResponse response,
                   client->session().Call(&Session::Stub::Validate, request, attempt));
  if (client->printer().table()) {
    const std::string text = FindingsText(spec.name(), response, client->output().colour());
    client->output().Write(absl::StrCat(first ? "" : "\n", text));
  } else {
    client->printer().PrintNext(response, UnsetFields::kPrint);
  }
  const auto errors =
      std::count_if(response.findings().begin(), response.findings().end(),
                    [](const v1::Finding& finding) { return finding.severity() == v1::Finding::ERROR; });
  if (errors == 0) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition, "VALIDATION_FAILED",
                   absl::StrCat("streamer \"", spec.name(), "\" would not run: ", errors,
                                errors == 1 ? " error was found" : " errors were found"));
}

absl::Status Validate(const std::vector<std::string>& files, Client* client) {
  std::vector<v1::StreamerSpec> specs;
  ReadSpecFiles(files, client, &specs);
  for (size_t i = 0; i < specs.size(); ++i) {
    const absl::Status status = ValidateOne(specs[i], i == 0, client);
    if (!status.ok()) client->Fail(status);
    // The others would fail the same way.
    if (absl::IsUnavailable(status)) break;
  }
  return absl::OkStatus();
}

}  // namespace

void AddValidate(CLI::App* app, Client* client) {
  auto files = std::make_shared<std::vector<std::string>>();
  CLI::App* verb = AddVerb(app, "validate", "Check spec files against the real source and targets; changes nothing");
  AddExample(verb, "binlogctl validate -f orders.yaml");
  AddFileOption(verb, files.get());
  verb->callback([files, client] { client->Do([files, client] { return Validate(*files, client); }); });
}

}  // namespace binlogd
