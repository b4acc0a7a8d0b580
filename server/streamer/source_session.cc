#include "streamer/source_session.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "mysql/preflight.h"

namespace binlogd {
namespace {

constexpr absl::Duration kHeartbeat = absl::Seconds(2);
constexpr absl::Duration kReadTimeout = absl::Seconds(15);
constexpr uint64_t kFarAway = std::numeric_limits<uint64_t>::max();
// A target that is further behind than this is not waited for.
constexpr uint64_t kFarBehind = 64 << 20;
// How long a new epoch waits for targets that are about to have all of the one before.
constexpr absl::Duration kMostFlush = absl::Seconds(10);

absl::Status PermanentError(absl::StatusCode code, absl::string_view reason, absl::string_view message) {
  return Permanent(MakeError(code, reason, message));
}

std::string Merge(Flavor flavor, const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a.empty() ? b : a;
  const absl::StatusOr<GtidSet> merged = GtidSet::Parse(flavor, absl::StrCat(a, ",", b));
  return merged.ok() ? merged->ToString() : a;
}

absl::StatusOr<absl::Duration> ClockAhead(Connection& connection) {
  const absl::Time before = absl::Now();
  ASSIGN_OR_RETURN(const ResultSet result, connection.Query("SELECT UNIX_TIMESTAMP(NOW(6)) AS now"));
  double seconds = 0;
  if (!absl::SimpleAtod(result.First("now").value_or(""), &seconds)) return absl::ZeroDuration();
  return before + (absl::Now() - before) / 2 - absl::FromUnixNanos(static_cast<int64_t>(seconds * 1e9));
}

absl::Status FirstError(const std::vector<PreflightFinding>& findings) {
  for (const PreflightFinding& finding : findings) {
    if (!finding.status.ok() && !finding.warning) return finding.status;
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ConnectOptions> MakeConnectOptions(const SourceSpec& source, const Endpoint& endpoint) {
  ConnectOptions options;
  options.endpoint = endpoint;
  options.user = source.user;
  ASSIGN_OR_RETURN(options.password, source.password.Resolve("source.password"));
  options.tls = source.tls;
  options.read_timeout = kReadTimeout;
  return options;
}

std::string ReplicaName(const StreamerSpec& spec) {
  char host[256] = "localhost";
  (void)gethostname(host, sizeof(host) - 1);
  return absl::StrCat("binlogd-", spec.name, "@", host).substr(0, 60);
}

uint64_t LogDistance(const std::vector<LogFile>& files, const Position& from, const Position& to) {
  uint64_t distance = 0;
  bool found = false;
  for (const LogFile& file : files) {
    found = found || file.name == from.file;
    const uint64_t begin = file.name == from.file ? from.offset : 0;
    if (file.name == to.file) return found ? distance + to.offset - std::min(begin, to.offset) : kFarAway;
    if (found) distance += file.size - std::min(begin, file.size);
  }
  return kFarAway;
}

std::optional<absl::StatusOr<Position>> AskLogEnd(const ConnectOptions& options, const ServerInfo& server,
                                                  LogEnds* log_ends, LogEnds::Clock::time_point since,
                                                  Interrupter* interrupter) {
  const std::string source = absl::StrJoin(
      {options.endpoint.ToString(), server.identity(), options.user, options.password}, absl::string_view("\0", 1));
  return log_ends->Get(source, since, [&]() -> absl::StatusOr<Position> {
    ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Connection::Connect(options, interrupter));
    return GlanceAtEndOfLog(*connection, server.flavor);
  });
}

SourceSession::SourceSession(const StreamerSpec& spec, const Parts& parts)
    : spec_(spec),
      interrupter_(parts.interrupter),
      stop_(parts.stop),
      pipeline_(parts.pipeline),
      builder_(parts.builder),
      definitions_(parts.definitions),
      gate_(parts.gate),
      log_ends_(parts.log_ends),
      epoch_ends_(parts.epoch_ends) {}

DumpOptions SourceSession::MakeDumpOptions(const std::string& file, uint64_t offset) const {
  DumpOptions options;
  options.flavor = spec_.source.flavor;
  options.server_id = spec_.source.server_id;
  options.replica_name = ReplicaName(spec_);
  options.file = file;
  options.offset = offset;
  options.heartbeat = kHeartbeat;
  return options;
}

absl::StatusOr<OpenSource> SourceSession::Open() {
  ASSIGN_OR_RETURN(Contact contact, MakeContact());
  RETURN_IF_ERROR(DecidePlace(contact));
  OpenSource open;
  open.endpoint = contact.options.endpoint;
  open.tls = contact.connection->tls();
  open.server = server_ = contact.server;
  idle_since_ = Position();
  open.epoch = epoch_;
  open.files = std::move(contact.files);
  open.log_end = contact.log_end;
  open.clock_ahead = contact.clock_ahead;
  definitions_->Follow(contact.options, contact.server.flavor, contact.server.identity());
  ASSIGN_OR_RETURN(open.dump, BinlogDump::Start(std::move(contact.connection),
                                                MakeDumpOptions(builder_->place().file, builder_->BeginDump())));
  return open;
}

void SourceSession::NotePlace() {
  if (ComparePositions(builder_->place(), noted_place_) == 0) return;
  noted_place_ = builder_->place();
  noted_at_ = LogEnds::Clock::now();
}

absl::StatusOr<bool> SourceSession::CheckIdleDump(Interrupter* interrupter) {
  ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(endpoint_));
  ASSIGN_OR_RETURN(const ConnectOptions options, MakeConnectOptions(spec_.source, endpoint));
  NotePlace();
  const std::optional<absl::StatusOr<Position>> end = AskLogEnd(options, server_, log_ends_, noted_at_, interrupter);
  if (!end) return false;
  if (!end->ok()) return true;  // The dump itself will tell.
  RETURN_IF_ERROR(CompareWithEnd(**end));
  return true;
}

absl::Status SourceSession::CompareWithEnd(const Position& end) {
  const Position place = builder_->place();
  const int ahead = ComparePositions(end, place);
  if (ahead < 0) {
    return MakeError(
        absl::StatusCode::kFailedPrecondition, "LOG_RESET",
        absl::StrCat("its log ends at ", ToString(end), ", but was read up to ", ToString(place), ": it was reset"));
  }
  const bool stands_still = ahead > 0 && ComparePositions(idle_since_, place) == 0;
  idle_since_ = ahead > 0 ? place : Position();
  if (!stands_still) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("its log goes on to ", ToString(end), ", but it sends nothing after ", ToString(place)));
}

absl::StatusOr<SourceSession::Contact> SourceSession::MakeContact() {
  absl::Status reported;
  for (size_t tried = 0; tried < spec_.source.endpoints.size(); ++tried) {
    ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(spec_.source.endpoints[next_endpoint_]));
    endpoint_ = endpoint.ToString();
    absl::StatusOr<Contact> contact = MakeContactWith(endpoint);
    if (contact.ok() || absl::IsCancelled(contact.status())) return contact;
    // While one endpoint may come back, what is wrong for good with another ends nothing.
    if (reported.ok() || IsPermanent(reported)) reported = contact.status();
    next_endpoint_ = (next_endpoint_ + 1) % spec_.source.endpoints.size();
  }
  return reported;
}

