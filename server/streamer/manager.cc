#include "streamer/manager.h"

#include <cstdint>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/logging.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "streamer/checkpoint_clash.h"
#include "streamer/keep_secrets.h"

namespace binlogd {
namespace {

absl::Status NotFound(absl::string_view name) {
  return MakeError(absl::StatusCode::kNotFound, "STREAMER_NOT_FOUND",
                   absl::StrCat("there is no streamer ", Shown(name)));
}

absl::Status ShuttingDown() {
  return MakeError(absl::StatusCode::kUnavailable, "SHUTTING_DOWN",
                   "binlogd is shutting down; try again when it is back");
}

// What became of a change whose caller waits no longer.
absl::Status GaveUp(const Cancellation& caller, absl::string_view reason, absl::string_view message) {
  return MakeError(caller.cancelled() ? absl::StatusCode::kCancelled : absl::StatusCode::kDeadlineExceeded, reason,
                   message);
}

// Whether a streamer that runs has to be restarted to follow the other spec.
bool NeedsRestart(const StreamerSpec& before, StreamerSpec after) {
  after.labels = before.labels;
  return before != after;
}

// What it means to give a streamer another spec.
Manager::Applied Replacing(const StreamerSpec& before, bool desired_running, const StreamerSpec& spec) {
  using Outcome = Manager::Outcome;
  if (before == spec) return {Outcome::kUnchanged, before};
  return {desired_running && NeedsRestart(before, spec) ? Outcome::kRestarted : Outcome::kUpdated, before};
}

absl::Status CheckEtag(const StreamerRecord& record, absl::string_view etag) {
  if (etag.empty() || etag == absl::StrCat(record.generation)) return absl::OkStatus();
  return MakeError(absl::StatusCode::kAborted, "STALE_ETAG",
                   absl::StrCat("streamer \"", record.spec.name, "\" was changed since (its etag is ",
                                record.generation, ", not ", Shown(etag), "); get it again and redo the change"));
}

absl::Status CheckStreamersClash(const StreamerSpec& spec, const StreamerSpec& other) {
  for (size_t i = 0; i < spec.targets.size(); ++i) {
    for (const TargetSpec& target : other.targets) {
      const TargetClash clash = FindClash(spec.name, spec.targets[i], other.name, target);
      if (clash.empty()) continue;
      return InvalidField(absl::StrCat("targets[", i, "].", clash.field), clash.reason,
                          absl::StrCat(clash.thing, " belongs to streamer \"", other.name, "\", target \"", target.name,
                                       "\"; give each target its own"));
    }
  }
  if (!spec.checkpoint.file.empty() && !other.checkpoint.file.empty() &&
      PlacesOverlap(spec.checkpoint.file, other.checkpoint.file)) {
    return InvalidField("checkpoint.file", "CHECKPOINT_FILE_IN_USE",
                        absl::StrCat("streamer \"", other.name, "\" writes it"));
  }
  RETURN_IF_ERROR(CheckApart(spec.checkpoint.file, other));
  return CheckApart(other.checkpoint.file, spec);
}

}  // namespace

Manager::Manager(std::unique_ptr<Store> store, int most_connecting) : store_(std::move(store)) {
  shared_.gate = std::make_shared<ConnectGate>(most_connecting);
}

Manager::~Manager() { Shutdown(); }

std::shared_ptr<Manager::Entry> Manager::MakeEntry(const StreamerRecord& record) const {
  auto entry = std::make_shared<Entry>();
  absl::MutexLock lock(&entry->mutex);
  entry->record = record;
  entry->streamer = MakeStreamer(record.spec);
  if (!record.desired_running) entry->streamer->ForgetEnd();
  return entry;
}

std::shared_ptr<Streamer> Manager::MakeStreamer(const StreamerSpec& spec) const {
  return std::make_shared<Streamer>(spec, store_->CheckpointPath(spec.name), shared_);
}

void Manager::ExpectLoad() {
  absl::MutexLock lock(&mutex_);
  loading_ = true;
}

absl::Status Manager::LoadedStatus() const {
  if (!loading_) return absl::OkStatus();
  return MakeError(absl::StatusCode::kUnavailable, "STREAMERS_LOADING",
                   "binlogd has just started and still loads its streamers; try again");
}

absl::Status Manager::CheckLoaded() const {
  absl::ReaderMutexLock lock(&mutex_);
  return LoadedStatus();
}

absl::Status Manager::Load() {
  std::map<std::string, absl::Status> left_out;
  ASSIGN_OR_RETURN(const std::vector<StreamerRecord> records, store_->Load(&left_out));
  for (const StreamerRecord& record : records) {
    const std::shared_ptr<Entry> entry = MakeEntry(record);
    {
      absl::MutexLock lock(&mutex_);
      entries_[record.spec.name] = entry;
    }
    shared_.board->Note(record.spec.name);
    const bool finished = StreamerOf(*entry)->Snapshot().state == StreamerState::kFinished;
    if (record.desired_running && !finished) RETURN_IF_ERROR(StreamerOf(*entry)->Start());
  }
  {
    absl::MutexLock lock(&mutex_);
    left_out_ = std::move(left_out);
    loading_ = false;
  }
  Log(LogLevel::kInfo, "server", absl::StrCat("streamers loaded: ", records.size()));
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<Manager::Entry>> Manager::FindEntry(absl::string_view name) const {
  absl::ReaderMutexLock lock(&mutex_);
  RETURN_IF_ERROR(LoadedStatus());
  const auto found = entries_.find(std::string(name));
  if (found != entries_.end()) return found->second;
  const auto left_out = left_out_.find(std::string(name));
  if (left_out == left_out_.end()) return NotFound(name);
  return MakeError(
      absl::StatusCode::kNotFound, "STREAMER_NOT_FOUND",
      absl::StrCat("streamer ", Shown(name), " was left out when binlogd started: ", left_out->second.message()));
}

Manager::Change::~Change() {
  if (entry_ == nullptr) return;  // Moved from.
  absl::MutexLock lock(&entry_->mutex);
  entry_->changing = false;
}

absl::Status Manager::CheckAlive(absl::string_view name, const Entry& entry) const {
  absl::ReaderMutexLock lock(&mutex_);
  if (shutting_down_) return ShuttingDown();
  const auto found = entries_.find(std::string(name));
  return found == entries_.end() || found->second.get() != &entry ? NotFound(name) : absl::OkStatus();
}

std::optional<Manager::Change> Manager::TakeChange(const std::shared_ptr<Entry>& entry, const Cancellation& caller) {
  // Whoever lets go of the lock has the condition looked at again.
  const Cancellation::Listener wake(caller, [&entry] { absl::MutexLock lock(&entry->mutex); });
  absl::MutexLock lock(&entry->mutex);
  const auto over = [&entry, &caller]() {
    entry->mutex.AssertReaderHeld();
    return entry->unchanging() || caller.cancelled();
  };
  entry->mutex.AwaitWithDeadline(absl::Condition(&over), caller.deadline());
  if (entry->changing) return std::nullopt;
  entry->changing = true;
  return Change(entry);
}

absl::StatusOr<Manager::Change> Manager::BeginChange(absl::string_view name, const Cancellation& caller) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, FindEntry(name));
  std::optional<Change> change = TakeChange(entry, caller);
  if (!change) {
    return GaveUp(caller, "CHANGE_NOT_BEGUN",
                  absl::StrCat("another change of streamer \"", name,
                               "\" is under way; nothing was changed: try again, or give the call a later deadline"));
  }
  RETURN_IF_ERROR(CheckAlive(name, *entry));
  return *std::move(change);
}

