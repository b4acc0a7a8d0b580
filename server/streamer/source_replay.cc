#include "streamer/source_replay.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "binlog/gtid_set.h"
#include "pipeline/log_reader.h"
#include "pipeline/table_namer.h"
#include "streamer/source_session.h"

namespace binlogd {
namespace {

absl::Status WasReset(absl::string_view what) {
  return MakeError(absl::StatusCode::kFailedPrecondition, "LOG_RESET",
                   absl::StrCat(what, ": the source's log was reset"));
}

absl::Status CheckListed(const std::vector<LogFile>& files, const Position& place) {
  const auto file =
      std::find_if(files.begin(), files.end(), [&place](const LogFile& f) { return f.name == place.file; });
  const std::string range = absl::StrCat("the source has ", files.front().name, " to ", files.back().name);
  if (file == files.end()) {
    const bool purged = IsOlderFile(place.file, files.front().name);
    return MakeError(absl::StatusCode::kOutOfRange, purged ? "POSITION_PURGED" : "POSITION_INVALID",
                     absl::StrCat(place.file, purged ? " was purged" : " is not there", "; ", range,
                                  ": begin in one of these, or with earliest"));
  }
  if (place.offset <= file->size) return absl::OkStatus();
  return MakeError(
      absl::StatusCode::kOutOfRange, "POSITION_INVALID",
      absl::StrCat(place.file, " has only ", file->size, " bytes", file == files.end() - 1 ? " as yet" : "", ", and ",
                   place.offset, " is behind them: begin at an event's place, or with live"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Connection>> SourceReplay::Connect(const std::string& identity) {
  const SourceSpec& source = options_.spec->source;
  absl::Status reported;
  for (const std::string& text : source.endpoints) {
    ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(text));
    ASSIGN_OR_RETURN(const ConnectOptions connect_options, MakeConnectOptions(source, endpoint));
    absl::StatusOr<std::unique_ptr<Connection>> connection = Connection::Connect(connect_options, &interrupter_);
    const absl::StatusOr<ServerInfo> server = connection.ok() ? DescribeServer(**connection) : connection.status();
    if (server.ok() && server->identity() == identity) {
      definitions_.Follow(connect_options, server->flavor, identity);
      return connection;
    }
    if (absl::IsCancelled(server.status())) return server.status();
    reported =
        server.ok()
            ? absl::UnavailableError(absl::StrCat(text, " leads to another server (identity ", server->identity(),
                                                  ") than the one whose log was ", "read (", identity, ")"))
            : Transient(server.status());
  }
  return reported;
}

absl::Status SourceReplay::CheckFile(const ReadEnd& end, const std::string& identity,
                                     std::unique_ptr<Connection>* connection) {
  const DumpOptions options = MakeDumpOptions(end.position.file, kFirstEventOffset);
  ASSIGN_OR_RETURN(const EventHeader header, BinlogDump::ReadFormatHeader(std::move(*connection), options));
  if (header.timestamp != end.log_created || header.server_id != end.log_server_id) {
    return WasReset(absl::StrCat(end.position.file, " is not the file that was read before"));
  }
  ASSIGN_OR_RETURN(*connection, Connect(identity));
  return absl::OkStatus();
}

absl::Status SourceReplay::Run(const std::shared_ptr<const EpochStart>& epoch, const ReadStart& start,
                               const ReadEnd& end, BlockSink* sink) {
  const std::string& identity = epoch->epoch.identity;
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connect(identity));
  // Files of a new log have the names of the old ones.
  ASSIGN_OR_RETURN(const Position log_end, EndOfLogPlace(*connection, options_.spec->source.flavor));
  if (ComparePositions(log_end, end.position) < 0) {
    return WasReset(
        absl::StrCat("its log ends at ", ToString(log_end), ", but was read up to ", ToString(end.position)));
  }
  // Where it begins in the file where it ends, the builder compares.
  const bool is_compared = start.log_created != 0 && start.position.file == end.position.file;
  if (end.log_created != 0 && !is_compared) RETURN_IF_ERROR(CheckFile(end, identity, &connection));
  TableNamer::Options naming;
  naming.subject = options_.spec->name;
  naming.flavor = options_.spec->source.flavor;
  naming.path = options_.definitions_path;
  naming.saves = false;
  naming.source = &definitions_;
  naming.targets_decode = true;
  naming.filter = options_.spec->filter;
  naming.tapped = [] { return false; };
  naming.unnamed_tables = options_.unnamed_tables;
  TableNamer namer(std::move(naming));
  BlockBuilder builder(options_.spec->source.flavor, options_.spec->batch, sink, options_.decodes ? &namer : nullptr);
  builder.Begin(epoch, start, start.position);
  ASSIGN_OR_RETURN(const std::unique_ptr<BinlogDump> dump,
                   BinlogDump::Start(std::move(connection), MakeDumpOptions(start.position.file, builder.BeginDump())));
  ReaderCounters counters;
  const absl::Status read =
      ReadLog(*dump, builder, end.position, end.position, counters, {[] {}, [] { return absl::OkStatus(); }});
  definitions_.Close();
  RETURN_IF_ERROR(read);
  if (ComparePositions(builder.place(), end.position) != 0) {
    return WasReset(absl::StrCat("no event ends at ", ToString(end.position), " any more"));
  }
  return absl::OkStatus();
}

DumpOptions SourceReplay::MakeDumpOptions(const std::string& file, uint64_t offset) const {
  DumpOptions dump_options;
  dump_options.flavor = options_.spec->source.flavor;
  dump_options.file = file;
  dump_options.offset = offset;
  dump_options.read_ahead = true;
  return dump_options;
}

absl::StatusOr<ReadStart> SourceReplay::Find(const std::shared_ptr<const EpochStart>& epoch, const LogStart& start) {
  const std::string& identity = epoch->epoch.identity;
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connect(identity));
  ASSIGN_OR_RETURN(const std::vector<LogFile> files, ListLogFiles(*connection));
  if (files.empty()) return absl::UnavailableError("the source lists no log file");
  ReadStart at;
  at.position.offset = kFirstEventOffset;
  switch (start.kind) {
    case LogStart::Kind::kEnd:
    case LogStart::Kind::kEarliest: at.position.file = files.front().name; break;
    case LogStart::Kind::kPosition:
      RETURN_IF_ERROR(CheckListed(files, start.position));
      // What an event inside a transaction belongs to stands before it; so the whole file is read.
      at.position.file = start.position.file;
      break;
    case LogStart::Kind::kBoundary:
      RETURN_IF_ERROR(CheckListed(files, start.boundary.position));
      at = start.boundary;
      break;
    case LogStart::Kind::kGtidSet: {
      ASSIGN_OR_RETURN(at.position.file, FindGtidSet(std::move(connection), start.gtid_set));
      break;
    }
    case LogStart::Kind::kTime: {
      connection.reset();
      ASSIGN_OR_RETURN(at.position.file, FindTime(identity, files, start.time));
      break;
    }
  }
  return at;
}

absl::StatusOr<std::string> SourceReplay::FindGtidSet(std::unique_ptr<Connection> connection,
                                                      const std::string& gtid_set) const {
  ASSIGN_OR_RETURN(const GtidSet set, GtidSet::Parse(options_.spec->source.flavor, gtid_set));
  absl::StatusOr<std::string> file =
      BinlogDump::LocateGtidSet(std::move(connection), MakeDumpOptions("", kFirstEventOffset), set);
  if (!absl::IsOutOfRange(file.status())) return file;
  // What it says of the way out is for a streamer's spec.
  const bool purged = ErrorReason(file.status()) == "POSITION_PURGED";
  return MakeError(
      file.status().code(), ErrorReason(file.status()),
      absl::StrCat("the source ", purged ? "no longer has all that follows " : "never had all of ", Shown(gtid_set),
                   "; begin with ", purged ? "a set that has more" : "another set", ", with a time, or with earliest"));
}

// A file's first event tells when the file was begun. Times are whole seconds, so that of one which was begun in the
// wanted second the file before may hold more.
absl::StatusOr<std::string> SourceReplay::FindTime(const std::string& identity, const std::vector<LogFile>& files,
                                                   absl::Time time) {
  size_t begin = 0, end = files.size();  // The answer is the last file begun before the time.
  while (begin < end) {
    const size_t middle = begin + (end - begin) / 2;
    ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connect(identity));
    ASSIGN_OR_RETURN(
        const EventHeader header,
        BinlogDump::ReadFormatHeader(std::move(connection), MakeDumpOptions(files[middle].name, kFirstEventOffset)));
    if (absl::FromUnixSeconds(header.timestamp) < time) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  if (begin > 0) return files[begin - 1].name;
  if (FileSequence(files.front().name) <= 1) return files.front().name;
  return MakeError(absl::StatusCode::kOutOfRange, "POSITION_PURGED",
                   absl::StrCat("the oldest file that the source has, ", files.front().name, ", was begun after ",
                                absl::FormatTime(absl::RFC3339_sec, time, absl::UTCTimeZone()),
                                ": what is older was purged; begin with a later time, or with earliest"));
}

void SourceReplay::Interrupt() {
  interrupter_.Interrupt();
  definitions_.Interrupt();
}

}  // namespace binlogd
