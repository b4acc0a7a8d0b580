// Finds the source and the place in its log where reading goes on.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/cancellation.h"
#include "mysql/binlog_dump.h"
#include "mysql/definition_source.h"
#include "mysql/interrupter.h"
#include "mysql/server_info.h"
#include "pipeline/block_builder.h"
#include "pipeline/pipeline.h"
#include "streamer/connect_gate.h"
#include "streamer/epoch_ends.h"
#include "streamer/log_ends.h"
#include "streamer/spec.h"

namespace binlogd {

// The options of a connection to one endpoint; the secret is read now.
absl::StatusOr<ConnectOptions> MakeConnectOptions(const SourceSpec& source, const Endpoint& endpoint);
// The name by which the source lists a streamer among its replicas: the same after every restart.
std::string ReplicaName(const StreamerSpec& spec);
// How many bytes of log lie from `from` to `to`, by the source's files; as many as can be when `from` is not there.
uint64_t LogDistance(const std::vector<LogFile>& files, const Position& from, const Position& to);

// The end of the log of a server, asked over a short connection, unless another streamer asked after `since`; nothing
// while one asks. See LogEnds::Get.
std::optional<absl::StatusOr<Position>> AskLogEnd(const ConnectOptions& options, const ServerInfo& server,
                                                  LogEnds* log_ends, LogEnds::Clock::time_point since,
                                                  Interrupter* interrupter);

// A source that has been found fit, and a dump that runs.
struct OpenSource {
  Endpoint endpoint;
  bool tls = false;
  ServerInfo server;
  std::shared_ptr<const EpochStart> epoch;
  std::vector<LogFile> files;
  Position log_end;            // When the dump was started.
  absl::Duration clock_ahead;  // Our clock minus the source's.
  std::unique_ptr<BinlogDump> dump;
};

// How a streamer gets to its source, again and again during one run. Positions are the targets' own; "GTID locates,
// offsets stream": a GTID set only ever decides in which file to begin, the log itself is read by file and offset, so
// that every byte has its place.
//
// Used by the streamer's thread.
class SourceSession {
 public:
  // What a session works with; all outlives it. The targets of `pipeline` are open and their lanes not started.
  struct Parts {
    Interrupter* interrupter;  // Of the dump and of connecting.
    const Cancellation* stop;  // Ends the waiting for others that connect.
    Pipeline* pipeline;
    BlockBuilder* builder;
    ServerDefinitions* definitions;
    ConnectGate* gate;
    LogEnds* log_ends;
    EpochEnds* epoch_ends;
  };
  SourceSession(const StreamerSpec& spec, const Parts& parts);

  // Connects to the first endpoint that answers, checks the source, decides where to read (the first time: where the
  // targets stand or their start; later: where reading stopped), begins a new epoch if that is due, and starts the
  // dump. Errors are those of Connection, CheckSource and BinlogDump, and, permanent: WRONG_SOURCE, POSITION_PURGED,
  // POSITION_INVALID, SOURCE_LOST_TAIL.
  absl::StatusOr<OpenSource> Open();

  // Asks the source, over a short connection of its own, whether the log that is being read is still its log: a dump
  // goes on in silence when the log was reset under it. What was asked for another streamer lately does as well. False
  // while it is being asked for another one: check again soon. LOG_RESET when it is not; UNAVAILABLE when the log goes
  // on but the dump does not. To be called now and then while the dump is idle.
  absl::StatusOr<bool> CheckIdleDump(Interrupter* interrupter);
  // To be called at each heartbeat: since when the dump stands where it stands.
  void NotePlace();

  // The last dump ended with LOG_RESET: the next Open begins a new epoch.
  void ExpectReset() { reset_ = true; }
  // Whether reading has a place and the lanes are started.
  bool begun() const { return begun_; }
  // The last Open failed because it takes a target that is not open: all have to be opened anew.
  bool lacks_target() const { return lacks_target_; }
  // The endpoint tried last.
  std::string endpoint() const { return endpoint_; }

