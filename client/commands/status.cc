#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/interrupt.h"
#include "client/live_view.h"
#include "client/status_text.h"
#include "client/streamer_selection.h"

namespace binlogd {
namespace {

constexpr absl::Duration kWatchInterval = absl::Seconds(1);

struct StatusOptions {
  StreamerSelection selection;
  bool watch = false;
};

absl::StatusOr<std::vector<v1::StreamerStatus>> Fetch(const StreamerSelection& selection, Client* client) {
  std::vector<v1::StreamerStatus> statuses;
  if (selection.one()) {
    v1::StatusRequest request;
    request.set_name(selection.name);
    ASSIGN_OR_RETURN(statuses.emplace_back(), client->session().Call(&Session::Stub::Status, request,
                                                                     Attempt("get the status of", selection.name)));
    return statuses;
  }
  ASSIGN_OR_RETURN(const std::vector<v1::Streamer> streamers, FetchStreamers(selection, client));
  for (const v1::Streamer& streamer : streamers) statuses.push_back(streamer.status());
  return statuses;
}

std::string StatusesText(const StatusOptions& options, const std::vector<v1::StreamerStatus>& statuses, bool colour) {
  return options.selection.one() ? StatusDetails(statuses[0], absl::Now(), colour) : StatusTable(statuses, colour);
}

absl::Status ShowOnce(const StatusOptions& options, Client* client) {
  ASSIGN_OR_RETURN(const std::vector<v1::StreamerStatus> statuses, Fetch(options.selection, client));
  if (client->printer().table()) {
    client->output().Write(StatusesText(options, statuses, client->output().colour()));
  } else if (options.selection.one()) {
    client->printer().Print(statuses[0], UnsetFields::kPrint);
  } else {
    client->printer().PrintAll(PointersTo(statuses), UnsetFields::kPrint);
  }
  return absl::OkStatus();
}

// Shows what changes until interrupted.
class Watcher {
 public:
  Watcher(const StatusOptions& options, Client* client)
      : options_(options), client_(client), view_(&client->output()) {}

  absl::Status Run() {
    Interrupt interrupt;
    do {
      RETURN_IF_ERROR(Poll());
    } while (!interrupt.WaitFor(kWatchInterval) && !client_->output().closed());
    return absl::OkStatus();
  }

 private:
  // Fails at the first poll, or when a later one fails for another reason than that binlogd is away for a while.
  absl::Status Poll() {
    const absl::StatusOr<std::vector<v1::StreamerStatus>> statuses = Fetch(options_.selection, client_);
    if (!statuses.ok()) {
      if (!seen_ || !absl::IsUnavailable(statuses.status())) return statuses.status();
      if (!away_) client_->output().Error(statuses.status());
      away_ = true;
      return absl::OkStatus();
    }
    seen_ = true;
    away_ = false;
    if (client_->printer().table()) {
      view_.Show(StatusesText(options_, *statuses, client_->output().colour()));
    } else {
      PrintChanged(*statuses);
    }
    return absl::OkStatus();
  }

  void PrintChanged(const std::vector<v1::StreamerStatus>& statuses) {
    std::map<std::string, std::string> current;
    for (const v1::StreamerStatus& status : statuses) {
      const std::string& text = current[status.name()] = ToJsonLine(status);
      const auto before = printed_.find(status.name());
      if (before == printed_.end() || before->second != text) client_->printer().PrintNext(status, UnsetFields::kPrint);
    }
    printed_ = std::move(current);
  }

  const StatusOptions& options_;
  Client* const client_;
  LiveView view_;
  bool seen_ = false;
  bool away_ = false;
  // What was printed last, by name.
  std::map<std::string, std::string> printed_;
};

absl::Status Status(const StatusOptions& options, Client* client) {
  return options.watch ? Watcher(options, client).Run() : ShowOnce(options, client);
}

}  // namespace

void AddStatus(CLI::App* app, Client* client) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* verb = AddVerb(app, "status", "Show what streamers do");
  AddStreamerSelection(verb, &options->selection);
  verb->add_flag("-w,--watch", options->watch, "Go on showing it as it changes, until Ctrl-C");
  verb->callback([options, client] { client->Do([options, client] { return Status(*options, client); }); });
}

}  // namespace binlogd
