#include "streamer/streamer.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "base/thread.h"
#include "streamer/make_targets.h"
#include "streamer/source_replay.h"
#include "streamer/unopened_targets.h"

namespace binlogd {
namespace {

// A source that has sent nothing for this long, not even a heartbeat, does not answer.
constexpr absl::Duration kSilence = absl::Seconds(7);
// How often an idle source is asked whether its log is still the one that is read; one followed so long has taken us.
constexpr absl::Duration kIdleCheck = absl::Seconds(10);
// How often one that is not idle is asked where its log ends.
constexpr absl::Duration kAskEnd = absl::Seconds(10);

// What a source says of its log when a running dump can no longer read it.
bool MayBeReset(const absl::Status& status) {
  const std::string reason = ErrorReason(status);
  return reason == "SOURCE_LOG_CORRUPT" || reason == "POSITION_INVALID" || reason == "POSITION_PURGED";
}

EventClassCounts ReadAll(const EventClassCounters& counters) {
  EventClassCounts counts = {};
  for (size_t i = 0; i < kEventClasses; ++i) counts[i] = counters.of(static_cast<EventClass>(i));
  return counts;
}

}  // namespace

Streamer::Streamer(StreamerSpec spec, std::string checkpoint_path, Surroundings surroundings)
    : spec_(std::move(spec)),
      definitions_path_((std::filesystem::path(checkpoint_path).parent_path() / "definitions.json").string()),
      finish_mark_((std::filesystem::path(checkpoint_path).parent_path() / "finished.json").string()),
      checkpoint_path_(spec_.checkpoint.file.empty() ? std::move(checkpoint_path) : spec_.checkpoint.file),
      shared_(std::move(surroundings)),
      history_(LogHistory::Of(spec_.name)),
      taps_(spec_.name),
      target_counters_(CountersFor(spec_)) {
  absl::MutexLock lock(&mutex_);
  snapshot_.name = spec_.name;
  snapshot_.flavor = spec_.source.flavor;
  if (spec_.oneshot && finish_mark_.is_set()) snapshot_.state = StreamerState::kFinished;
  last_targets_ = UnopenedTargets(spec_, checkpoint_path_, target_counters_);
  freshness_ = Freshness(last_targets_);
}

Streamer::~Streamer() {
  RequestStop(absl::UnavailableError("the streamer is gone"));
  WaitStopped(absl::InfiniteFuture());
}

absl::Status Streamer::Start() {
  absl::MutexLock control(&control_mutex_);
  {
    absl::MutexLock lock(&mutex_);
    if (running_) {
      return MakeError(absl::StatusCode::kFailedPrecondition, "ALREADY_RUNNING",
                       absl::StrCat("it is ", StreamerStateName(snapshot_.state), " already"));
    }
  }
  RETURN_IF_ERROR(finish_mark_.Clear());
  {
    absl::MutexLock lock(&mutex_);
    running_ = true;
    end_forgotten_ = false;
    stop_requested_ = false;
    stop_ = std::make_shared<Cancellation>();
    snapshot_.state = StreamerState::kStarting;
    snapshot_.error = absl::OkStatus();
    snapshot_.start_time = absl::Now();
  }
  if (thread_.joinable()) thread_.join();
  taps_.Reopen();
  thread_ = StartThread(ThreadName("read", ':', spec_.name), [this, trace = CurrentTraceId()] { Run(trace); });
  NoteChange();
  return absl::OkStatus();
}

void Streamer::RequestStop(const absl::Status& why) {
  std::shared_ptr<Pipeline> pipeline;
  std::shared_ptr<Cancellation> stop;
  {
    absl::MutexLock lock(&mutex_);
    if (!running_ || stop_requested_) return;
    stop_requested_ = true;
    stop_trace_ = CurrentTraceId();
    stop = stop_;
    snapshot_.state = StreamerState::kStopping;
    pipeline = pipeline_;
  }
  NoteChange();
  Log(LogLevel::kInfo, spec_.name, "stopping");
  taps_.Close(why);
  stop->Cancel();
  interrupter_.Interrupt();
  check_interrupter_.Interrupt();
  end_interrupter_.Interrupt();
  definitions_.Interrupt();
  if (pipeline != nullptr) pipeline->Interrupt();
}

void Streamer::ForgetEnd() {
  bool changed = false;
  {
    absl::MutexLock lock(&mutex_);
    end_forgotten_ = true;
    if (running_) return;
    changed = snapshot_.state != StreamerState::kStopped;
    snapshot_.state = StreamerState::kStopped;
    snapshot_.error = absl::OkStatus();
  }
  TellOfTrouble(ForgetFinish());
  if (changed) NoteChange();
}

bool Streamer::WaitStopped(absl::Time deadline) { return WaitStopped(Cancellation(deadline)); }

bool Streamer::WaitStopped(const Cancellation& caller) {
  // Whoever lets go of the lock has the condition looked at again.
  const Cancellation::Listener wake(caller, [this] { absl::MutexLock lock(&mutex_); });
  {
    absl::MutexLock lock(&mutex_);
    const auto over = [this, &caller]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return idle() || caller.cancelled(); };
    mutex_.AwaitWithDeadline(absl::Condition(&over), caller.deadline());
    if (!idle()) return false;
  }
  absl::MutexLock control(&control_mutex_);
  absl::MutexLock lock(&mutex_);
  if (running_) return false;  // Started again in between.
  if (thread_.joinable()) thread_.join();
  return true;
}

