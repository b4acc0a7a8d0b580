// One streamer: its state machine, and the threads that it owns.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/backoff.h"
#include "base/cancellation.h"
#include "base/log_history.h"
#include "base/trace.h"
#include "mysql/interrupter.h"
#include "pipeline/checkpoint.h"
#include "pipeline/log_reader.h"
#include "pipeline/pipeline.h"
#include "pipeline/tap.h"
#include "streamer/finish_mark.h"
#include "streamer/freshness.h"
#include "streamer/source_log.h"
#include "streamer/source_session.h"
#include "streamer/spec.h"
#include "streamer/status.h"
#include "streamer/surroundings.h"

namespace binlogd {

// Thread-safe. While it runs it owns: the streamer's thread (connects, reads, waits between tries), a thread that
// publishes the checkpoint, and the pipeline's threads; all are joined before it counts as stopped. That it has
// FINISHED is remembered on disk: it is so from the beginning when an earlier one of the name has.
//
//   STOPPED ─Start→ STARTING → RUNNING ⇄ RETRYING       any of these ─RequestStop→ STOPPING → STOPPED
//                      └────────┴──────────┴→ FAILED | FINISHED ─Start→ STARTING
class Streamer {
 public:
  // `checkpoint_path` is used when the spec names none. Beside it stands what is known of the source's tables.
  Streamer(StreamerSpec spec, std::string checkpoint_path, Surroundings surroundings = {});
  ~Streamer();  // Stops and waits.

  const StreamerSpec& spec() const { return spec_; }

  // Starts it. FAILED_PRECONDITION (ALREADY_RUNNING) when it is not STOPPED, FAILED or FINISHED.
  absl::Status Start();
  // Tells it to stop; returns at once. Nothing happens when it is not running. Taps end with `why`.
  void RequestStop(const absl::Status& why);
  // FAILED or FINISHED becomes STOPPED, also when it gets there by itself while it is being stopped.
  void ForgetEnd();
  // That it has FINISHED is forgotten on disk, durably, before its spec changes.
  absl::Status ForgetFinish() const { return finish_mark_.Clear(); }
  // Waits until it is not running. False when `deadline`, or the end of the caller's patience, came first.
  bool WaitStopped(absl::Time deadline);
  bool WaitStopped(const Cancellation& caller);

  StreamerSnapshot Snapshot() const;
  TapHub& taps() { return taps_; }
  // What was logged about the streamers of this name; outlives this one.
  const std::shared_ptr<LogHistory>& history() const { return history_; }
  // Reads the source's log once more, over a connection of its own. The streamer outlives it.
  std::unique_ptr<SearchedLog> MakeReplay(bool decodes);

 private:
  // `trace`: of the request that started it.
  void Run(const std::string& trace);
  // One life of the pipeline: opens the targets, follows the source, drains. OK when FINISHED or told to stop.
  absl::Status RunOnce();
  absl::StatusOr<std::shared_ptr<Pipeline>> MakePipeline();
  // The part of it while the targets are open.
  absl::Status Deliver(Pipeline& pipeline);
  // Connects and reads until the end, a stop, a failure of the pipeline or an error that is permanent; retries the rest
  // itself.
  absl::Status Follow(const Pipeline& pipeline, SourceSession& session, BlockBuilder& builder);
  absl::Status ReadOnce(SourceSession& session, BlockBuilder& builder, bool* progressed);
  // Publishes the error, waits. False when it was told to stop.
  bool WaitToRetry(const absl::Status& status);
  void SetStarting();
  void NoteChange() const { shared_.board->Note(spec_.name); }
  void EndRun(const absl::Status& end);
  // Logs it, unless it is OK.
  void TellOfTrouble(const absl::Status& status) const;
  void CountReconnect();
  void Connected(const OpenSource& source);
  void ShowConnected(const OpenSource& source);
  void Disconnected();
  void OnProgress(BlockBuilder& builder);
  absl::Status OnHeartbeat(SourceSession& session, BlockBuilder& builder);
  void OnCommit();
  // Asks the source, now and then, how far its log goes on while it is being read.
  void AskSourceEnd();
  void UpdateFreshness() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  SourceProgress Progress() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Tells of trouble that the streamer works on with.
  static void ShowTrouble(StreamerSnapshot* snapshot);
  // Until the run ends, every checkpoint.interval.
  void PublishCheckpoints();
  void PublishCheckpoint();
  // Only a streamer that runs may touch the file: a spec that is refused must leave it alone.
  void MoveForeignCheckpointAway() const;
  // `pipeline` outlives the namer.
  TableNamer::Options NamerOptions(const Pipeline& pipeline);
  bool stopping() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return stop_requested_; }
  bool idle() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return !running_; }
  bool run_ended() const ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return run_ended_; }

  const StreamerSpec spec_;
  const std::string definitions_path_;
  const FinishMark finish_mark_;
  const std::string checkpoint_path_;
  const Surroundings shared_;
  const std::shared_ptr<LogHistory> history_;
  TapHub taps_;
  Interrupter interrupter_;
  Interrupter check_interrupter_;  // Of the connection beside the dump.
  Interrupter end_interrupter_;    // Of that of AskSourceEnd.
  ServerDefinitions definitions_;
  ReaderCounters counters_;
  const std::vector<std::shared_ptr<TargetCounters>> target_counters_;  // In the spec's order.

  absl::Mutex control_mutex_;  // Held by Start and WaitStopped around the thread itself.
  std::thread thread_ ABSL_GUARDED_BY(control_mutex_);

  // The streamer's thread.
  std::optional<TraceScope> start_trace_;  // Until it is connected.
  Backoff backoff_{absl::Milliseconds(500), absl::Seconds(30)};
  absl::Time next_idle_check_;
  EpochEnds epoch_ends_;
  std::vector<std::shared_ptr<StoreClaim>> claims_;  // Of the run, in the spec's order.
  bool opened_ = true;                               // The last pipeline opened a target.
  std::vector<TargetSnapshot> piped_targets_;        // When the last pipeline ended.
  std::optional<Position> stop_at_;                  // ONESHOT: the end of the log when first connected.
  Epoch stop_epoch_;
  uint64_t noted_bytes_ = 0;  // Of counters_, when source_log_ was told last.

  mutable absl::Mutex mutex_;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;  // The thread has work to do.
  bool stop_requested_ ABSL_GUARDED_BY(mutex_) = false;
  bool run_ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool end_forgotten_ ABSL_GUARDED_BY(mutex_) = false;          // ForgetEnd() was called since Start().
  std::string stop_trace_ ABSL_GUARDED_BY(mutex_);              // Of the request to stop.
  std::shared_ptr<Cancellation> stop_ ABSL_GUARDED_BY(mutex_);  // Of the run; cancelled by a request to stop.
  std::shared_ptr<Pipeline> pipeline_ ABSL_GUARDED_BY(mutex_);
  StreamerSnapshot snapshot_ ABSL_GUARDED_BY(mutex_);                 // Without what Snapshot() works out.
  std::vector<TargetSnapshot> last_targets_ ABSL_GUARDED_BY(mutex_);  // When there is no pipeline.
  SourceLog source_log_ ABSL_GUARDED_BY(mutex_);
  ServerInfo server_ ABSL_GUARDED_BY(mutex_);  // That was connected last.
  Freshness freshness_ ABSL_GUARDED_BY(mutex_);
  absl::Duration clock_ahead_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace binlogd