absl::StatusOr<SourceSession::Contact> SourceSession::MakeContactWith(const Endpoint& endpoint) {
  Contact contact;
  ASSIGN_OR_RETURN(const ConnectGate::Pass pass, gate_->Enter(endpoint.ToString(), *stop_));
  ASSIGN_OR_RETURN(contact.options, MakeConnectOptions(spec_.source, endpoint));
  ASSIGN_OR_RETURN(contact.connection, Connection::Connect(contact.options, interrupter_));
  ASSIGN_OR_RETURN(contact.server, DescribeServer(*contact.connection));
  PreflightRequirements requirements;
  requirements.flavor = spec_.source.flavor;
  requirements.server_id = spec_.source.server_id;
  requirements.replica_name = ReplicaName(spec_);
  requirements.decodes_rows = spec_.decodes();
  requirements.gtid = spec_.source.gtid;
  ASSIGN_OR_RETURN(const std::vector<PreflightFinding> findings,
                   CheckSource(*contact.connection, contact.server, requirements));
  RETURN_IF_ERROR(Annotate(FirstError(findings), absl::StrCat("source ", endpoint.ToString())));
  for (const PreflightFinding& finding : findings) {
    // Once a run: it is the same at every reconnect.
    if (!finding.status.ok() && !begun_) Log(LogLevel::kWarning, spec_.name, finding.status.message());
  }
  RETURN_IF_ERROR(CheckIdentity(contact.server));
  ASSIGN_OR_RETURN(contact.files, ListLogFiles(*contact.connection));
  ASSIGN_OR_RETURN(contact.log_end, EndOfLog(*contact.connection, contact.server));
  ASSIGN_OR_RETURN(contact.clock_ahead, ClockAhead(*contact.connection));
  if (contact.files.empty())
    return absl::UnavailableError(absl::StrCat("source ", endpoint.ToString(), " lists no log file"));
  return contact;
}