void Streamer::Run(const std::string& trace) {
  start_trace_.emplace(trace);
  Log(LogLevel::kInfo, spec_.name, "starting");
  backoff_.Reset();
  stop_at_.reset();
  claims_.clear();
  for (size_t i = 0; i < spec_.targets.size(); ++i) claims_.push_back(std::make_shared<StoreClaim>());
  MoveForeignCheckpointAway();
  absl::Status end;
  for (;;) {
    end = RunOnce();
    if (end.ok() || IsPermanent(end) || !WaitToRetry(end)) break;
    SetStarting();
  }
  start_trace_.reset();
  EndRun(end);
}

void Streamer::EndRun(const absl::Status& end) {
  StreamerState state;
  std::string trace;
  {
    absl::MutexLock lock(&mutex_);
    if (stop_requested_) trace = stop_trace_;
    state = stop_requested_ ? StreamerState::kStopped : end.ok() ? StreamerState::kFinished : StreamerState::kFailed;
  }
  const TraceScope stopped_by(trace);
  const bool failed = state == StreamerState::kFailed;
  // Before anybody is told: who was told that it is FINISHED may not see it run again by itself.
  if (state == StreamerState::kFinished) {
    TellOfTrouble(Annotate(finish_mark_.Set(), "it will run again when binlogd is started again"));
  }
  Log(failed ? LogLevel::kError : LogLevel::kInfo, spec_.name,
      failed ? absl::StrCat("FAILED: ", end.message()) : std::string(StreamerStateName(state)));
  taps_.Close(failed ? Annotate(end, "the streamer has failed") : absl::UnavailableError("the streamer has ended"));
  bool forgotten = false;
  {
    absl::MutexLock lock(&mutex_);
    forgotten = end_forgotten_;
    snapshot_.state = forgotten ? StreamerState::kStopped : state;
    snapshot_.error = failed && !forgotten ? end : absl::OkStatus();
    snapshot_.error_since = absl::Now();
    running_ = false;
  }
  NoteChange();
  if (forgotten) TellOfTrouble(ForgetFinish());
}

void Streamer::TellOfTrouble(const absl::Status& status) const {
  if (!status.ok()) Log(LogLevel::kWarning, spec_.name, status.message());
}

absl::StatusOr<std::shared_ptr<Pipeline>> Streamer::MakePipeline() {
  Pipeline::Options options;
  options.batch = spec_.batch;
  options.filter = spec_.filter;
  options.source_name = spec_.name;
  options.make_replay = [this](bool decodes) { return MakeReplay(decodes); };
  options.on_failure = [this] {
    interrupter_.Interrupt();
    definitions_.Interrupt();
  };
  options.on_commit = [this] { OnCommit(); };
  const std::string directory = std::filesystem::path(definitions_path_).parent_path().string();
  ASSIGN_OR_RETURN(std::vector<std::unique_ptr<Target>> made, MakeTargets(spec_, directory));
  std::vector<PipelineTarget> targets;
  for (size_t i = 0; i < made.size(); ++i) {
    made[i]->set_counters(target_counters_[i]);
    made[i]->set_claim(claims_[i]);
    targets.push_back(PipelineTarget{.target = std::move(made[i]), .required = spec_.targets[i].required});
    if (i < piped_targets_.size()) targets.back().last = piped_targets_[i];
  }
  return std::make_shared<Pipeline>(std::move(targets), options, &taps_);
}

