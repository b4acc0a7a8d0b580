// Streaming calls that go on when binlogd comes back.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/sync_stream.h>

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "client/client.h"
#include "client/interrupt.h"

namespace binlogd {

template <typename Response>
struct Following {
  // Begins the call, from where it was.
  std::function<std::unique_ptr<grpc::ClientReader<Response>>(grpc::ClientContext*)> begin;
  // Takes a message; an error ends it all.
  std::function<absl::Status(const Response&)> take;
  // Binlogd is away, this is why; it is tried again every second. Called once each time that it goes.
  std::function<void(const absl::Status&)> away;
};

// Follows until it is interrupted, or the reader of standard output has gone away (OK); `take` fails; the first call
// fails; or a later one for another reason than that binlogd is away for a while. `attempt` begins the message of a
// failure.
template <typename Response>
absl::Status Follow(const Following<Response>& following, const std::string& attempt, Interrupt* interrupt,
                    Client* client) {
  constexpr absl::Duration kRetryInterval = absl::Seconds(1);
  bool seen = false, away = false;
  for (;;) {
    grpc::ClientContext context;
    absl::Status taken;
    grpc::Status status;
    {
      const std::unique_ptr<grpc::ClientReader<Response>> reader = following.begin(&context);
      Interrupt::Watch watch(interrupt, [&context] { context.TryCancel(); });
      Response response;
      bool enough = false;
      while (!enough && reader->Read(&response)) {
        seen = true;
        away = false;
        taken = following.take(response);
        enough = !taken.ok() || client->output().closed();
      }
      if (enough) context.TryCancel();
      status = reader->Finish();
    }
    if (!taken.ok()) return taken;
    if (client->output().closed() || interrupt->WaitFor(absl::ZeroDuration())) return absl::OkStatus();
    const absl::Status ended = client->session().Explain(status, attempt);
    // A server that shuts down cancels what has just come.
    const bool passes = absl::IsUnavailable(ended) || absl::IsCancelled(ended);
    if (ended.ok() || !seen || !passes) return ended;
    if (!away) following.away(ended);
    away = true;
    if (interrupt->WaitFor(kRetryInterval)) return absl::OkStatus();
  }
}

}  // namespace binlogd