std::string SourceSession::FollowedIdentity() const {
  const uint32_t newest = NewestEpoch();
  if (epoch_ != nullptr && epoch_->epoch.number == newest) return epoch_->epoch.identity;
  for (const auto& position : pipeline_->positions()) {
    if (position && position->epoch.number == newest) return position->epoch.identity;
  }
  return "";
}

absl::Status SourceSession::CheckIdentity(const ServerInfo& server) const {
  const std::string followed = FollowedIdentity();
  if (followed.empty() || followed == server.identity() || spec_.source.gtid) return absl::OkStatus();
  return PermanentError(
      absl::StatusCode::kFailedPrecondition, "WRONG_SOURCE",
      absl::StrCat("source ", endpoint_, ": it is not the server that the targets follow (its identity is ",
                   server.identity(), ", theirs is ", followed,
                   "); name that server, or set source.gtid to go on by GTID on this one"));
}

absl::Status SourceSession::DecidePlace(Contact& contact) {
  if (!begun_) epoch_ends_->Learn(pipeline_->positions());
  const std::string followed = FollowedIdentity();
  if (!followed.empty() && followed != contact.server.identity()) return BeginEpoch(contact, "failover");
  if (!begun_) return BeginReading(contact);
  if (!reset_) {
    RETURN_IF_ERROR(CheckPlace(contact, builder_->next(), builder_->log_created(), builder_->log_server_id()));
  }
  return reset_ ? BeginEpoch(contact, "reset") : absl::OkStatus();
}

uint32_t SourceSession::NewestEpoch() const {
  uint32_t newest = epoch_ != nullptr ? epoch_->epoch.number : 0;
  for (const auto& position : pipeline_->positions()) {
    if (position) newest = std::max(newest, position->epoch.number);
  }
  return newest;
}

absl::Status SourceSession::BeginReading(Contact& contact) {
  const uint32_t newest = NewestEpoch();
  for (size_t i = 0; i < pipeline_->lanes().size(); ++i) {
    const std::optional<DurablePosition> position = pipeline_->positions()[i];
    if (!position || position->epoch.number != newest) continue;
    const absl::Status place = CheckPlace(contact, position->position, position->log_created, position->log_server_id);
    if (IsPermanent(place)) {
      RETURN_IF_ERROR(pipeline_->GiveUp(i, place));
    } else {
      RETURN_IF_ERROR(place);
    }
    if (reset_) return BeginEpoch(contact, "reset");
  }
  return BeginTargets(contact, newest == 0 ? "first start" : "target added");
}