std::unique_ptr<SearchedLog> Streamer::MakeReplay(bool decodes) {
  return std::make_unique<SourceReplay>(
      SourceReplay::Options{&spec_, decodes, definitions_path_, &counters_.unnamed_tables});
}

absl::Status Streamer::RunOnce() {
  opened_ = true;
  ASSIGN_OR_RETURN(const std::shared_ptr<Pipeline> pipeline, MakePipeline());
  {
    absl::MutexLock lock(&mutex_);
    if (stop_requested_) return absl::OkStatus();
    pipeline_ = pipeline;
    run_ended_ = false;
    // A lane of an earlier pipeline may have interrupted; a stop has not come yet.
    interrupter_.Reset();
    check_interrupter_.Reset();
    end_interrupter_.Reset();
    definitions_.Reset();
  }
  absl::Status status = pipeline->OpenTargets();
  opened_ = status.ok();
  if (opened_) status = Deliver(*pipeline);
  pipeline->Abandon();
  piped_targets_ = pipeline->Snapshot();
  absl::MutexLock lock(&mutex_);
  last_targets_ = piped_targets_;
  pipeline_.reset();
  return status;
}

absl::Status Streamer::Deliver(Pipeline& pipeline) {
  std::thread publisher = StartThread(ThreadName("check", ':', spec_.name), [this] { PublishCheckpoints(); });
  TableNamer namer(NamerOptions(pipeline));
  BlockBuilder builder(spec_.source.flavor, spec_.batch, &pipeline, &namer);
  builder.set_subject(spec_.name);
  std::shared_ptr<Cancellation> stop;
  {
    absl::MutexLock lock(&mutex_);
    stop = stop_;
  }
  SourceSession session(spec_, {&interrupter_, stop.get(), &pipeline, &builder, &definitions_, shared_.gate.get(),
                                shared_.log_ends.get(), &epoch_ends_});
  absl::Status status = Follow(pipeline, session, builder);
  namer.Save(builder.next(), /*now=*/true);
  definitions_.Close();
  // It has FINISHED when the targets hold all that was read, also those that catch up.
  if (spec_.oneshot && status.ok()) status = pipeline.Flush(absl::InfiniteFuture(), /*patient=*/true);
  // What ended the run is the reason, and not what that did to the targets; but what is permanent is told.
  const absl::Status drained = pipeline.Drain();
  if (status.ok() || (IsPermanent(drained) && !IsPermanent(status))) status = drained;
  {
    absl::MutexLock lock(&mutex_);
    run_ended_ = true;
  }
  end_interrupter_.Interrupt();
  publisher.join();
  PublishCheckpoint();
  return status;
}

TableNamer::Options Streamer::NamerOptions(const Pipeline& pipeline) {
  TableNamer::Options options;
  options.subject = spec_.name;
  options.flavor = spec_.source.flavor;
  options.path = definitions_path_;
  options.source = &definitions_;
  options.targets_decode = spec_.decodes();
  options.filter = spec_.filter;
  options.tapped = [this] { return taps_.count() > 0; };
  options.durable = [&pipeline] {
    const std::vector<TargetSnapshot> targets = pipeline.Snapshot();
    const bool one_epoch = std::all_of(targets.begin(), targets.end(), [&targets](const TargetSnapshot& target) {
      return target.durable.epoch == targets[0].durable.epoch;
    });
    return one_epoch ? LeastPosition(targets) : Position();
  };
  options.unnamed_tables = &counters_.unnamed_tables;
  return options;
}

absl::Status Streamer::Follow(const Pipeline& pipeline, SourceSession& session, BlockBuilder& builder) {
  for (;;) {
    bool progressed = false;
    const absl::Status status = ReadOnce(session, builder, &progressed);
    if (progressed) backoff_.Reset();
    Disconnected();
    if (absl::Status sealed = builder.Seal(); !sealed.ok() && !absl::IsCancelled(sealed)) return sealed;
    {
      absl::MutexLock lock(&mutex_);
      if (stop_requested_) return absl::OkStatus();
    }
    RETURN_IF_ERROR(pipeline.Failure());
    // Before the lanes start, a target can only be opened with all the others.
    const bool reopens = session.lacks_target() || (!session.begun() && !pipeline.any_open());
    if (status.ok() || IsPermanent(status) || reopens) return status;
    if (ErrorReason(status) == "LOG_RESET") session.ExpectReset();
    CountReconnect();
    if (!WaitToRetry(status)) return absl::OkStatus();
  }
}

