// The limit of what a replica can do: receives a source's whole log, checks every event's checksum, and throws it away.
//
//   bench_receive mysql|mariadb HOST:PORT USER PASSWORD
#include <iostream>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlog/checksum.h"
#include "mysql/binlog_dump.h"
#include "mysql/server_info.h"

namespace binlogd {
namespace {

// The bytes that were received, up to the end of the log as it stands now.
absl::StatusOr<uint64_t> Receive(Flavor flavor, absl::string_view endpoint, ConnectOptions options) {
  ASSIGN_OR_RETURN(options.endpoint, ParseEndpoint(endpoint));
  Interrupter interrupter;
  ASSIGN_OR_RETURN(std::unique_ptr<Connection> connection, Connection::Connect(options, &interrupter));
  ASSIGN_OR_RETURN(const ServerInfo server, DescribeServer(*connection));
  ASSIGN_OR_RETURN(const std::vector<LogFile> files, ListLogFiles(*connection));
  ASSIGN_OR_RETURN(const Position end, EndOfLog(*connection, server));
  DumpOptions dump_options;
  dump_options.flavor = flavor;
  dump_options.server_id = 998;
  dump_options.file = files.front().name;
  ASSIGN_OR_RETURN(const std::unique_ptr<BinlogDump> dump, BinlogDump::Start(std::move(connection), dump_options));

  uint64_t received = 0;
  std::string file;
  uint64_t offset = 0;
  while (file != end.file || offset < end.offset) {
    ASSIGN_OR_RETURN(const absl::string_view event, dump->Next());
    ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(event));
    if (!ChecksumMatches(event)) return absl::DataLossError(absl::StrCat("wrong checksum in ", file, " at ", offset));
    if (header.type == EventType::kRotate && (header.flags & kArtificialFlag) != 0) {
      const absl::string_view name = event.substr(kEventHeaderSize + 8);
      file = std::string(name.substr(0, name.size() - kChecksumSize));
      offset = kFirstEventOffset;
      received += kFirstEventOffset;
    } else if (header.type != EventType::kHeartbeat && header.type != EventType::kHeartbeatV2) {
      offset += event.size();
      received += event.size();
    }
  }
  return received;
}

int Main(int argc, char** argv) {
  if (argc != 5) {
    std::cerr << "usage: bench_receive mysql|mariadb HOST:PORT USER PASSWORD\n";
    return 2;
  }
  ConnectOptions options;
  options.tls.mode = TlsMode::kDisabled;
  options.user = argv[3];
  options.password = argv[4];
  const Flavor flavor = std::string(argv[1]) == "mariadb" ? Flavor::kMariaDb : Flavor::kMySql;
  const absl::StatusOr<uint64_t> received = Receive(flavor, argv[2], options);
  if (!received.ok()) {
    std::cerr << "bench_receive: " << received.status().message() << "\n";
    return 1;
  }
  std::cout << *received << "\n";
  return 0;
}

}  // namespace
}  // namespace binlogd

int main(int argc, char** argv) { return binlogd::Main(argc, argv); }