absl::Status SourceSession::CheckPlace(Contact& contact, const Position& place, uint32_t log_created,
                                       uint32_t log_server_id) {
  const auto file = std::find_if(contact.files.begin(), contact.files.end(),
                                 [&place](const LogFile& f) { return f.name == place.file; });
  if (file == contact.files.end()) {
    if (FileSequence(place.file) > FileSequence(contact.files.back().name)) {
      reset_ = true;
      return absl::OkStatus();
    }
    return PermanentError(
        absl::StatusCode::kOutOfRange, "POSITION_PURGED",
        absl::StrCat(
            "source ", endpoint_, ": ", place.file, " was purged before it was read from offset ", place.offset,
            " on; the oldest file left is ", contact.files.front().name,
            ". What lies between is lost to this archive: restore the file on the source, or delete the streamer and "
            "create it anew with empty targets"));
  }
  // The newest file may have grown since the list was made.
  const bool has_grown = contact.log_end.file == place.file && contact.log_end.offset >= place.offset;
  if (file->size >= place.offset || has_grown) return absl::OkStatus();
  // A server that lost a file's end in a crash has begun another file since.
  bool same = false;
  if (file != std::prev(contact.files.end())) {
    ASSIGN_OR_RETURN(same, IsSameFile(contact, place.file, log_created, log_server_id));
  }
  if (!same) {
    reset_ = true;
    return absl::OkStatus();
  }
  return PermanentError(
      absl::StatusCode::kOutOfRange, "SOURCE_LOST_TAIL",
      absl::StrCat(
          "source ", endpoint_, ": ", place.file, " has ", file->size, " bytes, but ", place.offset,
          " were read: the source lost the end of its log in a crash (sync_binlog is not 1). The archive holds "
          "transactions that the source does not; decide which is right, then create the streamer anew"));
}

absl::StatusOr<bool> SourceSession::IsSameFile(Contact& contact, const std::string& file, uint32_t log_created,
                                               uint32_t log_server_id) {
  ASSIGN_OR_RETURN(const EventHeader header, ReadFormatHeader(contact, file));
  return header.timestamp == log_created && header.server_id == log_server_id;
}

// Reads the beginning of the file over a connection of its own.
absl::StatusOr<EventHeader> SourceSession::ReadFormatHeader(Contact& contact, const std::string& file) {
  if (const auto known = contact.formats.find(file); known != contact.formats.end()) return known->second;
  EventHeader header;
  RETURN_IF_ERROR(AskAside(contact, [&](std::unique_ptr<Connection> aside) -> absl::Status {
    ASSIGN_OR_RETURN(header, BinlogDump::ReadFormatHeader(std::move(aside), MakeDumpOptions(file, kFirstEventOffset)));
    return absl::OkStatus();
  }));
  contact.formats[file] = header;
  return header;
}

absl::Status SourceSession::AskAside(Contact& contact,
                                     absl::FunctionRef<absl::Status(std::unique_ptr<Connection>)> ask) {
  // One connection at a time is watched by the interrupter.
  contact.connection.reset();
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> aside, Connection::Connect(contact.options, interrupter_));
  RETURN_IF_ERROR(ask(std::move(aside)));
  ASSIGN_OR_RETURN(contact.connection, Connection::Connect(contact.options, interrupter_));
  return absl::OkStatus();
}

absl::Status SourceSession::BeginEpoch(Contact& contact, const std::string& reason) {
  EpochEnd ended;
  ended.epoch = Epoch{NewestEpoch(), FollowedIdentity()};
  const bool same_server = ended.epoch.identity == contact.server.identity();
  if (reset_ && same_server) {
    ASSIGN_OR_RETURN(ended.next_file, FirstAfterReset(contact));
  }
  if (begun_) {
    ended.position = builder_->end();
    ended.boundary = builder_->boundary();
    ended.log_created = builder_->log_created();
    ended.log_server_id = builder_->log_server_id();
    epoch_ends_->Note(ended);
    const absl::Status flushed = pipeline_->Flush(absl::Now() + kMostFlush, /*patient=*/false);
    // After a reset nobody can read again what waits in memory for a target. After a failover the new source has it.
    if (!flushed.ok() && reset_) {
      return Annotate(flushed, "a new epoch has to wait until its target holds all of the one before");
    }
    begun_ = false;
    if (absl::Status drained = pipeline_->Drain(); flushed.ok()) RETURN_IF_ERROR(drained);
    RETURN_IF_ERROR(pipeline_->Failure());
  } else {
    epoch_ends_->Note(ended);
    if (reset_) RETURN_IF_ERROR(AwaitRequired());
  }
  auto start = std::make_shared<EpochStart>();
  start->epoch = Epoch{NewestEpoch() + 1, contact.server.identity()};
  epoch_ = start;
  reset_ = false;
  return BeginTargets(contact, reason);
}