absl::Status Streamer::ReadOnce(SourceSession& session, BlockBuilder& builder, bool* progressed) {
  absl::StatusOr<OpenSource> source = session.Open();
  {
    absl::MutexLock lock(&mutex_);
    snapshot_.source.endpoint = session.endpoint();
  }
  RETURN_IF_ERROR(source.status());
  if (spec_.oneshot && (!stop_at_ || !(stop_epoch_ == source->epoch->epoch))) {
    stop_at_ = source->log_end;
    stop_epoch_ = source->epoch->epoch;
  }
  counters_.last_packet_nanos.store(absl::GetCurrentTimeNanos());
  taps_.Follow(source->epoch,
               ReadStart{builder.place(), builder.at_boundary(), builder.log_created(), builder.log_server_id()});
  Connected(*source);
  {
    absl::MutexLock lock(&mutex_);
    source_log_.Begin(source->epoch->epoch, source->files, source->log_end, builder.place());
    server_ = source->server;
    noted_bytes_ = counters_.bytes.total();
  }
  OnProgress(builder);
  next_idle_check_ = absl::Now() + kIdleCheck;
  const uint64_t before = counters_.events.total();
  const absl::Time since = absl::Now();
  const absl::Status status =
      ReadLog(*source->dump, builder, source->log_end, stop_at_, counters_,
              ReaderHooks{[this, &builder] { OnProgress(builder); },
                          [this, &session, &builder] { return OnHeartbeat(session, builder); }});
  const bool has_read = counters_.events.total() > before;
  // One that ends each connection at once is waited for longer and longer.
  *progressed = has_read || absl::Now() - since >= kIdleCheck;
  OnProgress(builder);
  const absl::Status named = Annotate(status, absl::StrCat("source ", session.endpoint()));
  // A log that is reset under a dump looks to the dump like a broken one: the next connection tells which it is.
  return (has_read || counters_.caught_up.load()) && MayBeReset(status) ? Transient(named) : named;
}

bool Streamer::WaitToRetry(const absl::Status& status) {
  const absl::Duration wait = backoff_.Next();
  // What keeps the targets from being opened they have told.
  Log(opened_ ? LogLevel::kWarning : LogLevel::kDebug, spec_.name,
      absl::StrCat("retrying in ", absl::FormatDuration(absl::Trunc(wait, absl::Milliseconds(1))), ": ",
                   status.message()));
  {
    absl::MutexLock lock(&mutex_);
    if (stop_requested_) return false;
    if (snapshot_.error.ok()) snapshot_.error_since = absl::Now();
    snapshot_.state = StreamerState::kRetrying;
    snapshot_.error = status;
    snapshot_.next_retry = absl::Now() + wait;
    snapshot_.retries = static_cast<uint32_t>(backoff_.tries());
  }
  NoteChange();
  absl::MutexLock lock(&mutex_);
  return !mutex_.AwaitWithTimeout(absl::Condition(this, &Streamer::stopping), wait);
}

void Streamer::SetStarting() {
  {
    absl::MutexLock lock(&mutex_);
    if (!stop_requested_) snapshot_.state = StreamerState::kStarting;
  }
  NoteChange();
}

void Streamer::Connected(const OpenSource& source) {
  Log(LogLevel::kInfo, spec_.name,
      absl::StrCat("following ", source.endpoint.ToString(), " (", FlavorName(source.server.flavor), " ",
                   source.server.version, source.tls ? ", TLS" : ", no TLS", "), epoch ", source.epoch->epoch.name()));
  start_trace_.reset();
  ShowConnected(source);
  NoteChange();
}

void Streamer::ShowConnected(const OpenSource& source) {
  absl::MutexLock lock(&mutex_);
  clock_ahead_ = source.clock_ahead;
  SourceSnapshot& shown = snapshot_.source;
  shown.endpoint = source.endpoint.ToString();
  shown.version = source.server.version;
  shown.server_id = source.server.server_id;
  shown.server_uuid = source.server.uuid;
  shown.epoch = source.epoch->epoch;
  shown.connected = true;
  shown.tls = source.tls;
  if (stop_requested_) return;
  snapshot_.state = StreamerState::kRunning;
  snapshot_.error = absl::OkStatus();
  snapshot_.retries = 0;
}

void Streamer::CountReconnect() {
  absl::MutexLock lock(&mutex_);
  ++snapshot_.reconnects;
}