StreamerRecord Manager::RecordOf(const Entry& entry) {
  absl::MutexLock lock(&entry.mutex);
  return entry.record;
}

std::shared_ptr<Streamer> Manager::StreamerOf(const Entry& entry) {
  absl::MutexLock lock(&entry.mutex);
  return entry.streamer;
}

StreamerView Manager::View(const Entry& entry) {
  const StreamerRecord record = RecordOf(entry);
  StreamerView view{record.spec, absl::StrCat(record.generation), record.created, StreamerOf(entry)->Snapshot(),
                    record.creation.declared_in};
  view.snapshot.desired_running = record.desired_running;
  return view;
}

absl::Status Manager::CheckClash(const StreamerSpec& spec) const {
  RETURN_IF_ERROR(CheckApart(spec.checkpoint.file, spec));
  if (!spec.checkpoint.file.empty() && PlacesOverlap(spec.checkpoint.file, store_->directory())) {
    return InvalidField("checkpoint.file", "CHECKPOINT_FILE_IN_USE",
                        "it is in the state directory; leave it out for the default");
  }
  for (size_t i = 0; i < spec.targets.size(); ++i) {
    const FileTargetSpec* file = spec.targets[i].file();
    if (file == nullptr || !PlacesOverlap(file->path, store_->streamers_directory())) continue;
    return InvalidField(absl::StrCat("targets[", i, "].file.path"), "TARGET_PATH_IN_USE",
                        "binlogd keeps its state there");
  }
  for (const auto& [name, entry] : entries_) {
    if (name == spec.name) continue;
    absl::MutexLock lock(&entry->mutex);
    RETURN_IF_ERROR(CheckStreamersClash(spec, entry->record.spec));
    if (entry->other_spec) RETURN_IF_ERROR(CheckStreamersClash(spec, *entry->other_spec));
  }
  return absl::OkStatus();
}