absl::Status SourceSession::AwaitRequired() {
  for (const std::unique_ptr<TargetLane>& lane : pipeline_->lanes()) {
    if (lane->open() || !lane->required()) continue;
    lacks_target_ = true;
    const absl::Status error = lane->Snapshot().error;
    return Annotate(error.ok() ? absl::UnavailableError("it is not open") : error,
                    absl::StrCat("the source's log was reset, and a new epoch has to wait until it is known whether "
                                 "target \"",
                                 lane->name(), "\" holds all of the one before"));
  }
  epoch_ends_->Note(epoch_ends_->Of(Epoch{NewestEpoch(), FollowedIdentity()}, pipeline_->positions()));
  return absl::OkStatus();
}

// Whether the new epoch's log holds again what the target has: after a failover, also one there and back. A reset,
// by which an epoch directly follows one of the same server, numbers new transactions like old ones.
bool SourceSession::HoldsWhatItHas(const DurablePosition& had, const Epoch& epoch, const Contact& contact) const {
  if (epoch_ends_->WasReset(had.epoch, epoch)) return false;
  if (had.epoch.identity != epoch.identity) return true;
  if (!epoch_ends_->WasLeft(had.epoch, pipeline_->positions()) || had.position.gtid_set.empty()) return false;
  const absl::StatusOr<GtidSet> held = GtidSet::Parse(spec_.source.flavor, had.position.gtid_set);
  const absl::StatusOr<GtidSet> executed = GtidSet::Parse(spec_.source.flavor, contact.log_end.gtid_set);
  return held.ok() && executed.ok() && executed->Contains(*held);
}

absl::Status SourceSession::BeginTargets(Contact& contact, const std::string& reason) {
  const Epoch epoch{epoch_ != nullptr ? epoch_->epoch.number : std::max(NewestEpoch(), 1u), contact.server.identity()};
  auto start = std::make_shared<EpochStart>();
  start->epoch = epoch;
  start->server_uuid = contact.server.uuid;
  start->server_id = contact.server.server_id;
  start->server_version = contact.server.version;
  const auto is_begun = [this, &epoch](size_t index) {
    const std::optional<DurablePosition>& position = pipeline_->positions()[index];
    return position && position->epoch == epoch;
  };
  bool is_new = true;
  for (size_t i = 0; i < pipeline_->lanes().size(); ++i) is_new = is_new && !is_begun(i);
  // An earlier try to begin it may have failed.
  const bool tried = is_new && epoch_ != nullptr && !epoch_->reason.empty();
  start->reason = tried ? epoch_->reason : reason;
  epoch_ = start;
  epoch_ends_->Follow(epoch);
  RETURN_IF_ERROR(GiveUpWhatIsLost(contact, epoch));
  const EpochEnd before = epoch_ends_->Before(epoch, pipeline_->positions());
  for (size_t i = 0; i < pipeline_->lanes().size(); ++i) {
    const std::optional<DurablePosition> had = pipeline_->positions()[i];
    // One that could not be opened is begun when it can be: then all are opened anew.
    if (!pipeline_->lanes()[i]->open() || (had && had->epoch == epoch)) continue;
    const absl::Status begun = BeginTarget(contact, i, had, before, *start);
    if (IsPermanent(begun) && !pipeline_->lanes()[i]->required()) {
      RETURN_IF_ERROR(pipeline_->GiveUp(i, begun));
    } else {
      RETURN_IF_ERROR(begun);
    }
    if (!is_new || !is_begun(i)) continue;
    is_new = false;
    if (epoch.number == 1) continue;
    Log(LogLevel::kWarning, spec_.name, absl::StrCat("epoch ", epoch.name(), " begins: ", start->reason));
  }
  RETURN_IF_ERROR(pipeline_->Failure());
  if (!pipeline_->any_open()) return absl::UnavailableError("no target is open");
  const ReadStart read = CommonStart(contact);
  builder_->Begin(epoch_, read, DecodedFrom(read.position));
  begun_ = true;
  pipeline_->Start(epoch_, ReadEnd(read.position, read.log_created, read.log_server_id));
  return absl::OkStatus();
}

