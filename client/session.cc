#include "client/session.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "wire/status_detail.h"

namespace binlogd {
namespace {

std::shared_ptr<grpc::Channel> Connect(const std::string& server) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  // A control plane's address is reached directly, whatever proxy the environment names for the web.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments);
}

// The cause at the end of the transport's chain of messages: "…; last error: UNKNOWN: …: Connection refused".
absl::string_view Cause(absl::string_view message) {
  const size_t colon = message.rfind(": ");
  return colon == absl::string_view::npos ? message : message.substr(colon + 2);
}

}  // namespace

Session::Session(std::string server, absl::Duration timeout)
    : server_(std::move(server)), timeout_(timeout), stub_(v1::StreamerService::NewStub(Connect(server_))) {}

absl::Status Session::Explain(const grpc::Status& status, absl::string_view attempt) const {
  // Only binlogd itself attaches a reason; what comes without is the transport's.
  const bool from_server = !ErrorDetailOf(status).reason().empty();
  if (!from_server && status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    return absl::UnavailableError(absl::StrCat("cannot reach binlogd at ", server_, ": ", Cause(status.error_message()),
                                               "; is it running? set --server or BINLOGCTL_SERVER"));
  }
  if (!from_server && status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return absl::DeadlineExceededError(absl::StrCat(attempt, ": no answer from binlogd at ", server_, " within ",
                                                    absl::FormatDuration(timeout_), "; --timeout gives it longer"));
  }
  if (!from_server && status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    return absl::UnimplementedError(absl::StrCat(attempt, ": the server at ", server_,
                                                 " does not know this call; is it a binlogd of this version?"));
  }
  // The server names the streamer for those who have only its message; here `attempt` has named it already.
  const size_t subject = attempt.find("streamer ");
  const std::string repeated = subject == absl::string_view::npos ? "" : absl::StrCat(attempt.substr(subject), ": ");
  const std::string text = status.error_message();
  absl::string_view message = text;
  if (!repeated.empty() && absl::ConsumePrefix(&message, repeated)) {
    const grpc::Status shorter(status.error_code(), std::string(message), status.error_details());
    return Annotate(FromGrpcStatus(shorter), attempt);
  }
  return Annotate(FromGrpcStatus(status), attempt);
}

}  // namespace binlogd
