#include "pipeline/table_namer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/byte_reader.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "binlog/decoder.h"
#include "binlog/defining_event.h"
#include "binlog/malformed.h"

namespace binlogd {
namespace {

// A table that the source does not tell of is asked for again: the account may have been granted what it lacked.
constexpr absl::Duration kRetry = absl::Minutes(1);
// Tables that come under a new id are asked for at most this often; a source whose table cache is too small gives new
// ids all the time.
constexpr int kMostVerifiedPerSecond = 20;
constexpr absl::Duration kSaveInterval = absl::Seconds(10);
constexpr size_t kMostKnown = 4096;

FilterSpec AnyKindOfEvent(FilterSpec filter) {
  filter.events.clear();
  return filter;
}

// Errors that say nothing about the log: the same question may have an answer later.
bool IsPassing(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsCancelled(status) || ErrorReason(status) == "LOG_RESET";
}

Position WithoutGtids(const Position& position) { return Position{position.file, position.offset, ""}; }

}  // namespace

TableNamer::TableNamer(Options options) : options_(std::move(options)), filter_(AnyKindOfEvent(options_.filter)) {}

void TableNamer::Begin(const Epoch& epoch, const Position& start, const Position& deliver_from) {
  start_ = WithoutGtids(start);
  deliver_from_ = WithoutGtids(deliver_from);
  known_.clear();
  ahead_.Clear();
  scanned_until_ = start_;
  ++generation_;
  if (kept_.epoch != epoch.name()) {
    absl::StatusOr<KeptDefinitions> kept = LoadDefinitions(options_.path);
    if (kept.ok()) {
      kept_ = *std::move(kept);
      saved_ = true;
    } else if (!absl::IsNotFound(kept.status())) {
      Log(LogLevel::kWarning, options_.subject,
          absl::StrCat("the source is asked for its tables' columns anew: ", kept.status().message()));
    }
    if (kept_.epoch != epoch.name()) DropAll();
    kept_.epoch = epoch.name();
  }
  if (kept_.versions.empty()) kept_.observed = start_;
  caught_up_ = ComparePositions(kept_.observed, start_) >= 0;
}

void TableNamer::DropAll() {
  const std::string epoch = kept_.epoch;
  kept_ = KeptDefinitions();
  kept_.epoch = epoch;
  kept_.observed = start_;
  caught_up_ = true;
  known_.clear();
  ahead_.Clear();
  scanned_until_ = start_;
  ++generation_;
  dirty_ = saved_;
}

bool TableNamer::wanted(const Position& at) const {
  return options_.tapped() || (options_.targets_decode && ComparePositions(at, deliver_from_) >= 0);
}

bool TableNamer::Concerns(const TableMap& table) const {
  if (options_.tapped()) return true;
  DecodedEvent event;
  event.kind = EventKind::kWrite;
  event.database = table.database;
  event.table = table.table;
  event.table_map = &table;
  return filter_.Passes(event);
}

absl::Status TableNamer::CatchUp() {
  if (caught_up_) return absl::OkStatus();
  const auto file = kept_.files.find(kept_.observed.file);
  const bool pays = options_.targets_decode || options_.tapped();
  const absl::Status scanned =
      !pays ? absl::FailedPreconditionError("nobody decodes")
            : options_.source->Scan(kept_.observed, start_, file == kept_.files.end() ? 0 : file->second.created,
                                    [this](const Position& at, const DefiningStatement& statement) {
                                      kept_.versions.Close(statement, PlaceOf(at));
                                    });
  if (ErrorReason(scanned) == "LOG_RESET") {
    DropAll();
    return absl::OkStatus();
  }
  if (IsPassing(scanned)) return scanned;
  if (!scanned.ok()) kept_.versions.CloseAll(PlaceOf(kept_.observed));
  kept_.observed = start_;
  caught_up_ = true;
  return absl::OkStatus();
}

void TableNamer::TakeFormat(const std::string& file, const FormatDescription& format) {
  const LogFileIdentity identity{format.created, format.server_id};
  const auto known = kept_.files.find(file);
  if (known != kept_.files.end() && !(known->second == identity)) {
    Log(LogLevel::kWarning, options_.subject,
        absl::StrCat(file,
                     " is not the file of that name that was read before: what was known of tables is forgotten"));
    DropAll();
  }
  // A server that starts begins a file, and gives its tables ids anew.
  if (kept_.files.count(file) == 0) kept_.versions.ForgetTableIds();
  kept_.files[file] = identity;
  ++generation_;
}

absl::Status TableNamer::TakeStatement(const Position& at, EventType type, absl::string_view body) {
  if (!MayDefineTables(type) || kept_.versions.empty()) return absl::OkStatus();
  RETURN_IF_ERROR(CatchUp());
  const DefiningStatement statement = DefiningStatementOf(type, body);
  if (!statement.defines()) return absl::OkStatus();
  kept_.versions.Close(statement, PlaceOf(at));
  ahead_.DropThrough(PlaceOf(at));
  ++generation_;
  return absl::OkStatus();
}

absl::StatusOr<const TableNamer::Found*> TableNamer::Find(const Position& at, uint32_t log_created,
                                                          absl::string_view body, size_t table_id_size) {
  ByteReader reader(body);
  uint64_t table_id = 0;
  if (!reader.ReadUnsigned(table_id_size, &table_id)) return Malformed("a Table_map event is cut short");
  if (known_.size() >= kMostKnown) known_.clear();
  Known& known = known_[table_id];
  if (known.generation == generation_ && known.body == body &&
      (known.retry_at == absl::InfiniteFuture() || absl::Now() < known.retry_at)) {
    return &known.found;
  }
  ASSIGN_OR_RETURN(const TableMap table, ParseTableMap(options_.flavor, body, table_id_size));
  known = Known();
  known.found.name = TableName{table.database, table.table};
  known.has_names = table.has_names();
  known.found.lacks_definition = LacksDefinition(options_.flavor, table);
  if (known.found.lacks_definition) {
    known.found.wanted = Concerns(table);
    if (!known.found.wanted) return &known.found;  // Not remembered: somebody may come who wants it.
    RETURN_IF_ERROR(CatchUp());
    RETURN_IF_ERROR(Resolve(at, log_created, table, &known));
  }
  known.body = std::string(body);
  known.generation = generation_;
  return &known.found;
}

absl::Status TableNamer::Resolve(const Position& at, uint32_t log_created, const TableMap& table, Known* known) {
  TableVersion* version = kept_.versions.Find(known->found.name, PlaceOf(at));
  if (version == nullptr) return Ask(at, log_created, table, known);
  if (version->definition == nullptr && version->until) return absl::OkStatus();
  if (version->definition == nullptr || !DefinitionFits(*version->definition, table)) {
    if (version->definition != nullptr || MayVerify()) return Ask(at, log_created, table, known);
    known->retry_at = absl::Now() + kRetry;
    return absl::OkStatus();
  }
  known->found.definition = version->definition;
  if (version->table_id == table.table_id || !MayVerify()) return absl::OkStatus();
  return Verify(at, log_created, table, known);
}

absl::Status TableNamer::Ask(const Position& at, uint32_t log_created, const TableMap& table, Known* known) {
  const TableName& name = known->found.name;
  const LogPlace place = PlaceOf(at);
  constexpr absl::string_view kTouched =
      "a later statement may have changed the table, and the source no longer tells what it was before";
  if (const auto touched = ahead_.FirstTouching(name, place)) {
    SetUnknown(at, touched, std::string(kTouched), known);
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(FoundDefinition found, options_.source->Find(name));
  const absl::Status read = ReadAhead(at, log_created, found.log_end);
  if (IsPassing(read)) return read;
  const auto touched = ahead_.FirstTouching(name, place);
  if (!read.ok()) {
    SetUnknown(at, std::nullopt, absl::StrCat("the log cannot be read ahead: ", read.message()), known);
  } else if (touched) {
    SetUnknown(at, touched, std::string(kTouched), known);
  } else if (found.definition == nullptr) {
    SetUnknown(at, std::nullopt, found.problem, known);
  } else if (!DefinitionFits(*found.definition, table)) {
    SetUnknown(at, std::nullopt, "the log has other columns or types than the source tells", known);
  } else {
    known->found.definition = found.definition;
    kept_.versions.Add(name, TableVersion{place, std::nullopt, std::move(found.definition), table.table_id});
    dirty_ = true;
    if (warned_.erase(name) != 0) {
      Log(LogLevel::kInfo, options_.subject,
          absl::StrCat("the columns of ", name.ToString(), " are known from ", ToString(at), " on"));
    }
  }
  return absl::OkStatus();
}

absl::Status TableNamer::Verify(const Position& at, uint32_t log_created, const TableMap& table, Known* known) {
  const TableName& name = known->found.name;
  const LogPlace place = PlaceOf(at);
  // While a change that the log does have lies ahead, the source's answer is about what comes after it.
  if (ahead_.FirstTouching(name, place)) return absl::OkStatus();
  ASSIGN_OR_RETURN(FoundDefinition found, options_.source->Find(name));
  const absl::Status read = ReadAhead(at, log_created, found.log_end);
  if (IsPassing(read)) return read;
  if (!read.ok() || found.definition == nullptr || ahead_.FirstTouching(name, place) ||
      !DefinitionFits(*found.definition, table)) {
    return absl::OkStatus();
  }
  if (SameDefinition(*found.definition, *known->found.definition)) {
    kept_.versions.Find(name, place)->table_id = table.table_id;
    return absl::OkStatus();
  }
  Log(LogLevel::kWarning, options_.subject,
      absl::StrCat("the columns of ", name.ToString(), " are others from ", ToString(at),
                   " on: they were changed by a statement that is not in the log"));
  known->found.definition = found.definition;
  kept_.versions.Add(name, TableVersion{place, std::nullopt, std::move(found.definition), table.table_id});
  dirty_ = true;
  return absl::OkStatus();
}

absl::Status TableNamer::ReadAhead(const Position& at, uint32_t log_created, const Position& end) {
  if (ComparePositions(end, at) < 0) {
    return absl::UnavailableError(
        absl::StrCat("the source's log ends at ", ToString(end), ", before ", ToString(at), " which was read"));
  }
  if (ComparePositions(scanned_until_, at) < 0) scanned_until_ = WithoutGtids(at);
  ahead_.DropThrough(PlaceOf(at));
  if (ComparePositions(end, scanned_until_) <= 0) return absl::OkStatus();
  if (scanned_until_.file != end.file) {
    Log(LogLevel::kInfo, options_.subject,
        absl::StrCat("reading the log ahead from ", ToString(scanned_until_), " to ", ToString(end),
                     " for statements that change tables, because it has no column names"));
  }
  const absl::Status scanned = options_.source->Scan(
      scanned_until_, end, scanned_until_.file == at.file ? log_created : 0,
      [this](const Position& place, DefiningStatement statement) { ahead_.Add(PlaceOf(place), std::move(statement)); });
  if (scanned.ok()) {
    scanned_until_ = WithoutGtids(end);
  } else {
    ahead_.Clear();
    scanned_until_ = WithoutGtids(at);
  }
  return scanned;
}

void TableNamer::SetUnknown(const Position& at, std::optional<LogPlace> until, const std::string& why, Known* known) {
  if (!until) known->retry_at = absl::Now() + kRetry;
  kept_.versions.Add(known->found.name, TableVersion{PlaceOf(at), until, nullptr, 0});
  if (!warned_.insert(known->found.name).second) return;
  const std::string columns = absl::StrCat("columns of ", known->found.name.ToString());
  if (known->has_names) {
    Log(LogLevel::kWarning, options_.subject,
        absl::StrCat("which ", columns, " are UUID, INET4 or INET6, or times of MariaDB's own form, is not known from ",
                     ToString(at), " on: ", why));
    return;
  }
  if (options_.unnamed_tables != nullptr) options_.unnamed_tables->fetch_add(1, std::memory_order_relaxed);
  Log(LogLevel::kWarning, options_.subject,
      absl::StrCat("the ", columns, " are named @1, @2, … from ", ToString(at), " on: ", why));
}

bool TableNamer::MayVerify() {
  const absl::Time now = absl::Now();
  if (now - verify_window_ >= absl::Seconds(1)) {
    verify_window_ = now;
    verified_in_window_ = 0;
  }
  return ++verified_in_window_ <= kMostVerifiedPerSecond;
}

void TableNamer::Save(const Position& end, bool now) {
  if (!caught_up_ || !options_.saves) return;
  if (ComparePositions(end, kept_.observed) > 0) kept_.observed = WithoutGtids(end);
  if (kept_.versions.empty() && !dirty_) return;
  if (!dirty_ && !now && absl::Now() - saved_at_ < kSaveInterval) return;
  const Position durable = options_.durable();
  if (!durable.empty()) {
    kept_.versions.Prune(PlaceOf(durable));
    for (auto file = kept_.files.begin(); file != kept_.files.end();) {
      file = FileSequence(file->first) < FileSequence(durable.file) ? kept_.files.erase(file) : std::next(file);
    }
  }
  const absl::Status saved = SaveDefinitions(options_.path, kept_);
  saved_at_ = absl::Now();
  if (saved.ok()) {
    dirty_ = false;
    saved_ = true;
  } else if (!save_failed_) {
    Log(LogLevel::kWarning, options_.subject,
        absl::StrCat("table definitions are not kept for the next start: ", saved.message()));
  }
  save_failed_ = !saved.ok();
}

}  // namespace binlogd
