#include "rpc/status_feed.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/thread.h"
#include "rpc/convert.h"

namespace binlogd {
namespace {

constexpr absl::Duration kTick = absl::Seconds(1);
// A message ends when it has that many bytes; it still fits into the 4 MiB that clients take by default.
constexpr size_t kMostMessageBytes = 1 << 20;

absl::Status ShuttingDown() {
  return MakeError(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                   "binlogd is shutting down; watch again from the "
                   "last revision when it is back");
}

// What makes two states of a streamer different: not that time passes.
std::string Compared(const v1::Streamer& streamer) {
  v1::StreamerStatus status = streamer.status();
  status.clear_checkpoint_time();
  const v1::State state = status.state();
  if (state == v1::STOPPED || state == v1::FAILED || state == v1::FINISHED) {
    status.clear_lag_seconds();
    for (v1::TargetStatus& target : *status.mutable_targets()) target.clear_lag_seconds();
  }
  return absl::StrCat(streamer.etag(), "\n", streamer.create_time().seconds(), ".", streamer.create_time().nanos(),
                      "\n", status.SerializeAsString());
}

bool OnlyStatusDiffers(const v1::Streamer& a, const v1::Streamer& b) {
  return a.etag() == b.etag() && a.create_time().seconds() == b.create_time().seconds() &&
         a.create_time().nanos() == b.create_time().nanos();
}

}  // namespace

// Guarded by the feed's lock.
class StatusFeed::Watcher {
 public:
  Watcher(StreamerFilter wanted, uint64_t from, std::function<void()> waker)
      : filter(std::move(wanted)), known_up_to(from), wake(std::move(waker)) {}

  const StreamerFilter filter;
  uint64_t known_up_to;
  const std::function<void()> wake;
  uint64_t began_at = 0;       // What was deleted before is not known to it.
  bool resumed = true;         // It knows streamers that we did not tell it of.
  bool told_any = false;       // Something was sent.
  uint64_t served_from = 0;    // The look at all streamers that it waits for.
  std::set<std::string> has;   // Streamers that it was told of, and not that they are gone.
  std::set<std::string> lost;  // Resumed only: streamers that are there and that it was told are gone.
};

StatusFeed::StatusFeed(Manager* manager)
    : manager_(manager),
      board_(manager->board()),
      newest_(static_cast<uint64_t>(absl::ToUnixMicros(absl::Now()))),
      forgotten_(newest_),
      thread_(StartThread("status", [this] { Run(); })) {}

StatusFeed::~StatusFeed() {
  Close();
  thread_.join();
}

void StatusFeed::Close() {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  board_->Wake();
  WakeAll();
}

absl::StatusOr<std::shared_ptr<StatusFeed::Watcher>> StatusFeed::Attach(StreamerFilter filter, uint64_t from,
                                                                        std::function<void()> wake) {
  auto watcher = std::make_shared<Watcher>(std::move(filter), from, std::move(wake));
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return ShuttingDown();
    if (watchers_.size() >= kMostWatchers) {
      return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_WATCHERS",
                       absl::StrCat("there are ", kMostWatchers,
                                    " watches already; end one, or share one between those who look at it"));
    }
    // What the feed holds may be of long ago.
    watcher->served_from = looks_begun_ + 1;
    watchers_.insert(watcher);
  }
  board_->Wake();
  return watcher;
}

void StatusFeed::SetRights(uint64_t generation) {
  {
    absl::MutexLock lock(&mutex_);
    // Two calls may come with theirs in the wrong order.
    if (generation <= rights_) return;
    rights_ = generation;
    forgotten_ = ++newest_;
  }
  WakeAll();
}

void StatusFeed::Detach(const std::shared_ptr<Watcher>& watcher) {
  absl::MutexLock lock(&mutex_);
  watchers_.erase(watcher);
}

void StatusFeed::Run() {
  for (;;) {
    board_->SetRead(false);
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &StatusFeed::wanted));
      if (closed_) return;
    }
    board_->SetRead(true);
    for (;;) {
      LookAtAll();
      const absl::Time next = absl::Now() + kTick;
      std::set<std::string> changed;
      do {
        changed = board_->Take(next);
        LookAt(changed);
      } while (!changed.empty() && absl::Now() < next);
      absl::MutexLock lock(&mutex_);
      if (closed_ || watchers_.empty()) break;
    }
  }
}

void StatusFeed::LookAt(const std::set<std::string>& names) {
  for (const std::string& name : names) {
    const absl::StatusOr<StreamerView> view = manager_->Get(name);
    if (view.ok()) {
      Publish(*view);
    } else {
      absl::MutexLock lock(&mutex_);
      PublishDeleted(name);
    }
  }
  if (!names.empty()) WakeAll();
}

