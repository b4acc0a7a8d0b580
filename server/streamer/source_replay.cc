#include "streamer/source_replay.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "mysql/binlog_dump.h"
#include "mysql/server_info.h"
#include "pipeline/log_reader.h"
#include "pipeline/table_namer.h"
#include "streamer/source_session.h"

namespace binlogd {

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

absl::Status SourceReplay::Run(const std::shared_ptr<const EpochStart>& epoch, const ReadStart& start,
                               const Position& end, BlockSink* sink) {
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connect(epoch->epoch.identity));
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
  DumpOptions dump_options;
  dump_options.flavor = options_.spec->source.flavor;
  dump_options.file = start.position.file;
  dump_options.offset = start.position.offset;
  dump_options.read_ahead = true;
  ASSIGN_OR_RETURN(const std::unique_ptr<BinlogDump> dump, BinlogDump::Start(std::move(connection), dump_options));
  ReaderCounters counters;
  const absl::Status read =
      ReadLog(*dump, builder, end, end, counters, ReaderHooks{[] {}, [] { return absl::OkStatus(); }});
  definitions_.Close();
  RETURN_IF_ERROR(read);
  if (ComparePositions(builder.place(), end) == 0) return absl::OkStatus();
  return MakeError(absl::StatusCode::kFailedPrecondition, "LOG_RESET",
                   absl::StrCat("no event ends at ", ToString(end), " any more: the source's log was reset"));
}

void SourceReplay::Interrupt() {
  interrupter_.Interrupt();
  definitions_.Interrupt();
}

}  // namespace binlogd
