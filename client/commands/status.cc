#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/follow.h"
#include "client/interrupt.h"
#include "client/live_view.h"
#include "client/status_text.h"
#include "client/streamer_selection.h"

namespace binlogd {
namespace {

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
    Following<v1::WatchResponse> following;
    following.begin = [this](grpc::ClientContext* context) {
      v1::WatchRequest request;
      *request.mutable_filter() = options_.selection.Filter();
      request.set_revision(revision_);
      return client_->session().stub().Watch(context, request);
    };
    following.take = [this](const v1::WatchResponse& response) { return Show(response); };
    following.away = [this](const absl::Status& why) {
      client_->output().Error(why);
      view_.Restart();
    };
    return Follow(following, "cannot watch the streamers", &interrupt, client_);
  }

 private:
  // NOT_FOUND when the one streamer that is watched is not there, or no more.
  absl::Status Show(const v1::WatchResponse& response) {
    revision_ = response.revision();
    if (response.reset()) statuses_.clear();
    for (const v1::WatchResponse::Change& change : response.changes()) Take(change);
    if (!response.synced()) return absl::OkStatus();
    if (options_.selection.one() && statuses_.empty()) {
      return MakeError(absl::StatusCode::kNotFound, "STREAMER_NOT_FOUND",
                       absl::StrCat("there is no streamer \"", options_.selection.name, "\""));
    }
    if (client_->printer().table()) {
      std::vector<v1::StreamerStatus> statuses;
      for (const auto& [name, status] : statuses_) statuses.push_back(status);
      view_.Show(StatusesText(options_, statuses, client_->output().colour()));
    }
    return absl::OkStatus();
  }

  void Take(const v1::WatchResponse::Change& change) {
    if (!change.deleted().empty()) {
      statuses_.erase(change.deleted());
      return;
    }
    const v1::StreamerStatus& status = change.has_streamer() ? change.streamer().status() : change.status();
    statuses_[status.name()] = status;
    if (!client_->printer().table()) client_->printer().PrintNext(status, UnsetFields::kPrint);
  }

  const StatusOptions& options_;
  Client* const client_;
  LiveView view_;
  uint64_t revision_ = 0;
  std::map<std::string, v1::StreamerStatus> statuses_;
};

absl::Status Status(const StatusOptions& options, Client* client) {
  return options.watch ? Watcher(options, client).Run() : ShowOnce(options, client);
}

}  // namespace

void AddStatus(CLI::App* app, Client* client) {
  auto options = std::make_shared<StatusOptions>();
  CLI::App* verb = AddVerb(app, "status", "Show what streamers do");
  AddExample(verb, "binlogctl status --watch --state FAILED,RETRYING");
  AddStreamerSelection(verb, &options->selection);
  verb->add_flag("-w,--watch", options->watch, "Go on showing it as it changes, until Ctrl-C");
  verb->callback([options, client] { client->Do([options, client] { return Status(*options, client); }); });
}

}  // namespace binlogd