void Manager::SetOtherSpec(Entry& entry, std::optional<StreamerSpec> spec) {
  absl::MutexLock lock(&entry.mutex);
  entry.other_spec = std::move(spec);
}

absl::Status Manager::Claim(Entry& entry, const StreamerSpec& spec) {
  absl::MutexLock lock(&mutex_);
  RETURN_IF_ERROR(CheckClash(spec));
  SetOtherSpec(entry, spec);
  return absl::OkStatus();
}

absl::Status Manager::Check(const StreamerSpec& spec) const {
  RETURN_IF_ERROR(CheckSpec(spec));
  {
    absl::ReaderMutexLock lock(&mutex_);
    RETURN_IF_ERROR(CheckClash(spec));
  }
  return CheckOnDisk(spec.checkpoint);
}

absl::StatusOr<StreamerView> Manager::Create(const StreamerSpec& spec, bool start, const Creation& creation) {
  RETURN_IF_ERROR(CheckSpec(spec));
  // Before anything reads it. Whose it is says more than what it is.
  if (!CheckOnDisk(spec.checkpoint).ok()) RETURN_IF_ERROR(Check(spec));
  const StreamerRecord record{spec, start, 1, absl::Now(), creation};
  const std::shared_ptr<Entry> entry = MakeEntry(record);
  const std::optional<Change> change = TakeChange(entry, Cancellation::Never());
  {
    absl::MutexLock lock(&mutex_);
    if (shutting_down_) return ShuttingDown();
    RETURN_IF_ERROR(LoadedStatus());
    if (const auto there = entries_.find(spec.name); there != entries_.end()) {
      if (!creation.id.empty() && RecordOf(*there->second).creation == creation) return View(*there->second);
      return MakeError(
          absl::StatusCode::kAlreadyExists, "STREAMER_EXISTS",
          absl::StrCat("there is a streamer \"", spec.name, "\" already; update it, or choose another name"));
    }
    RETURN_IF_ERROR(CheckClash(spec));
    entries_[spec.name] = entry;
  }
  if (const absl::Status stored = store_->Put(record); !stored.ok()) {
    absl::MutexLock lock(&mutex_);
    entries_.erase(spec.name);
    return stored;
  }
  {
    absl::MutexLock lock(&mutex_);
    left_out_.erase(spec.name);
  }
  Log(LogLevel::kInfo, spec.name, "created");
  shared_.board->Note(spec.name);
  if (start) RETURN_IF_ERROR(StreamerOf(*entry)->Start());
  return View(*entry);
}

