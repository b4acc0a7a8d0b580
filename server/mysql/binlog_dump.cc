#include "mysql/binlog_dump.h"

#include <libdeflate.h>
#include <mysql.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <poll.h>

// Needs mysql.h and a type before it, and to be told that the library was built with TLS.
using uchar = unsigned char;
#define HAVE_TLS 1
#include <ma_pvio.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/byte_reader.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlog/checksum.h"
#include "binlog/stream_tracker.h"
#include "mysql/server_error.h"

namespace binlogd {
namespace {

// Commands that the library's headers do not name for clients.
constexpr int kComBinlogDump = 18;
constexpr int kComRegisterReplica = 21;
constexpr int kComBinlogDumpGtid = 30;

constexpr uint16_t kEndAtEndOfLog = 0x01;
constexpr uint16_t kSendAnnotateRows = 0x02;  // MariaDB.
constexpr uint16_t kThroughGtid = 0x04;       // MySQL.

constexpr size_t kMaxReplicaName = 60;
constexpr size_t kMaxFileName = 512;

void AppendInt(std::string* out, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

void PutInt(std::string* out, size_t offset, uint64_t value, size_t width) {
  for (size_t i = 0; i < width; ++i) (*out)[offset + i] = static_cast<char>(value >> (8 * i));
}

// The same for the same replica at every start, so that the source ends what a lost connection left behind (RFC 9562,
// version 8).
std::string ReplicaUuid(const DumpOptions& options) {
  const std::string name = absl::StrCat("binlogd/", options.replica_name, "/", options.server_id);
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(reinterpret_cast<const unsigned char*>(name.data()), name.size(),
         reinterpret_cast<unsigned char*>(digest.data()));
  digest[6] = static_cast<char>((digest[6] & 0x0f) | 0x80);
  digest[8] = static_cast<char>((digest[8] & 0x3f) | 0x80);
  const std::string hex = absl::BytesToHexString(digest.substr(0, 16));
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4), "-",
                      hex.substr(20));
}

// Writes the checksum of an event again after a change.
void Reseal(std::string* event) {
  const size_t size = event->size() - kChecksumSize;
  PutInt(event, size, libdeflate_crc32(0, event->data(), size), kChecksumSize);
}

absl::Status CheckOptions(const DumpOptions& options) {
  if (options.replica_name.size() > kMaxReplicaName) {
    return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_REPLICA_NAME",
                     absl::StrCat("the replica's name is longer than ", kMaxReplicaName, " characters"));
  }
  if (options.file.size() > kMaxFileName) {
    return MakeError(absl::StatusCode::kInvalidArgument, "POSITION_INVALID", "the log file's name is too long");
  }
  return absl::OkStatus();
}

}  // namespace

BinlogDump::BinlogDump(std::unique_ptr<Connection> connection)
    : connection_(std::move(connection)), endpoint_(connection_->endpoint().ToString()) {}

BinlogDump::~BinlogDump() = default;

absl::StatusOr<std::unique_ptr<BinlogDump>> BinlogDump::Start(std::unique_ptr<Connection> connection,
                                                              const DumpOptions& options) {
  RETURN_IF_ERROR(CheckOptions(options));
  if (options.offset < kFirstEventOffset) {
    return MakeError(
        absl::StatusCode::kInvalidArgument, "POSITION_INVALID",
        absl::StrCat("offset ", options.offset, ": the first event of a log file stands at ", kFirstEventOffset));
  }
  std::unique_ptr<BinlogDump> dump(new BinlogDump(std::move(connection)));
  RETURN_IF_ERROR(dump->PrepareSession(options));
  if (!options.read_ahead) RETURN_IF_ERROR(dump->Register(options));
  RETURN_IF_ERROR(dump->RequestByOffset(options));
  return dump;
}

