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
#include "client/interrupt.h"
#include "client/live_view.h"
#include "client/status_text.h"
#include "client/streamer_selection.h"

namespace binlogd {
namespace {

// Between two tries to reach a binlogd that is away.
constexpr absl::Duration kRetryInterval = absl::Seconds(1);

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
    for (;;) {
      const absl::Status ended = WatchOnce(&interrupt);
      // It fails at once, or later for another reason than that binlogd is away for a while.
      if (ended.ok() || !seen_ || !absl::IsUnavailable(ended)) return ended;
      if (!away_) client_->output().Error(ended);
      away_ = true;
      if (interrupt.WaitFor(kRetryInterval) || client_->output().closed()) return absl::OkStatus();
    }
  }

 private:
  // One call; OK when it was ended from here.
  absl::Status WatchOnce(Interrupt* interrupt) {
    v1::WatchRequest request;
    *request.mutable_filter() = options_.selection.Filter();
    request.set_revision(revision_);
    grpc::ClientContext context;
    absl::Status shown;
    grpc::Status status;
    {
      const std::unique_ptr<grpc::ClientReader<v1::WatchResponse>> reader =
          client_->session().stub().Watch(&context, request);
      Interrupt::Watch watch(interrupt, [&context] { context.TryCancel(); });
      v1::WatchResponse response;
      bool enough = false;
      while (!enough && reader->Read(&response)) {
        shown = Show(response);
        enough = !shown.ok() || client_->output().closed();
      }
      if (enough) context.TryCancel();
      status = reader->Finish();
    }
    RETURN_IF_ERROR(shown);
    if (client_->output().closed() || interrupt->WaitFor(absl::ZeroDuration())) return absl::OkStatus();
    return client_->session().Explain(status, "cannot watch the streamers");
  }

  // NOT_FOUND when the one streamer that is watched is not there, or no more.
  absl::Status Show(const v1::WatchResponse& response) {
    seen_ = true;
    away_ = false;
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
  bool seen_ = false;
  bool away_ = false;
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
  AddStreamerSelection(verb, &options->selection);
  verb->add_flag("-w,--watch", options->watch, "Go on showing it as it changes, until Ctrl-C");
  verb->callback([options, client] { client->Do([options, client] { return Status(*options, client); }); });
}

}  // namespace binlogd
