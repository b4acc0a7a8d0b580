// The 19 bytes that open every event, and the types of events.
//
// Layout, little-endian (MySQL internals manual, "Binary Log Event Header"):
//   offset  size
//        0     4  timestamp, seconds since 1970
//        4     1  type
//        5     4  server id of the server that first wrote the event
//        9     4  size of the whole event, header and checksum included
//       13     4  end of the event in its file, modulo 2^32; 0 for artificial events, and for all events of a
//                 transaction from MariaDB 11.4 on
//       17     2  flags
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// Numbers above 150 are MariaDB's own.
enum class EventType : uint8_t {
  kUnknown = 0,
  kStartV3 = 1,
  kQuery = 2,
  kStop = 3,
  kRotate = 4,
  kIntvar = 5,
  kLoad = 6,
  kSlave = 7,
  kCreateFile = 8,
  kAppendBlock = 9,
  kExecLoad = 10,
  kDeleteFile = 11,
  kNewLoad = 12,
  kRand = 13,
  kUserVar = 14,
  kFormatDescription = 15,
  kXid = 16,
  kBeginLoadQuery = 17,
  kExecuteLoadQuery = 18,
  kTableMap = 19,
  kPreGaWriteRows = 20,
  kPreGaUpdateRows = 21,
  kPreGaDeleteRows = 22,
  kWriteRowsV1 = 23,
  kUpdateRowsV1 = 24,
  kDeleteRowsV1 = 25,
  kIncident = 26,
  kHeartbeat = 27,
  kIgnorable = 28,
  kRowsQuery = 29,
  kWriteRows = 30,
  kUpdateRows = 31,
  kDeleteRows = 32,
  kGtid = 33,
  kAnonymousGtid = 34,
  kPreviousGtids = 35,
  kTransactionContext = 36,
  kViewChange = 37,
  kXaPrepare = 38,
  kPartialUpdateRows = 39,
  kTransactionPayload = 40,
  kHeartbeatV2 = 41,
  kTaggedGtid = 42,
  kMariaDbAnnotateRows = 160,
  kMariaDbBinlogCheckpoint = 161,
  kMariaDbGtid = 162,
  kMariaDbGtidList = 163,
  kMariaDbStartEncryption = 164,
  kMariaDbQueryCompressed = 165,
  kMariaDbWriteRowsCompressedV1 = 166,
  kMariaDbUpdateRowsCompressedV1 = 167,
  kMariaDbDeleteRowsCompressedV1 = 168,
  kMariaDbWriteRowsCompressed = 169,
  kMariaDbUpdateRowsCompressed = 170,
  kMariaDbDeleteRowsCompressed = 171,
};

// The server's own name for a type, for example "Write_rows"; "Unknown" for a number that has none.
absl::string_view EventTypeName(EventType type);

constexpr size_t kEventHeaderSize = 19;
constexpr size_t kChecksumSize = 4;
// Larger events are no server's: 1 GiB (max_allowed_packet) is the limit for a row, and an update has two.
constexpr uint64_t kMostEventBytes = (uint64_t{2} << 30) + (uint64_t{64} << 20);
// Every file begins with these bytes, so the first event stands at offset 4.
constexpr absl::string_view kFileMagic(
    "\xfe"
    "bin",
    4);
constexpr uint64_t kFirstEventOffset = 4;

// Bits of EventHeader::flags.
constexpr uint16_t kBinlogInUseFlag = 0x0001;  // In a format description: the file is being written.
constexpr uint16_t kArtificialFlag = 0x0020;   // Made for this connection; not in any file.
constexpr uint16_t kRelayLogFlag = 0x0040;     // In a format description: the file is a relay log.
constexpr uint16_t kIgnorableFlag = 0x0080;    // A reader that does not know the type may skip the event.

struct EventHeader {
  uint32_t timestamp = 0;
  EventType type = EventType::kUnknown;
  uint32_t server_id = 0;
  uint32_t size = 0;
  uint32_t end_position = 0;
  uint16_t flags = 0;
};

// Reads the header of the event that `bytes` begins with. DATA_LOSS when there are fewer than 19 bytes or the size
// that the header states is less than 19.
absl::StatusOr<EventHeader> ParseEventHeader(absl::string_view bytes);

}  // namespace binlogd
