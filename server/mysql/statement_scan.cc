#include "mysql/statement_scan.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlog/checksum.h"
#include "binlog/defining_event.h"
#include "binlog/format_description.h"

namespace binlogd {
namespace {

// Counts where events stand, as the events' lengths tell.
class Scan {
 public:
  Scan(const Position& from, uint32_t log_created) : log_created_(log_created) {
    at_.file = from.file;
    at_.offset = from.offset;
  }

  const Position& at() const { return at_; }

  absl::Status Take(absl::string_view event, StatementVisitor visit) {
    ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(event));
    if (header.type == EventType::kHeartbeat || header.type == EventType::kHeartbeatV2) return absl::OkStatus();
    const bool artificial = (header.flags & kArtificialFlag) != 0;
    if (header.type == EventType::kRotate && artificial) return TakeFileName(event);
    if (header.type == EventType::kFormatDescription) {
      RETURN_IF_ERROR(TakeFormat(event));
      if (at_.offset != kFirstEventOffset) return absl::OkStatus();  // Sent again for one who begins inside the file.
    } else if (artificial) {
      return absl::OkStatus();
    }
    if (MayDefineTables(header.type)) TakeStatement(header.type, event, visit);
    at_.offset += event.size();
    if (header.end_position == 0 || header.end_position == static_cast<uint32_t>(at_.offset)) return absl::OkStatus();
    return MakeError(absl::StatusCode::kDataLoss, "LOG_GAP",
                     absl::StrCat("the source says that an event ends at ", header.end_position,
                                  ", but by the lengths it ends at ", ToString(at_)));
  }

 private:
  // Layout: 8 offset, file name, 4 checksum if the source writes checksums.
  absl::Status TakeFileName(absl::string_view event) {
    if (ChecksumMatches(event)) event.remove_suffix(kChecksumSize);
    ByteReader reader(event.substr(kEventHeaderSize));
    uint64_t offset = 0;
    if (!reader.ReadU64(&offset) || reader.empty()) {
      return absl::DataLossError("a Rotate event names no file");
    }
    if (reader.rest() == at_.file) return absl::OkStatus();
    at_.file = std::string(reader.rest());
    at_.offset = kFirstEventOffset;
    log_created_ = 0;
    return absl::OkStatus();
  }

  absl::Status TakeFormat(absl::string_view event) {
    ASSIGN_OR_RETURN(const FormatDescription format, ParseFormatDescription(event));
    checksum_size_ = format.checksum_size();
    if (log_created_ == 0 || format.created == log_created_) return absl::OkStatus();
    return MakeError(absl::StatusCode::kFailedPrecondition, "LOG_RESET",
                     absl::StrCat(at_.file, " is not the file that was read before: the source's log was reset"));
  }

  void TakeStatement(EventType type, absl::string_view event, StatementVisitor visit) {
    const bool whole =
        event.size() >= kEventHeaderSize + checksum_size_ && (checksum_size_ == 0 || ChecksumMatches(event));
    DefiningStatement statement =
        whole ? DefiningStatementOf(type,
                                    event.substr(kEventHeaderSize, event.size() - kEventHeaderSize - checksum_size_))
              : DefiningStatement::Everything();
    if (statement.defines()) visit(at_, std::move(statement));
  }

  Position at_;
  uint32_t log_created_;
  size_t checksum_size_ = 0;
};

}  // namespace

absl::StatusOr<Position> ScanStatements(BinlogDump& dump, const Position& from, const Position& to,
                                        uint32_t log_created, StatementVisitor visit) {
  Scan scan(from, log_created);
  while (ComparePositions(scan.at(), to) < 0) {
    const absl::StatusOr<absl::string_view> event = dump.Next();
    if (!event.ok() && dump.ended()) break;
    RETURN_IF_ERROR(event.status());
    RETURN_IF_ERROR(scan.Take(*event, visit));
  }
  return scan.at();
}

}  // namespace binlogd