absl::StatusOr<StreamerView> Manager::Get(absl::string_view name) const {
  ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, FindEntry(name));
  return View(*entry);
}

std::map<std::string, absl::Status> Manager::LeftOut() const {
  absl::ReaderMutexLock lock(&mutex_);
  return left_out_;
}

std::vector<StreamerView> Manager::List() const { return List(StreamerFilter(), "", SIZE_MAX); }

std::vector<StreamerView> Manager::List(const StreamerFilter& filter, absl::string_view after, size_t most) const {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    absl::ReaderMutexLock lock(&mutex_);
    for (auto place = entries_.upper_bound(std::string(after)); place != entries_.end(); ++place) {
      if (filter.MatchesName(place->first)) entries.push_back(place->second);
    }
  }
  std::vector<StreamerView> views;
  for (size_t i = 0; i < entries.size() && views.size() < most; ++i) {
    StreamerView view = View(*entries[i]);
    if (filter.Matches(view.spec.name, view.spec.labels, view.snapshot.state)) views.push_back(std::move(view));
  }
  return views;
}

absl::StatusOr<StreamerView> Manager::Settle(absl::string_view name, const Cancellation& caller) {
  ASSIGN_OR_RETURN(const Change none, BeginChange(name, caller));
  return View(*none.entry());
}

absl::StatusOr<std::shared_ptr<Streamer>> Manager::Find(absl::string_view name) const {
  ASSIGN_OR_RETURN(const std::shared_ptr<Entry> entry, FindEntry(name));
  return StreamerOf(*entry);
}

absl::Status Manager::SetDesired(Entry& entry, bool running) {
  StreamerRecord record = RecordOf(entry);
  if (record.desired_running == running) return absl::OkStatus();
  record.desired_running = running;
  RETURN_IF_ERROR(store_->Put(record));
  {
    absl::MutexLock lock(&entry.mutex);
    entry.record = record;
  }
  shared_.board->Note(record.spec.name);
  return absl::OkStatus();
}

absl::Status Manager::StopAndThen(Change& change, const absl::Status& why, std::function<absl::Status(Entry&)> rest,
                                  const Cancellation& caller) {
  const std::shared_ptr<Streamer> streamer = StreamerOf(*change.entry());
  streamer->RequestStop(why);
  if (streamer->WaitStopped(caller)) return rest(*change.entry());
  const std::string name = streamer->spec().name;
  finishers_.Run([change = std::make_shared<Change>(std::move(change)), streamer, rest = std::move(rest), name] {
    streamer->WaitStopped(Cancellation::Never());
    const absl::Status done = rest(*change->entry());
    if (!done.ok()) Log(LogLevel::kError, name, absl::StrCat("a change that went on has failed: ", done.message()));
  });
  return GaveUp(
      caller, "CHANGE_GOES_ON",
      absl::StrCat("streamer \"", name,
                   "\" takes its time to stop; the change is accepted and goes on by itself: watch its status"));
}

absl::Status Manager::Replace(Change& change, const StreamerSpec& spec, const Cancellation& caller) {
  Entry& entry = *change.entry();
  StreamerRecord record = RecordOf(entry);
  const StreamerSpec before = std::exchange(record.spec, spec);
  ++record.generation;
  const bool restarts = NeedsRestart(before, spec);
  // What the old spec has finished, the new one has not; a crash after the next line must not say so.
  absl::Status stored = restarts ? StreamerOf(entry)->ForgetFinish() : absl::OkStatus();
  if (stored.ok()) stored = store_->Put(record);
  if (!stored.ok()) {
    SetOtherSpec(entry, std::nullopt);
    return stored;
  }
  {
    // What the streamer writes to now stays its own until it has stopped.
    absl::MutexLock lock(&entry.mutex);
    entry.record = record;
    entry.other_spec = before;
  }
  shared_.board->Note(spec.name);
  Log(LogLevel::kInfo, spec.name, absl::StrCat("spec changed, generation ", record.generation));
  if (!restarts) {
    SetOtherSpec(entry, std::nullopt);
    return absl::OkStatus();
  }
  return StopAndThen(
      change,
      MakeError(absl::StatusCode::kUnavailable, "SPEC_CHANGED", "the streamer restarts with a new spec; tap it again"),
      [this](Entry& stopped) { return PutNewStreamer(stopped); }, caller);
}

