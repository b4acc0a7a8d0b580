#include "binlog/event_class.h"

#include <array>

namespace binlogd {
namespace {

constexpr EventClass Classify(EventType type) {
  switch (type) {
    case EventType::kPreGaWriteRows:
    case EventType::kWriteRowsV1:
    case EventType::kWriteRows:
    case EventType::kMariaDbWriteRowsCompressedV1:
    case EventType::kMariaDbWriteRowsCompressed: return EventClass::kWrite;
    case EventType::kPreGaUpdateRows:
    case EventType::kUpdateRowsV1:
    case EventType::kUpdateRows:
    case EventType::kPartialUpdateRows:
    case EventType::kMariaDbUpdateRowsCompressedV1:
    case EventType::kMariaDbUpdateRowsCompressed: return EventClass::kUpdate;
    case EventType::kPreGaDeleteRows:
    case EventType::kDeleteRowsV1:
    case EventType::kDeleteRows:
    case EventType::kMariaDbDeleteRowsCompressedV1:
    case EventType::kMariaDbDeleteRowsCompressed: return EventClass::kDelete;
    case EventType::kQuery:
    case EventType::kExecuteLoadQuery:
    case EventType::kMariaDbQueryCompressed: return EventClass::kQuery;
    case EventType::kGtid:
    case EventType::kAnonymousGtid:
    case EventType::kTaggedGtid:
    case EventType::kMariaDbGtid: return EventClass::kGtid;
    case EventType::kXid:
    case EventType::kXaPrepare: return EventClass::kCommit;
    case EventType::kTableMap: return EventClass::kTableMap;
    case EventType::kRowsQuery:
    case EventType::kMariaDbAnnotateRows: return EventClass::kRowsQuery;
    case EventType::kTransactionPayload: return EventClass::kCompressed;
    case EventType::kStartV3:
    case EventType::kStop:
    case EventType::kRotate:
    case EventType::kFormatDescription:
    case EventType::kPreviousGtids:
    case EventType::kMariaDbBinlogCheckpoint:
    case EventType::kMariaDbGtidList:
    case EventType::kMariaDbStartEncryption: return EventClass::kControl;
    default: return EventClass::kOther;
  }
}

}  // namespace

constexpr std::array<EventClass, 256> kEventClassOfType = [] {
  std::array<EventClass, 256> classes = {};
  for (size_t type = 0; type < classes.size(); ++type) classes[type] = Classify(static_cast<EventType>(type));
  return classes;
}();

absl::string_view EventClassName(EventClass event_class) {
  switch (event_class) {
    case EventClass::kWrite: return "write";
    case EventClass::kUpdate: return "update";
    case EventClass::kDelete: return "delete";
    case EventClass::kQuery: return "query";
    case EventClass::kGtid: return "gtid";
    case EventClass::kCommit: return "commit";
    case EventClass::kTableMap: return "table_map";
    case EventClass::kRowsQuery: return "rows_query";
    case EventClass::kCompressed: return "compressed";
    case EventClass::kControl: return "control";
    case EventClass::kOther: return "other";
  }
  return "";
}

}  // namespace binlogd