absl::StatusOr<std::string> BinlogDump::LocateGtidSet(std::unique_ptr<Connection> connection,
                                                      const DumpOptions& options, const GtidSet& executed) {
  RETURN_IF_ERROR(CheckOptions(options));
  BinlogDump dump(std::move(connection));
  RETURN_IF_ERROR(dump.PrepareSession(options));
  if (!options.read_ahead) RETURN_IF_ERROR(dump.Register(options));
  RETURN_IF_ERROR(dump.RequestByGtidSet(options, executed));
  // The source names the file in an artificial event before it sends anything of it:
  //   19 header (type ROTATE, end position 0), 8 offset, file name, 4 checksum if the source writes checksums
  while (true) {
    ASSIGN_OR_RETURN(const absl::string_view event, dump.Next());
    ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(event));
    if (header.type == EventType::kHeartbeat || header.type == EventType::kHeartbeatV2) continue;
    if (header.type != EventType::kRotate || event.size() < kEventHeaderSize + 8) {
      return MakeError(
          absl::StatusCode::kInternal, "PROTOCOL_ERROR",
          absl::StrCat(dump.endpoint_, " sent ", EventTypeName(header.type), " before the log file's name"));
    }
    absl::string_view name = event.substr(kEventHeaderSize + 8);
    if (name.size() > kChecksumSize && ChecksumMatches(event)) name.remove_suffix(kChecksumSize);
    return std::string(name);
  }
}

absl::StatusOr<EventHeader> BinlogDump::ReadFormatHeader(std::unique_ptr<Connection> connection,
                                                         const DumpOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<BinlogDump> dump, Start(std::move(connection), options));
  EventHeader header;
  while (header.type != EventType::kFormatDescription) {
    ASSIGN_OR_RETURN(const absl::string_view event, dump->Next());
    ASSIGN_OR_RETURN(header, ParseEventHeader(event));
  }
  return header;
}

absl::StatusOr<GtidSet> BinlogDump::ReadPreviousGtids(std::unique_ptr<Connection> connection,
                                                      const DumpOptions& options) {
  ASSIGN_OR_RETURN(const std::unique_ptr<BinlogDump> dump, Start(std::move(connection), options));
  StreamTracker tracker(options.flavor);
  for (;;) {
    ASSIGN_OR_RETURN(const absl::string_view event, dump->Next());
    ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(event));
    bool ends_transaction = false;
    switch (header.type) {
      case EventType::kRotate: break;  // Names the file.
      case EventType::kFormatDescription:
      case EventType::kMariaDbStartEncryption: RETURN_IF_ERROR(tracker.Take(header, event, &ends_transaction)); break;
      case EventType::kPreviousGtids:
      case EventType::kMariaDbGtidList:
        RETURN_IF_ERROR(tracker.Take(header, event, &ends_transaction));
        return tracker.gtid_set();
      default: return absl::NotFoundError(absl::StrCat(options.file, " does not begin with what was before it"));
    }
  }
}

absl::Status BinlogDump::PrepareSession(const DumpOptions& options) {
  const int64_t heartbeat = absl::ToInt64Nanoseconds(options.heartbeat);
  // Each variable under its old and its new name: a source reads the one that it knows.
  std::string variables = absl::StrCat(
      "SET @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32', @master_heartbeat_period = ",
      heartbeat, ", @source_heartbeat_period = ", heartbeat, ", @mariadb_slave_capability = 4");
  if (!options.read_ahead) {  // A source ends an older dump of the same UUID.
    const std::string uuid = ReplicaUuid(options);
    absl::StrAppend(&variables, ", @slave_uuid = '", uuid, "', @replica_uuid = '", uuid, "'");
  }
  const absl::StatusOr<ResultSet> prepared = connection_->Query(variables);
  RETURN_IF_ERROR(prepared.status());
  const absl::StatusOr<ResultSet> patient = connection_->Query("SET SESSION net_write_timeout = 3600");
  if (absl::IsUnavailable(patient.status()) || absl::IsCancelled(patient.status())) return patient.status();
  return absl::OkStatus();  // Back-pressure is bounded by the source's default then.
}

absl::Status BinlogDump::Send(int command, absl::string_view payload, absl::string_view doing) {
  MYSQL* mysql = connection_->mysql_;
  const bool answered = command == kComRegisterReplica;
  if (mysql->methods->db_command(mysql, static_cast<enum_server_command>(command), payload.data(), payload.size(),
                                 /*skip_check=*/answered ? 0 : 1, nullptr) != 0) {
    return connection_->LastError(ServerCall::kDump, doing);
  }
  return absl::OkStatus();
}