absl::Status SourceSession::BeginTarget(Contact& contact, size_t index, const std::optional<DurablePosition>& had,
                                        const EpochEnd& before, EpochStart& start) {
  const bool decodes = pipeline_->lanes()[index]->decodes();
  DurablePosition begin;
  if (!had) {
    ASSIGN_OR_RETURN(begin, ResolveStart(contact, spec_.targets[index].start.value_or(spec_.source.start), decodes));
  } else if (HoldsWhatItHas(*had, start.epoch, contact)) {
    begin.held_gtid_set = Merge(spec_.source.flavor, had->position.gtid_set, had->held_gtid_set);
    ASSIGN_OR_RETURN(begin.position.file, Locate(contact, begin.held_gtid_set));
    begin.position.offset = kFirstEventOffset;
  } else {
    ASSIGN_OR_RETURN(begin.position.file, FirstFile(contact, before));
    begin.position.offset = kFirstEventOffset;
  }
  // So that another file of the same name is not taken for it later.
  ASSIGN_OR_RETURN(const EventHeader format, ReadFormatHeader(contact, begin.position.file));
  begin.log_created = format.timestamp;
  begin.log_server_id = format.server_id;
  begin.epoch = start.epoch;
  begin.before = before;
  start.first = begin.position;
  return pipeline_->Begin(index, begin, start);
}

absl::StatusOr<std::string> SourceSession::FirstAfterReset(Contact& contact) {
  const std::string& oldest = contact.files.front().name;
  if (FileSequence(oldest) == 1) return oldest;
  // RESET can be told to begin with another number; that nothing came before is then known by GTIDs alone.
  const std::string earliest = absl::StrCat(oldest.substr(0, oldest.rfind('.') + 1), "000001");
  if (!contact.server.gtid) return earliest;
  bool is_first = false;
  RETURN_IF_ERROR(AskAside(contact, [&](std::unique_ptr<Connection> aside) -> absl::Status {
    const absl::StatusOr<GtidSet> previous =
        BinlogDump::ReadPreviousGtids(std::move(aside), MakeDumpOptions(oldest, kFirstEventOffset));
    is_first = previous.ok() && previous->empty();
    return absl::IsNotFound(previous.status()) ? absl::OkStatus() : previous.status();
  }));
  return is_first ? oldest : earliest;
}

absl::StatusOr<std::string> SourceSession::FirstFile(const Contact& contact, const EpochEnd& before) const {
  const std::string& oldest = contact.files.front().name;
  const bool has_all = FileSequence(oldest) <= std::max<uint64_t>(FileSequence(before.next_file), 1);
  if (has_all) return oldest;
  return PermanentError(
      absl::StatusCode::kOutOfRange, "POSITION_PURGED",
      absl::StrCat("source ", endpoint_, ": the oldest file left is ", oldest, ", but the log began with ",
                   before.next_file.empty() ? "one that is not known any more" : before.next_file,
                   ", or may have, when it was reset, and this target has nothing of the new log. What came before the "
                   "oldest file is lost to it: take it from another target, and give this one a new store (a folder, a "
                   "prefix, a transactional id)"));
}

absl::Status SourceSession::GiveUpWhatIsLost(const Contact& contact, const Epoch& epoch) {
  for (size_t i = 0; i < pipeline_->lanes().size(); ++i) {
    const std::optional<DurablePosition> had = pipeline_->positions()[i];
    if (!had || had->epoch == epoch || HoldsWhatItHas(*had, epoch, contact)) continue;
    const absl::Status whole = epoch_ends_->CheckHasAll(*had, pipeline_->lanes()[i]->decodes(), contact.server.gtid,
                                                        epoch, pipeline_->positions());
    if (!whole.ok()) RETURN_IF_ERROR(pipeline_->GiveUp(i, whole));
  }
  return absl::OkStatus();
}

