#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "base/event_file.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/duration_option.h"
#include "client/follow.h"
#include "client/interrupt.h"
#include "client/streamer_selection.h"
#include "client/terminal.h"
#include "client/top/top_model.h"
#include "client/top/top_screen.h"

namespace binlogd {
namespace {

struct TopOptions {
  StreamerSelection selection;
  absl::Duration interval = absl::Seconds(1);
};

// Watches in a thread of its own what is shown by another. Thread-safe.
class Watched {
 public:
  Watched(const StreamerSelection& selection, Client* client)
      : filter_(selection.Filter()), client_(client), session_(&client->session()), thread_([this] { Run(); }) {}
  ~Watched() {
    stop_.Trigger();
    thread_.join();
  }

  // Readable when there is something new.
  int news() const { return news_.descriptor(); }

  struct View {
    TopModel model;
    std::string away;  // Why binlogd is away; empty when it is not.
    absl::Status end;  // Why the watch is over.
  };
  // What is known now; after a tick, if one is due.
  View Look(bool tick) {
    news_.Take();
    absl::MutexLock lock(&mutex_);
    if (tick) view_.model.Tick(absl::Now());
    return view_;
  }

 private:
  void Run() {
    Following<v1::WatchResponse> following;
    following.begin = [this](grpc::ClientContext* context) {
      v1::WatchRequest request;
      *request.mutable_filter() = filter_;
      {
        absl::MutexLock lock(&mutex_);
        request.set_revision(view_.model.revision());
      }
      return session_->stub().Watch(context, request);
    };
    following.take = [this](const v1::WatchResponse& response) {
      {
        absl::MutexLock lock(&mutex_);
        view_.model.Take(response, absl::Now());
        view_.away.clear();
      }
      news_.Raise();
      return absl::OkStatus();
    };
    following.away = [this](const absl::Status& why) {
      {
        absl::MutexLock lock(&mutex_);
        view_.away = absl::StrCat(why.message(), "; trying again");
      }
      news_.Raise();
    };
    const absl::Status end = Follow(following, "cannot watch the streamers", &stop_, client_);
    {
      absl::MutexLock lock(&mutex_);
      view_.end = end;
    }
    news_.Raise();
  }

  const v1::StreamerFilter filter_;
  Client* const client_;
  Session* const session_;
  const EventFile news_;
  Interrupt stop_;
  absl::Mutex mutex_;
  View view_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;  // The last: it uses all others.
};

// Calls `show` at each change and each interval, after a tick in the latter case, until it returns false, the watch has
// ended (its error), or it is interrupted.
template <typename Show>
absl::Status ShowOn(const TopOptions& options, Watched* watched, Interrupt* interrupt, std::vector<int> files,
                    Show show) {
  files.push_back(watched->news());
  absl::Time next_tick = absl::Now() + options.interval;
  while (!interrupt->WaitFor(next_tick - absl::Now(), files)) {
    const bool tick = absl::Now() >= next_tick;
    if (tick) next_tick = absl::Now() + options.interval;
    const Watched::View view = watched->Look(tick);
    if (!view.end.ok()) return view.end;
    if (!show(view, tick)) break;
  }
  return absl::OkStatus();
}

absl::Status ShowScreen(const TopOptions& options, Client* client) {
  Output& output = client->output();
  Interrupt interrupt;
  Terminal terminal(&output);
  Watched watched(options.selection, client);
  TopScreen screen(client->server());
  return ShowOn(options, &watched, &interrupt, terminal.files(), [&](const Watched::View& view, bool) {
    bool go_on = true;
    for (const Key& key : terminal.TakeKeys()) go_on = go_on && screen.Press(key, view.model, output.size());
    screen.SetAway(view.away);
    terminal.Show(screen.Lines(view.model, output.size(), absl::Now(), output.colour()));
    return go_on && !output.closed() && output.status().ok();
  });
}

// For a pipe, or a terminal that cannot move its cursor: a table each interval.
absl::Status ShowTables(const TopOptions& options, Client* client) {
  Output& output = client->output();
  Interrupt interrupt;
  Watched watched(options.selection, client);
  std::string told;
  bool first = true;
  return ShowOn(options, &watched, &interrupt, {}, [&](const Watched::View& view, bool tick) {
    if (view.away != told && !view.away.empty()) output.Message(view.away);
    told = view.away;
    if (!tick || !view.model.synced() || !view.away.empty()) return true;
    output.Write(absl::StrCat(first ? "" : "\n", TopScreen::Table(view.model, false)));
    first = false;
    return !output.closed() && output.status().ok();
  });
}

absl::Status Top(const TopOptions& options, Client* client) {
  return client->output().terminal() ? ShowScreen(options, client) : ShowTables(options, client);
}

}  // namespace

void AddTop(CLI::App* app, Client* client) {
  auto options = std::make_shared<TopOptions>();
  CLI::App* verb = AddVerb(app, "top", "Show all streamers live: states, rates, lags and errors; q quits");
  AddExample(verb, "binlogctl top --selector env=prod");
  AddStreamerSelection(verb, &options->selection);
  AddDurationOption(verb, "--interval", "Between two looks at rates and lags", "1s", &options->interval);
  verb->callback([options, client] { client->Do([options, client] { return Top(*options, client); }); });
}

}  // namespace binlogd