// COM_REGISTER_SLAVE: 4 server id; host, user and password, each 1 length and text; 2 port, 4 rank, 4 source's id.
absl::Status BinlogDump::Register(const DumpOptions& options) {
  std::string payload;
  AppendInt(&payload, options.server_id, 4);
  AppendInt(&payload, options.replica_name.size(), 1);
  payload += options.replica_name;
  payload.append(1 + 1 + 2 + 4 + 4, '\0');
  return Send(kComRegisterReplica, payload, absl::StrCat("register as a replica at ", endpoint_));
}

// COM_BINLOG_DUMP: 4 offset, 2 flags, 4 server id, file name.
absl::Status BinlogDump::RequestByOffset(const DumpOptions& options) {
  uint64_t offset = options.offset;
  if (offset > options.largest_offset) {
    drop_until_ = offset;
    next_offset_ = offset = kFirstEventOffset;
  }
  std::string payload;
  AppendInt(&payload, offset, 4);
  // Without its flag the source leaves annotate-rows events out, and what follows no longer stands where it is counted.
  AppendInt(&payload,
            (options.flavor == Flavor::kMariaDb ? kSendAnnotateRows : 0) | (options.read_ahead ? kEndAtEndOfLog : 0),
            2);
  AppendInt(&payload, options.read_ahead ? 0 : options.server_id, 4);
  payload += options.file;
  place_ = absl::StrCat(options.file, ":", options.offset);
  return Send(kComBinlogDump, payload, absl::StrCat("ask ", endpoint_, " for its log from ", place_));
}

// COM_BINLOG_DUMP_GTID: 2 flags, 4 server id, 4 length of file name, file name, 8 offset, 4 length of the set, the set.
absl::Status BinlogDump::RequestByGtidSet(const DumpOptions& options, const GtidSet& executed) {
  place_ = executed.empty() ? "the first transaction" : absl::StrCat("after GTID set ", executed.ToString());
  const std::string doing = absl::StrCat("ask ", endpoint_, " for its log from ", place_);
  const uint32_t server_id = options.read_ahead ? 0 : options.server_id;
  const uint16_t end_flag = options.read_ahead ? kEndAtEndOfLog : 0;
  std::string payload;
  if (options.flavor == Flavor::kMariaDb) {
    RETURN_IF_ERROR(connection_
                        ->Query(absl::StrCat("SET @slave_connect_state = ", connection_->Quote(executed.ToString()),
                                             ", @slave_gtid_strict_mode = 0, @slave_gtid_ignore_duplicates = 0"))
                        .status());
    AppendInt(&payload, kFirstEventOffset, 4);
    AppendInt(&payload, kSendAnnotateRows | end_flag, 2);
    AppendInt(&payload, server_id, 4);
    return Send(kComBinlogDump, payload, doing);
  }
  const std::string encoded = executed.Encode();
  AppendInt(&payload, kThroughGtid | end_flag, 2);
  AppendInt(&payload, server_id, 4);
  AppendInt(&payload, 0, 4);
  AppendInt(&payload, kFirstEventOffset, 8);
  AppendInt(&payload, encoded.size(), 4);
  payload += encoded;
  return Send(kComBinlogDumpGtid, payload, doing);
}

bool BinlogDump::WaitReadable(absl::Duration wait) {
  MYSQL* mysql = connection_->mysql_;
  const MARIADB_PVIO* pvio = mysql->net.pvio;
  if (pvio == nullptr || pvio->cache_pos < pvio->cache + pvio->cache_size) return true;
  if (pvio->ctls != nullptr && SSL_pending(static_cast<SSL*>(pvio->ctls->ssl)) > 0) return true;
  pollfd descriptor{mysql_get_socket(mysql), POLLIN, 0};
  const timespec timeout = absl::ToTimespec(std::clamp(wait, absl::ZeroDuration(), absl::Hours(1)));
  const int count = ppoll(&descriptor, 1, &timeout, nullptr);
  return count > 0 || (count < 0 && errno != EINTR);
}