ReadStart SourceSession::CommonStart(const Contact& contact) const {
  const DurablePosition* newest = nullptr;
  for (const auto& position : pipeline_->positions()) {
    if (position && (newest == nullptr || ComparePositions(position->position, newest->position) > 0)) {
      newest = &*position;
    }
  }
  const DurablePosition* least = newest;
  const auto reads_from = [](const DurablePosition& position) { return ReadStartOf(position).position; };
  for (const auto& position : pipeline_->positions()) {
    if (!position || ComparePositions(reads_from(*position), reads_from(*least)) >= 0) continue;
    const bool is_far = LogDistance(contact.files, position->position, newest->position) > kFarBehind;
    if (!is_far) least = &*position;
  }
  return ReadStartOf(*least);
}

Position SourceSession::DecodedFrom(const Position& read_from) const {
  Position from;
  for (size_t i = 0; i < pipeline_->lanes().size(); ++i) {
    if (!pipeline_->lanes()[i]->decodes()) continue;
    // It may come to want what is read at any time.
    if (!pipeline_->positions()[i]) return Position();
    const Position& position = pipeline_->positions()[i]->position;
    if (ComparePositions(position, read_from) < 0) return Position();
    if (from.empty() || ComparePositions(position, from) < 0) from = position;
  }
  return from;
}

absl::StatusOr<DurablePosition> SourceSession::ResolveStart(Contact& contact, const StartSpec& start, bool decodes) {
  DurablePosition begin;
  begin.position.offset = kFirstEventOffset;
  switch (start.kind) {
    case StartSpec::Kind::kEarliest: begin.position.file = contact.files.front().name; return begin;
    case StartSpec::Kind::kCurrent:
      begin.position.file = contact.log_end.file;
      if (decodes) begin.position = contact.log_end;
      return begin;
    case StartSpec::Kind::kGtidSet: {
      ASSIGN_OR_RETURN(begin.position.file, Locate(contact, start.gtid_set));
      begin.held_gtid_set = start.gtid_set;
      return begin;
    }
    case StartSpec::Kind::kPosition: break;
  }
  const auto file = std::find_if(contact.files.begin(), contact.files.end(),
                                 [&start](const LogFile& f) { return f.name == start.file; });
  if (file == contact.files.end()) {
    const bool purged = IsOlderFile(start.file, contact.files.front().name);
    return PermanentError(
        absl::StatusCode::kOutOfRange, purged ? "POSITION_PURGED" : "POSITION_INVALID",
        absl::StrCat("source ", endpoint_, ": source.start.position.file: ", start.file,
                     purged ? " was purged" : " is not there", "; the source has ", contact.files.front().name, " to ",
                     contact.files.back().name, ": name one of these, or set start to earliest"));
  }
  if (start.offset > file->size) {
    return PermanentError(absl::StatusCode::kOutOfRange, "POSITION_INVALID",
                          absl::StrCat("source ", endpoint_, ": source.start.position.offset: ", start.file,
                                       " has only ", file->size, " bytes"));
  }
  begin.position.file = start.file;
  if (decodes && start.offset > kFirstEventOffset) {
    begin.position.offset = start.offset;
    begin.read_whole_file = true;
  }
  return begin;
}

absl::StatusOr<std::string> SourceSession::Locate(Contact& contact, const std::string& gtid_set) {
  ASSIGN_OR_RETURN(const GtidSet set, GtidSet::Parse(spec_.source.flavor, gtid_set));
  std::string file;
  RETURN_IF_ERROR(AskAside(contact, [&](std::unique_ptr<Connection> aside) -> absl::Status {
    ASSIGN_OR_RETURN(file, BinlogDump::LocateGtidSet(std::move(aside), MakeDumpOptions("", kFirstEventOffset), set));
    return absl::OkStatus();
  }));
  return file;
}

}  // namespace binlogd
