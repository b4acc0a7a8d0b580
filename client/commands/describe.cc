#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/describe_text.h"

namespace binlogd {
namespace {

constexpr uint32_t kMostRecent = 10;

// The newest events; none from a binlogd that cannot tell them.
absl::Status FetchRecent(const std::string& name, Client* client, v1::StreamerDescription* description) {
  v1::LogsRequest request;
  request.set_name(name);
  request.set_last(kMostRecent);
  grpc::ClientContext context;
  context.set_deadline(absl::ToChronoTime(absl::Now() + client->options().timeout));
  const std::unique_ptr<grpc::ClientReader<v1::LogsResponse>> reader = client->session().stub().Logs(&context, request);
  v1::LogsResponse response;
  while (reader->Read(&response)) description->mutable_recent()->MergeFrom(response.entries());
  const grpc::Status status = reader->Finish();
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) return absl::OkStatus();
  return client->session().Explain(status, Attempt("read the log of", name));
}

absl::Status Describe(const std::string& name, Client* client) {
  v1::GetRequest request;
  request.set_name(name);
  v1::StreamerDescription description;
  ASSIGN_OR_RETURN(*description.mutable_streamer(),
                   client->session().Call(&Session::Stub::Get, request, Attempt("describe", name)));
  RETURN_IF_ERROR(FetchRecent(name, client, &description));
  if (client->printer().table()) {
    client->output().Write(DescriptionText(description, absl::Now(), absl::LocalTimeZone(), client->output().colour()));
  } else {
    client->printer().Print(description, UnsetFields::kLeaveOut);
  }
  return absl::OkStatus();
}

}  // namespace

void AddDescribe(CLI::App* app, Client* client) {
  auto name = std::make_shared<std::string>();
  CLI::App* verb =
      AddVerb(app, "describe", "Show all about a streamer on one page, and what to do when it is in trouble");
  AddExample(verb, "binlogctl describe orders");
  AddStreamerName(verb, name.get())->required();
  verb->callback([name, client] { client->Do([name, client] { return Describe(*name, client); }); });
}

}  // namespace binlogd