void StatusFeed::LookAtAll() {
  std::set<std::string> there;
  {
    absl::MutexLock lock(&mutex_);
    ++looks_begun_;
  }
  for (const StreamerView& view : manager_->List()) {
    Publish(view);
    there.insert(view.spec.name);
  }
  {
    absl::MutexLock lock(&mutex_);
    std::vector<std::string> gone;
    for (const auto& [name, entry] : entries_) {
      if (there.count(name) == 0) gone.push_back(name);
    }
    for (const std::string& name : gone) PublishDeleted(name);
    looks_done_ = looks_begun_;
  }
  WakeAll();
}

void StatusFeed::Publish(const StreamerView& view) {
  v1::Streamer streamer = ToProto(view);
  std::string compared = Compared(streamer);
  absl::MutexLock lock(&mutex_);
  Entry& entry = entries_[view.spec.name];
  if (entry.compared == compared) return;
  if (entry.revision != 0) changes_.erase(entry.revision);
  if (entry.revision == 0 || !OnlyStatusDiffers(entry.streamer, streamer)) entry.spec_revision = newest_ + 1;
  entry.revision = ++newest_;
  entry.labels = view.spec.labels;
  entry.streamer = std::move(streamer);
  entry.compared = std::move(compared);
  changes_[entry.revision] = Change{view.spec.name, false};
}

void StatusFeed::PublishDeleted(const std::string& name) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return;
  changes_.erase(entry->second.revision);
  entries_.erase(entry);
  changes_[++newest_] = Change{name, true};
  deleted_.insert(newest_);
  if (deleted_.size() <= kMostDeleted) return;
  const uint64_t oldest = *deleted_.begin();
  forgotten_ = std::max(forgotten_, oldest);
  changes_.erase(oldest);
  deleted_.erase(deleted_.begin());
}

void StatusFeed::WakeAll() {
  std::vector<std::shared_ptr<Watcher>> woken;
  {
    absl::MutexLock lock(&mutex_);
    for (const auto& watcher : watchers_) {
      if (closed_ || watcher->known_up_to != newest_ || !watcher->told_any) woken.push_back(watcher);
    }
  }
  for (const auto& watcher : woken) watcher->wake();
}

bool StatusFeed::Tell(Watcher& watcher, const Change& change, v1::WatchResponse* response) {
  // Whatever became of it: who may not know of it is not told that it is gone either.
  if (!watcher.filter.IsVisible(change.name)) return false;
  const Entry* entry = change.deleted ? nullptr : &entries_.find(change.name)->second;
  const bool has = watcher.has.count(change.name) != 0;
  const bool wanted = entry != nullptr && watcher.filter.Matches(change.name, entry->labels, StateOf(*entry));
  if (wanted) {
    v1::WatchResponse::Change* told = response->add_changes();
    if (has && entry->spec_revision <= watcher.known_up_to) {
      *told->mutable_status() = entry->streamer.status();
    } else {
      *told->mutable_streamer() = entry->streamer;
    }
    watcher.has.insert(change.name);
    watcher.lost.erase(change.name);
    return true;
  }
  const bool may_have = has || (watcher.resumed && watcher.lost.count(change.name) == 0);
  watcher.has.erase(change.name);
  if (change.deleted) {
    watcher.lost.erase(change.name);
  } else if (watcher.resumed) {
    watcher.lost.insert(change.name);
  }
  if (!may_have) return false;
  response->add_changes()->set_deleted(change.name);
  return true;
}

absl::StatusOr<bool> StatusFeed::Take(Watcher& watcher, bool heartbeat, v1::WatchResponse* response) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return ShuttingDown();
  if (looks_done_ < watcher.served_from) return false;
  if (std::max(watcher.known_up_to, watcher.began_at) < forgotten_ || watcher.known_up_to > newest_) {
    watcher.known_up_to = 0;
    watcher.began_at = newest_;
    watcher.resumed = false;
    watcher.has.clear();
    watcher.lost.clear();
    response->set_reset(true);
  }
  // What a snapshot begins with is told although nothing may be there.
  bool news = response->reset() || !watcher.told_any || heartbeat;
  size_t bytes = 0;
  auto change = changes_.upper_bound(watcher.known_up_to);
  for (; change != changes_.end() && bytes < kMostMessageBytes; ++change) {
    if (Tell(watcher, change->second, response)) {
      news = true;
      bytes += response->changes(response->changes_size() - 1).ByteSizeLong();
    }
    watcher.known_up_to = change->first;
  }
  if (change == changes_.end()) watcher.known_up_to = newest_;
  response->set_revision(watcher.known_up_to);
  response->set_synced(change == changes_.end());
  watcher.told_any = watcher.told_any || news;
  return news;
}

}  // namespace binlogd