absl::Status Manager::PutNewStreamer(Entry& entry) {
  const StreamerRecord record = RecordOf(entry);
  const std::shared_ptr<Streamer> streamer = MakeStreamer(record.spec);
  {
    absl::MutexLock lock(&entry.mutex);
    entry.streamer = streamer;
    entry.other_spec.reset();
  }
  return record.desired_running ? streamer->Start() : absl::OkStatus();
}

absl::StatusOr<StreamerView> Manager::Update(StreamerSpec spec, absl::string_view etag, const Cancellation& caller) {
  Applied applied;
  return Update(std::move(spec), etag, &applied, caller);
}

absl::StatusOr<StreamerView> Manager::Update(StreamerSpec spec, absl::string_view etag, Applied* applied,
                                             const Cancellation& caller) {
  RETURN_IF_ERROR(CheckSpec(spec));
  ASSIGN_OR_RETURN(Change change, BeginChange(spec.name, caller));
  const StreamerRecord record = RecordOf(*change.entry());
  RETURN_IF_ERROR(CheckEtag(record, etag));
  RETURN_IF_ERROR(KeepSecrets(record.spec, &spec));
  *applied = Replacing(record.spec, record.desired_running, spec);
  if (spec != record.spec) {
    if (spec.checkpoint != record.spec.checkpoint && !CheckOnDisk(spec.checkpoint).ok()) RETURN_IF_ERROR(Check(spec));
    RETURN_IF_ERROR(Claim(*change.entry(), spec));
    RETURN_IF_ERROR(Replace(change, spec, caller));
  }
  return View(*change.entry());
}

absl::StatusOr<StreamerView> Manager::Apply(const StreamerSpec& spec, bool start, Applied* applied,
                                            const Cancellation& caller) {
  for (;;) {
    absl::StatusOr<StreamerView> view = ApplyOnce(spec, start, applied, caller);
    // Somebody made or deleted it in between: what there was to do has changed.
    const std::string reason = ErrorReason(view.status());
    const bool overtaken = reason == "STREAMER_EXISTS" || reason == "STREAMER_NOT_FOUND";
    if (!overtaken) return view;
    if (caller.over()) {
      return GaveUp(
          caller, "CHANGE_NOT_BEGUN",
          absl::StrCat("others make and delete streamer \"", spec.name, "\"; nothing was changed: try again"));
    }
  }
}

absl::StatusOr<StreamerView> Manager::ApplyOnce(const StreamerSpec& spec, bool start, Applied* applied,
                                                const Cancellation& caller) {
  if (!Get(spec.name).ok()) {
    *applied = {Outcome::kCreated, StreamerSpec()};
    return Create(spec, start);
  }
  absl::StatusOr<StreamerView> view = Update(spec, "", applied, caller);
  RETURN_IF_ERROR(view.status());
  if (!start || view->snapshot.desired_running) return view;
  for (;;) {
    absl::StatusOr<StreamerView> started = Start(spec.name, caller);
    if (ErrorReason(started.status()) != "ALREADY_RUNNING") return started;
    view = Get(spec.name);
    if (!view.ok() || view->snapshot.desired_running) return view;  // Started by somebody else.
    ASSIGN_OR_RETURN(const std::shared_ptr<Streamer> streamer, Find(spec.name));
    streamer->WaitStopped(caller);
    if (caller.over()) {
      return GaveUp(caller, "CHANGE_GOES_ON",
                    absl::StrCat("streamer \"", spec.name,
                                 "\" has the spec, but takes its time to stop and was not started: apply it again"));
    }
  }
}