absl::StatusOr<absl::string_view> BinlogDump::ReadEvent() {
  MYSQL* mysql = connection_->mysql_;
  // Packet: 1 zero and the event; or 1 0xff and an error, which the library takes; or 1 0xfe, alone or nearly so, at
  // the end.
  const unsigned long size = mysql_net_read_packet(mysql);
  const auto* bytes = reinterpret_cast<const char*>(mysql->net.read_pos);
  if (size != packet_error && size > kEventHeaderSize && bytes[0] == 0) return absl::string_view(bytes + 1, size - 1);

  const std::string doing = absl::StrCat("read the log of ", endpoint_, " from ", place_);
  if (size == packet_error) {
    absl::Status status = connection_->LastError(ServerCall::kDump, doing);
    if (ErrorReason(status) == "SOURCE_LOG_CORRUPT" && !read_any_) {
      status = Permanent(MakeError(absl::StatusCode::kOutOfRange, "POSITION_INVALID",
                                   absl::StrCat(status.message(), ", or no event begins at ", place_)));
    }
    return status;
  }
  if (connection_->interrupter_->interrupted()) return connection_->LastError(ServerCall::kDump, doing);
  if (size >= 1 && size < 8 && static_cast<unsigned char>(bytes[0]) == 0xfe) {
    ended_ = true;
    return MakeError(absl::StatusCode::kUnavailable, "CONNECTION_LOST",
                     absl::StrCat(doing, ": the source ended the dump"));
  }
  return MakeError(absl::StatusCode::kUnavailable, "PROTOCOL_ERROR",
                   absl::StrCat(doing, ": a packet that is no event"));
}

absl::StatusOr<absl::string_view> BinlogDump::Next() {
  while (true) {
    ASSIGN_OR_RETURN(absl::string_view event, ReadEvent());
    // An event of the file tells where it ends; before it come those that the source makes for the connection.
    if (!read_any_) {
      ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(event));
      read_any_ = header.type != EventType::kRotate && header.type != EventType::kFormatDescription &&
                  header.type != EventType::kHeartbeat && header.type != EventType::kHeartbeatV2;
    }
    if (drop_until_ == 0) return event;
    ASSIGN_OR_RETURN(const bool wanted, Drop(&event));
    if (wanted) return event;
  }
}

absl::StatusOr<bool> BinlogDump::Drop(absl::string_view* event) {
  ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(*event));
  if (header.type == EventType::kHeartbeat || header.type == EventType::kHeartbeatV2) return true;
  if (header.type == EventType::kRotate && (header.flags & kArtificialFlag) != 0) {
    if (next_offset_ != kFirstEventOffset || event->size() < kEventHeaderSize + 8) {
      return Permanent(MakeError(absl::StatusCode::kOutOfRange, "POSITION_INVALID",
                                 absl::StrCat("the log of ", endpoint_, " ends before ", place_)));
    }
    const bool sealed = ChecksumMatches(*event);
    changed_.assign(event->data(), event->size());
    PutInt(&changed_, kEventHeaderSize, drop_until_, 8);
    if (sealed) Reseal(&changed_);
    *event = changed_;
    return true;
  }
  if ((header.flags & kArtificialFlag) != 0) return true;
  const bool first = next_offset_ == kFirstEventOffset;
  next_offset_ += event->size();
  if (next_offset_ > drop_until_) {
    return Permanent(MakeError(absl::StatusCode::kOutOfRange, "POSITION_INVALID",
                               absl::StrCat("no event begins at ", place_, " in the log of ", endpoint_)));
  }
  if (next_offset_ == drop_until_) drop_until_ = 0;
  if (!first || header.type != EventType::kFormatDescription) return false;
  // As a source sends it to one who begins in the middle: not part of the file, and not of a server's start. Offsets: 9
  // + 4 end position; 19 + 2 + 50 time of creation.
  constexpr size_t kCreated = kEventHeaderSize + 2 + 50;
  const bool sealed = ChecksumMatches(*event);
  changed_.assign(event->data(), event->size());
  if (changed_.size() < kCreated + 4) return true;
  PutInt(&changed_, 13, 0, 4);
  PutInt(&changed_, 17, header.flags & ~kBinlogInUseFlag, 2);
  PutInt(&changed_, kCreated, 0, 4);
  if (sealed) Reseal(&changed_);
  *event = changed_;
  return true;
}

}  // namespace binlogd