void Streamer::Disconnected() {
  counters_.caught_up.store(false);
  absl::MutexLock lock(&mutex_);
  snapshot_.source.connected = false;
}

void Streamer::OnProgress(BlockBuilder& builder) {
  history_->SetPlace(builder.next().file, builder.next().offset);
  const uint64_t bytes = counters_.bytes.total();
  absl::MutexLock lock(&mutex_);
  snapshot_.read_position = builder.next();
  source_log_.Read(snapshot_.read_position, bytes - std::exchange(noted_bytes_, bytes));
  if (counters_.caught_up.load()) UpdateFreshness();
}

absl::Status Streamer::OnHeartbeat(SourceSession& session, BlockBuilder& builder) {
  OnProgress(builder);
  session.NotePlace();
  if (absl::Now() < next_idle_check_) return absl::OkStatus();
  ASSIGN_OR_RETURN(const bool checked, session.CheckIdleDump(&check_interrupter_));
  if (checked) next_idle_check_ = absl::Now() + kIdleCheck;
  return absl::OkStatus();
}

void Streamer::OnCommit() {
  absl::MutexLock lock(&mutex_);
  snapshot_.checkpoint_time = absl::Now();
  UpdateFreshness();
}

SourceProgress Streamer::Progress() const {
  const absl::Time last = absl::FromUnixNanos(counters_.last_packet_nanos.load());
  const bool answers = snapshot_.source.connected && counters_.caught_up.load() && absl::Now() - last < kSilence;
  return SourceProgress{snapshot_.source.epoch, snapshot_.read_position, answers, clock_ahead_};
}

void Streamer::UpdateFreshness() {
  const std::vector<TargetSnapshot> targets = pipeline_ != nullptr ? pipeline_->Snapshot() : last_targets_;
  const SourceProgress progress = Progress();
  freshness_.Update(targets, progress);
  const bool one_epoch = std::all_of(targets.begin(), targets.end(),
                                     [this](const TargetSnapshot& target) ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
                                       return target.durable.epoch == source_log_.epoch();
                                     });
  if (one_epoch) source_log_.Forget(LeastPosition(targets));
  const std::vector<TargetSnapshot> required = RequiredTargets(targets);
  const bool all_hold = std::all_of(required.begin(), required.end(), [&progress](const TargetSnapshot& target) {
    return Freshness::HoldsAll(target, progress);
  });
  if (all_hold) snapshot_.checkpoint_time = absl::Now();
}

void Streamer::AskSourceEnd() {
  ServerInfo server;
  std::string endpoint;
  Epoch epoch;
  {
    absl::MutexLock lock(&mutex_);
    // Who has read all that there is knows where it ends.
    if (!snapshot_.source.connected || counters_.caught_up.load()) return;
    server = server_;
    endpoint = snapshot_.source.endpoint;
    epoch = source_log_.epoch();
  }
  const absl::StatusOr<Endpoint> parsed = ParseEndpoint(endpoint);
  if (!parsed.ok()) return;
  const absl::StatusOr<ConnectOptions> options = MakeConnectOptions(spec_.source, *parsed);
  if (!options.ok()) return;
  const auto end =
      AskLogEnd(*options, server, shared_.log_ends.get(), LogEnds::Clock::now() - LogEnds::kMostAge, &end_interrupter_);
  if (!end || !end->ok()) return;
  absl::MutexLock lock(&mutex_);
  if (source_log_.epoch() == epoch) source_log_.SeeEnd(**end);
}