 private:
  // What is found out before the place is decided.
  struct Contact {
    std::unique_ptr<Connection> connection;
    ConnectOptions options;
    ServerInfo server;
    std::vector<LogFile> files;
    Position log_end;
    absl::Duration clock_ahead;
    std::map<std::string, EventHeader> formats;  // Of the files that were asked for.
  };
  absl::StatusOr<Contact> MakeContact();
  absl::StatusOr<Contact> MakeContactWith(const Endpoint& endpoint);
  // The identity of the newest epoch; empty before the first.
  std::string FollowedIdentity() const;
  absl::Status CheckIdentity(const ServerInfo& server) const;
  absl::Status DecidePlace(Contact& contact);
  absl::Status BeginReading(Contact& contact);
  // Whether the place where reading is to go on is still there; sets reset_ when the numbering has begun anew.
  absl::Status CheckPlace(Contact& contact, const Position& place, uint32_t log_created, uint32_t log_server_id);
  // Asks something over a connection that this uses up.
  absl::Status AskAside(Contact& contact, absl::FunctionRef<absl::Status(std::unique_ptr<Connection>)> ask);
  absl::StatusOr<bool> IsSameFile(Contact& contact, const std::string& file, uint32_t log_created,
                                  uint32_t log_server_id);
  absl::StatusOr<EventHeader> ReadFormatHeader(Contact& contact, const std::string& file);
  bool HoldsWhatItHas(const DurablePosition& had, const Epoch& epoch, const Contact& contact) const;
  absl::Status BeginEpoch(Contact& contact, const std::string& reason);
  absl::Status BeginTargets(Contact& contact, const std::string& reason);
  // Begins lane `index`, which stands at `had`, in the epoch, which follows the one that ended with `before`.
  absl::Status BeginTarget(Contact& contact, size_t index, const std::optional<DurablePosition>& had,
                           const EpochEnd& before, EpochStart& start);
  // The file with which the log began after the reset just found: the oldest that is there, unless one before it was
  // purged, or may have been; then the first that there can have been.
  absl::StatusOr<std::string> FirstAfterReset(Contact& contact);
  // The file with which an epoch's log began after the reset that ended the one before. POSITION_PURGED, permanent:
  // it is gone, or may be.
  absl::StatusOr<std::string> FirstFile(const Contact& contact, const EpochEnd& before) const;
  // After a reset, before anything is begun: every required target is open. Sets lacks_target_.
  absl::Status AwaitRequired();
  // Gives up each target that lacks something of an epoch whose log is gone; a required one fails the streamer.
  absl::Status GiveUpWhatIsLost(const Contact& contact, const Epoch& epoch);
  // Where to read from, for those targets that are not too far behind the most advanced one; the others catch up by
  // themselves.
  ReadStart CommonStart(const Contact& contact) const;
  // Where the first target that decodes, at or after `read_from`, begins; where none does, an empty position.
  Position DecodedFrom(const Position& read_from) const;
  // Where a new target begins, by the spec.
  absl::StatusOr<DurablePosition> ResolveStart(Contact& contact, const StartSpec& start, bool decodes);
  absl::StatusOr<std::string> Locate(Contact& contact, const std::string& gtid_set);
  uint32_t NewestEpoch() const;
  DumpOptions MakeDumpOptions(const std::string& file, uint64_t offset) const;

  absl::Status CompareWithEnd(const Position& end);

  const StreamerSpec& spec_;
  Interrupter* const interrupter_;
  const Cancellation* const stop_;
  Pipeline* const pipeline_;
  BlockBuilder* const builder_;
  ServerDefinitions* const definitions_;
  ConnectGate* const gate_;
  LogEnds* const log_ends_;
  EpochEnds* const epoch_ends_;
  std::string endpoint_;
  size_t next_endpoint_ = 0;
  bool begun_ = false;  // The builder has a place.
  bool reset_ = false;
  bool lacks_target_ = false;
  std::shared_ptr<const EpochStart> epoch_;
  ServerInfo server_;  // Of the last Open.
  Position noted_place_;
  LogEnds::Clock::time_point noted_at_;  // The dump had reached the place before.
  Position idle_since_;  // Where the dump stood at the last check, if the source's log went on beyond it.
};

}  // namespace binlogd
