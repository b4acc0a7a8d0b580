// A running binlog dump: the source sends its log, event by event.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binlog/event_header.h"
#include "binlog/flavor.h"
#include "binlog/gtid_set.h"
#include "mysql/connection.h"

namespace binlogd {

struct DumpOptions {
  Flavor flavor = Flavor::kMySql;
  uint32_t server_id = 999;
  // At most 60 characters; shown by SHOW REPLICAS as the host, and made into the replica's UUID (MySQL).
  std::string replica_name;
  std::string file;
  // Where an event begins. The protocol carries 32 bits; beyond `largest_offset` the dump begins at the file's start,
  // and what stands before the offset is read and dropped.
  uint64_t offset = kFirstEventOffset;
  uint64_t largest_offset = std::numeric_limits<uint32_t>::max();
  absl::Duration heartbeat = absl::Seconds(2);  // The source sends one after this much silence.
  // Not as a replica: with server id 0, without registering, and ended by the source (UNAVAILABLE) where its log ends.
  // Leaves other dumps of the same streamer alone.
  bool read_ahead = false;
};

// Reads a source's log over one connection. Used by one thread; the connection's Interrupter ends a blocked Next().
class BinlogDump {
 public:
  // Prepares the session (checksums as in the file, heartbeats, MariaDB's slave capability 4, replica's UUID, a long
  // net_write_timeout so that back-pressure does not end the connection), registers as a replica and asks for the log
  // from file and offset on, annotate-rows included. INVALID_ARGUMENT for a name or offset that cannot be asked for.
  static absl::StatusOr<std::unique_ptr<BinlogDump>> Start(std::unique_ptr<Connection> connection,
                                                           const DumpOptions& options);

  // Where the source would begin for a replica that holds `executed`: the name of the file, found by the source itself
  // (COM_BINLOG_DUMP_GTID or @slave_connect_state, whose first event names the file). The connection is used up.
  // OUT_OF_RANGE (POSITION_PURGED) when the log that it takes is gone. With options.read_ahead not as a replica either.
  static absl::StatusOr<std::string> LocateGtidSet(std::unique_ptr<Connection> connection, const DumpOptions& options,
                                                   const GtidSet& executed);

  // The header of the format description with which `options.file` begins: its time, and who wrote it. The connection
  // is used up. Errors as Next().
  static absl::StatusOr<EventHeader> ReadFormatHeader(std::unique_ptr<Connection> connection,
                                                      const DumpOptions& options);

  // The transactions that were in the log before `options.file`, as the file itself states them. The connection is used
  // up. NOT_FOUND when it does not state it; other errors as Next().
  static absl::StatusOr<GtidSet> ReadPreviousGtids(std::unique_ptr<Connection> connection, const DumpOptions& options);

  // Waits until a packet can be read without waiting, at most `wait`. False when none came. Never reports an error: a
  // lost connection counts as readable and Next() says what happened.
  bool WaitReadable(absl::Duration wait);

  // The next event, artificial ones and heartbeats included, as it was sent (checksum included). Valid until the next
  // call. UNAVAILABLE: connection lost, source shut down, or nothing came, not even a heartbeat, for the connection's
  // read_timeout. OUT_OF_RANGE (POSITION_PURGED, permanent): the source no longer has the place, or never had it, or no
  // event begins there (POSITION_INVALID). FAILED_PRECONDITION (SERVER_ID_CLASH, permanent): another replica with the
  // same id connected. DATA_LOSS (SOURCE_LOG_CORRUPT): the source cannot read its own log. CANCELLED: interrupted.
  absl::StatusOr<absl::string_view> Next();

  // Whether the last Next() failed because the source ended the dump: its log ends there, if it was asked to end.
  bool ended() const { return ended_; }

  ~BinlogDump();

 private:
  explicit BinlogDump(std::unique_ptr<Connection> connection);
  absl::Status PrepareSession(const DumpOptions& options);
  absl::Status Register(const DumpOptions& options);
  absl::Status RequestByOffset(const DumpOptions& options);
  absl::Status RequestByGtidSet(const DumpOptions& options, const GtidSet& executed);
  // Sends a command that is answered by a packet of its own or by a stream of packets.
  absl::Status Send(int command, absl::string_view payload, absl::string_view doing);
  // The next event, as it came.
  absl::StatusOr<absl::string_view> ReadEvent();
  // Whether an event of the dropped run comes to the caller after all, made into what a source sends before an offset.
  absl::StatusOr<bool> Drop(absl::string_view* event);

  const std::unique_ptr<Connection> connection_;
  const std::string endpoint_;
  std::string place_;      // For messages: "binlog.000001:4".
  bool read_any_ = false;  // An event of the file came.
  bool ended_ = false;
  uint64_t next_offset_ = 0;  // While dropping: where the next event begins.
  uint64_t drop_until_ = 0;   // 0: not dropping.
  std::string changed_;       // Holds an event that Drop() made.
};

}  // namespace binlogd
