#include "binlog/event_header.h"

#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "binlog/malformed.h"

namespace binlogd {

absl::string_view EventTypeName(EventType type) {
  switch (type) {
    case EventType::kUnknown: return "Unknown";
    case EventType::kStartV3: return "Start_v3";
    case EventType::kQuery: return "Query";
    case EventType::kStop: return "Stop";
    case EventType::kRotate: return "Rotate";
    case EventType::kIntvar: return "Intvar";
    case EventType::kLoad: return "Load";
    case EventType::kSlave: return "Slave";
    case EventType::kCreateFile: return "Create_file";
    case EventType::kAppendBlock: return "Append_block";
    case EventType::kExecLoad: return "Exec_load";
    case EventType::kDeleteFile: return "Delete_file";
    case EventType::kNewLoad: return "New_load";
    case EventType::kRand: return "RAND";
    case EventType::kUserVar: return "User var";
    case EventType::kFormatDescription: return "Format_desc";
    case EventType::kXid: return "Xid";
    case EventType::kBeginLoadQuery: return "Begin_load_query";
    case EventType::kExecuteLoadQuery: return "Execute_load_query";
    case EventType::kTableMap: return "Table_map";
    case EventType::kPreGaWriteRows: return "Write_rows_event_old";
    case EventType::kPreGaUpdateRows: return "Update_rows_event_old";
    case EventType::kPreGaDeleteRows: return "Delete_rows_event_old";
    case EventType::kWriteRowsV1: return "Write_rows_v1";
    case EventType::kUpdateRowsV1: return "Update_rows_v1";
    case EventType::kDeleteRowsV1: return "Delete_rows_v1";
    case EventType::kIncident: return "Incident";
    case EventType::kHeartbeat: return "Heartbeat";
    case EventType::kIgnorable: return "Ignorable";
    case EventType::kRowsQuery: return "Rows_query";
    case EventType::kWriteRows: return "Write_rows";
    case EventType::kUpdateRows: return "Update_rows";
    case EventType::kDeleteRows: return "Delete_rows";
    case EventType::kGtid: return "Gtid";
    case EventType::kAnonymousGtid: return "Anonymous_Gtid";
    case EventType::kPreviousGtids: return "Previous_gtids";
    case EventType::kTransactionContext: return "Transaction_context";
    case EventType::kViewChange: return "View_change";
    case EventType::kXaPrepare: return "XA_prepare";
    case EventType::kPartialUpdateRows: return "Update_rows_partial";
    case EventType::kTransactionPayload: return "Transaction_payload";
    case EventType::kHeartbeatV2: return "Heartbeat_v2";
    case EventType::kTaggedGtid: return "Gtid_tagged";
    case EventType::kMariaDbAnnotateRows: return "Annotate_rows";
    case EventType::kMariaDbBinlogCheckpoint: return "Binlog_checkpoint";
    case EventType::kMariaDbGtid: return "Gtid";
    case EventType::kMariaDbGtidList: return "Gtid_list";
    case EventType::kMariaDbStartEncryption: return "Start_encryption";
    case EventType::kMariaDbQueryCompressed: return "Query_compressed";
    case EventType::kMariaDbWriteRowsCompressedV1: return "Write_rows_compressed_v1";
    case EventType::kMariaDbUpdateRowsCompressedV1: return "Update_rows_compressed_v1";
    case EventType::kMariaDbDeleteRowsCompressedV1: return "Delete_rows_compressed_v1";
    case EventType::kMariaDbWriteRowsCompressed: return "Write_rows_compressed";
    case EventType::kMariaDbUpdateRowsCompressed: return "Update_rows_compressed";
    case EventType::kMariaDbDeleteRowsCompressed: return "Delete_rows_compressed";
  }
  return "Unknown";
}

absl::StatusOr<EventHeader> ParseEventHeader(absl::string_view bytes) {
  ByteReader reader(bytes);
  EventHeader header;
  uint8_t type = 0;
  if (!reader.ReadU32(&header.timestamp) || !reader.ReadU8(&type) || !reader.ReadU32(&header.server_id) ||
      !reader.ReadU32(&header.size) || !reader.ReadU32(&header.end_position) || !reader.ReadU16(&header.flags)) {
    return Malformed(absl::StrCat("an event header of ", bytes.size(), " bytes is cut short"));
  }
  if (header.size < kEventHeaderSize || header.size > kMostEventBytes) {
    return Malformed(absl::StrCat("an event header states a size of ", header.size, " bytes, which no event has"));
  }
  header.type = static_cast<EventType>(type);
  return header;
}

}  // namespace binlogd