absl::StatusOr<StreamerView> Manager::Preview(StreamerSpec spec, bool start, Applied* applied) const {
  absl::StatusOr<StreamerView> view = Get(spec.name);
  if (!view.ok()) {
    if (!absl::IsNotFound(view.status())) return view;
    view = StreamerView();
    view->snapshot.name = spec.name;
    *applied = {Outcome::kCreated, StreamerSpec()};
  } else {
    RETURN_IF_ERROR(KeepSecrets(view->spec, &spec));
    *applied = Replacing(view->spec, view->snapshot.desired_running, spec);
  }
  RETURN_IF_ERROR(Check(spec));
  view->spec = std::move(spec);
  view->snapshot.desired_running = view->snapshot.desired_running || start;
  return view;
}

absl::Status Manager::Delete(absl::string_view name, absl::string_view etag, const Cancellation& caller) {
  ASSIGN_OR_RETURN(Change change, BeginChange(name, caller));
  RETURN_IF_ERROR(CheckEtag(RecordOf(*change.entry()), etag));
  return StopAndThen(
      change, MakeError(absl::StatusCode::kNotFound, "STREAMER_NOT_FOUND", "the streamer was deleted"),
      [this](Entry& stopped) { return Forget(stopped); }, caller);
}

absl::Status Manager::Forget(Entry& entry) {
  const std::string name = RecordOf(entry).spec.name;
  RETURN_IF_ERROR(store_->Remove(name));
  Log(LogLevel::kInfo, name, "deleted");
  {
    absl::MutexLock lock(&mutex_);
    entries_.erase(name);
  }
  shared_.board->Note(name);
  StreamerOf(entry)->history()->Close(NotFound(name));
  return absl::OkStatus();
}

absl::StatusOr<StreamerView> Manager::Start(absl::string_view name, const Cancellation& caller) {
  ASSIGN_OR_RETURN(const Change change, BeginChange(name, caller));
  Entry& entry = *change.entry();
  RETURN_IF_ERROR(Annotate(StreamerOf(entry)->Start(), absl::StrCat("streamer \"", name, "\"")));
  RETURN_IF_ERROR(SetDesired(entry, true));
  return View(entry);
}

absl::StatusOr<StreamerView> Manager::Stop(absl::string_view name, const Cancellation& caller) {
  std::shared_ptr<Entry> entry;
  std::shared_ptr<Streamer> streamer;
  {
    ASSIGN_OR_RETURN(const Change change, BeginChange(name, caller));
    entry = change.entry();
    streamer = StreamerOf(*entry);
    const StreamerState state = streamer->Snapshot().state;
    const bool desired = RecordOf(*entry).desired_running;
    if (!desired && state != StreamerState::kRunning && state != StreamerState::kStarting &&
        state != StreamerState::kRetrying) {
      return MakeError(absl::StatusCode::kFailedPrecondition, "NOT_RUNNING",
                       absl::StrCat("streamer \"", name, "\" is ", StreamerStateName(state), " already"));
    }
    RETURN_IF_ERROR(SetDesired(*entry, false));
    streamer->RequestStop(MakeError(absl::StatusCode::kUnavailable, "STREAMER_STOPPED", "the streamer was stopped"));
    streamer->ForgetEnd();
  }
  streamer->WaitStopped(caller);
  return View(*entry);
}

void Manager::Shutdown() {
  std::vector<std::shared_ptr<Entry>> entries;
  {
    absl::MutexLock lock(&mutex_);
    shutting_down_ = true;
    for (const auto& [name, entry] : entries_) entries.push_back(entry);
  }
  for (const auto& entry : entries) StreamerOf(*entry)->RequestStop(ShuttingDown());
  for (const auto& entry : entries) {
    // A change that was under way when the door closed may have started it again.
    const std::optional<Change> change = TakeChange(entry, Cancellation::Never());
    const std::shared_ptr<Streamer> streamer = StreamerOf(*entry);
    streamer->RequestStop(ShuttingDown());
    streamer->WaitStopped(Cancellation::Never());
    streamer->history()->Close(ShuttingDown());
  }
}

}  // namespace binlogd
