#include "client/session.h"

#include <grpcpp/create_channel.h>

#include <memory>
#include <utility>

#include "absl/random/random.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "wire/status_detail.h"

namespace binlogd {
namespace {

// The cause at the end of the transport's chain of messages: "…; last error: UNKNOWN: …: Connection refused".
absl::string_view Cause(absl::string_view message) {
  const size_t colon = message.rfind(": ");
  return colon == absl::string_view::npos ? message : message.substr(colon + 2);
}

// What to look at when the connection itself fails.
std::string WayOut(const ConnectionOptions& options, absl::string_view cause) {
  constexpr absl::string_view kBasics = "is it running? set --server or BINLOGCTL_SERVER";
  if (cause == "Connection refused") return std::string(kBasics);
  return absl::StrCat(kBasics, options.encrypted()
                                   ? "; check --tls-ca and --tls-server-name, and whether it asks for a --tls-cert"
                                   : "; if it speaks TLS, give --tls-ca");
}

// What was shown, for the message that it is not taken.
std::string Shown(const ConnectionOptions& options) {
  if (!options.token_file.empty()) return absl::StrCat("the token of --token-file ", options.token_file);
  if (!options.tls_cert.empty()) return absl::StrCat("the certificate of --tls-cert ", options.tls_cert);
  return "";
}

}  // namespace

Session::Session(ConnectionOptions connection, absl::Duration timeout)
    : connection_(std::move(connection)), timeout_(timeout) {
  absl::StatusOr<std::shared_ptr<grpc::Channel>> channel = Connect(connection_);
  status_ = channel.status();
  if (channel.ok()) channel_ = *std::move(channel);
  // Without credentials it is a channel on which every call fails.
  stub_ =
      v1::StreamerService::NewStub(channel_ != nullptr ? channel_ : grpc::CreateChannel(connection_.server, nullptr));
}

std::string Session::NewRequestId() {
  absl::BitGen random;
  const auto half = [&random] { return absl::Uniform<uint64_t>(random); };
  return absl::StrCat("binlogctl-", absl::Hex(half(), absl::kZeroPad16), absl::Hex(half(), absl::kZeroPad16));
}

bool Session::AwaitConnection() const {
  return channel_ != nullptr &&
         channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::milliseconds(1500));
}

absl::Status Session::Explain(const grpc::Status& status, absl::string_view attempt) const {
  if (!status_.ok()) return status_;
  // Only binlogd itself attaches a reason; what comes without is the transport's.
  const bool from_server = !ErrorDetailOf(status).reason().empty();
  if (!from_server && status.error_code() == grpc::StatusCode::UNAVAILABLE) {
    const std::string text = status.error_message();
    return absl::UnavailableError(absl::StrCat("cannot reach binlogd at ", connection_.server, ": ", Cause(text), "; ",
                                               WayOut(connection_, Cause(text))));
  }
  if (!from_server && status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
    return absl::DeadlineExceededError(absl::StrCat(attempt, ": no answer from binlogd at ", connection_.server,
                                                    " within ", absl::FormatDuration(timeout_),
                                                    "; --timeout gives it longer"));
  }
  if (!from_server && status.error_code() == grpc::StatusCode::UNIMPLEMENTED) {
    return absl::UnimplementedError(absl::StrCat(attempt, ": the server at ", connection_.server,
                                                 " does not know this call; is it a binlogd of this version?"));
  }
  if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED && !Shown(connection_).empty()) {
    return Annotate(FromGrpcStatus(status), absl::StrCat(attempt, " with ", Shown(connection_)));
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