StreamerSnapshot Streamer::Snapshot() const {
  absl::MutexLock lock(&mutex_);
  StreamerSnapshot snapshot = snapshot_;
  snapshot.targets = pipeline_ != nullptr ? pipeline_->Snapshot() : last_targets_;
  freshness_.Fill(Progress(), snapshot_.start_time, &snapshot.targets);
  const std::vector<TargetSnapshot> required = RequiredTargets(snapshot.targets);
  snapshot.position = LeastPosition(required);
  for (TargetSnapshot& target : snapshot.targets) {
    target.lag_bytes = source_log_.BytesBehind(target.durable.epoch, target.durable.position);
  }
  snapshot.source_end = source_log_.end();
  for (const TargetSnapshot& target : required) {
    snapshot.lag_seconds = std::max(snapshot.lag_seconds, target.lag_seconds);
  }
  snapshot.events_read = counters_.events.total();
  snapshot.bytes_read = counters_.bytes.total();
  snapshot.events_by_class = ReadAll(counters_.events);
  snapshot.bytes_by_class = ReadAll(counters_.bytes);
  snapshot.unnamed_tables = counters_.unnamed_tables.load();
  snapshot.queue_bytes = pipeline_ != nullptr ? pipeline_->queue_bytes() : 0;
  snapshot.queue_budget_bytes = Pipeline::kBudgetBytes;
  snapshot.taps = taps_.count();
  snapshot.tap_events = taps_.sent_events();
  snapshot.tap_dropped_events = taps_.dropped_events();
  snapshot.tap_gaps = taps_.gaps();
  snapshot.tap_decode_errors = taps_.decode_errors();
  if (!running_) snapshot.start_time = absl::InfinitePast();
  const int64_t last_event = counters_.last_event_seconds.load();
  if (last_event != 0) snapshot.last_event_time = absl::FromUnixSeconds(last_event);
  ShowTrouble(&snapshot);
  if (snapshot.state != StreamerState::kRetrying) snapshot.next_retry = absl::InfinitePast();
  return snapshot;
}

void Streamer::ShowTrouble(StreamerSnapshot* snapshot) {
  if (snapshot->state != StreamerState::kRunning) return;
  for (const TargetSnapshot& target : snapshot->targets) {
    if (target.error.ok() || !target.required) continue;
    snapshot->state = StreamerState::kRetrying;
    snapshot->error = Annotate(target.error, absl::StrCat("target \"", target.name, "\""));
    snapshot->error_since = target.error_since;
  }
  if (!snapshot->error.ok() || snapshot->checkpoint_error.ok()) return;
  snapshot->error = snapshot->checkpoint_error;
  snapshot->error_since = snapshot->checkpoint_error_since;
}

void Streamer::MoveForeignCheckpointAway() const {
  if (!spec_.checkpoint.enabled || !spec_.checkpoint.file.empty()) return;
  const absl::Status status = ReadCheckpoint(checkpoint_path_).status();
  if (!absl::IsDataLoss(status)) return;
  TellOfTrouble(status);
  // Whatever it is, it may be somebody's.
  (void)std::rename(checkpoint_path_.c_str(), (checkpoint_path_ + ".corrupt").c_str());
}

void Streamer::PublishCheckpoints() {
  // Streamers that start together do not all write at one time.
  constexpr int64_t kParts = 1000;
  const auto part = static_cast<int64_t>(std::hash<std::string>()(spec_.name) % kParts);
  absl::Time publish = absl::Now() + spec_.checkpoint.interval * part / kParts;
  absl::Time ask = absl::Now() + kAskEnd;
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithDeadline(absl::Condition(this, &Streamer::run_ended), std::min(publish, ask))) return;
    }
    if (absl::Now() >= publish) {
      PublishCheckpoint();
      publish = absl::Now() + spec_.checkpoint.interval;
    }
    if (absl::Now() >= ask) {
      AskSourceEnd();
      ask = absl::Now() + kAskEnd;
    }
  }
}

void Streamer::PublishCheckpoint() {
  if (!spec_.checkpoint.enabled) return;
  const StreamerSnapshot snapshot = Snapshot();
  Checkpoint checkpoint;
  checkpoint.streamer = spec_.name;
  checkpoint.position = snapshot.position;
  checkpoint.event_count = snapshot.events_read;
  checkpoint.byte_count = snapshot.bytes_read;
  checkpoint.last_update = snapshot.checkpoint_time;
  checkpoint.start_time = snapshot.start_time;
  checkpoint.targets = snapshot.targets;
  checkpoint.fresh_until = absl::InfiniteFuture();
  for (const TargetSnapshot& target : RequiredTargets(snapshot.targets)) {
    checkpoint.fresh_until = std::min(checkpoint.fresh_until, target.fresh_until);
  }
  const auto over = spec_.checkpoint.file.empty() ? CheckpointOver::kAnything : CheckpointOver::kCheckpoint;
  const absl::Status written = Annotate(WriteCheckpoint(checkpoint_path_, checkpoint, over), "checkpoint");
  bool news = false;
  {
    absl::MutexLock lock(&mutex_);
    news = written.ok() != snapshot_.checkpoint_error.ok();
    if (!written.ok()) ++snapshot_.checkpoint_failures;
    if (news) snapshot_.checkpoint_error_since = absl::Now();
    snapshot_.checkpoint_error = written;
  }
  if (news) TellOfTrouble(written);
}

}  // namespace binlogd
