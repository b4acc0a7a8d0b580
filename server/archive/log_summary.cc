#include "archive/log_summary.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "archive/tracked_log.h"
#include "base/status_macros.h"
#include "binlog/decoder.h"
#include "binlog/event_error.h"
#include "binlog/rows.h"

namespace binlogd {
namespace {

// Counts the events of one file. Not thread-safe.
class Summarizer {
 public:
  Summarizer(const TrackedLog& log, LogSummary* summary) : log_(log), summary_(summary) {}

  // After the log has tracked the event.
  absl::Status Take(const LogFileEvent& event) {
    const EventType type = event.header.type;
    if (type == EventType::kFormatDescription) Begin();
    CountEvent(event);
    CountTransaction(event);
    const DecodedEvent* decoded = nullptr;
    RETURN_IF_ERROR(decoder_->Feed(event.bytes, &decoded));
    while (decoded != nullptr) {
      if (decoded->rows != nullptr) RETURN_IF_ERROR(CountRows(*decoded));
      RETURN_IF_ERROR(decoder_->Next(&decoded));
    }
    return absl::OkStatus();
  }

  void End() {
    if (last_gtid_.number != 0) summary_->last_gtid = last_gtid_.ToString();
  }

 private:
  void Begin() {
    const LogFileReader& file = log_.file();
    decoder_.emplace(file.flavor(), nullptr);
    summary_->flavor = file.flavor();
    summary_->server_version = file.format()->server_version;
    summary_->checksum = file.format()->checksum;
    summary_->in_use = file.in_use();
    summary_->relay_log = file.relay_log();
    if (summary_->event_count == 0) summary_->gtids = summary_->stated_gtids = GtidSet(file.flavor());
  }

  void CountEvent(const LogFileEvent& event) {
    ++summary_->event_count;
    ++summary_->events[static_cast<uint8_t>(event.header.type)];
    summary_->size = event.end();
    if (IsGtidSetEvent(event.header.type)) summary_->stated_gtids = log_.tracker().gtid_set();
    const uint32_t time = event.header.timestamp;
    if (time == 0) return;
    summary_->last_time = std::max(summary_->last_time, time);
    summary_->first_time = summary_->first_time == 0 ? time : std::min(summary_->first_time, time);
  }

  void CountTransaction(const LogFileEvent& event) {
    if (IsGtidEvent(event.header.type) || log_.was_at_boundary()) {
      gtid_ = log_.tracker().open_gtid() == nullptr ? Gtid() : *log_.tracker().open_gtid();
    }
    if (!log_.tracker().ended_transaction()) return;
    ++summary_->transactions;
    const uint64_t bytes = event.end() - log_.unit_begin();
    if (bytes > summary_->biggest.bytes) {
      summary_->biggest = {bytes, log_.unit_begin(), gtid_.number == 0 ? "" : gtid_.ToString()};
    }
    if (gtid_.number == 0) return;
    summary_->gtids.Add(gtid_);
    if (summary_->first_gtid.empty()) summary_->first_gtid = gtid_.ToString();
    last_gtid_ = gtid_;
  }

  absl::Status CountRows(const DecodedEvent& event) {
    LogSummary::Rows& rows = RowsOf(event);
    cursor_.Start(*event.rows, *event.table_map);
    uint64_t images = 0;
    while (cursor_.Next()) ++images;
    RETURN_IF_ERROR(cursor_.status());
    switch (event.rows->operation) {
      case RowsEvent::Operation::kWrite: rows.inserts += images; break;
      case RowsEvent::Operation::kUpdate: rows.updates += images / 2; break;
      case RowsEvent::Operation::kDelete: rows.deletes += images; break;
    }
    return absl::OkStatus();
  }

  LogSummary::Rows& RowsOf(const DecodedEvent& event) {
    key_.first.assign(event.database.data(), event.database.size());
    key_.second.assign(event.table.data(), event.table.size());
    return summary_->rows[key_];
  }

  const TrackedLog& log_;
  LogSummary* const summary_;
  std::optional<EventDecoder> decoder_;
  RowCursor cursor_;
  std::pair<std::string, std::string> key_;
  Gtid gtid_;  // Of the transaction that the log is in; number 0 when it has none.
  Gtid last_gtid_;
};

absl::Status Summarize(TrackedLog* log, LogFileObserver observe, Summarizer* summarizer) {
  LogFileEvent event;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, log->Next(&event));
    if (!more) return absl::OkStatus();
    observe(log->file());
    RETURN_IF_ERROR(log->Track(event));
    if (absl::Status taken = summarizer->Take(event); !taken.ok()) {
      return EventError(log->file().path(), event.offset, event.header.type, taken);
    }
  }
}

}  // namespace

absl::Status SummarizeLog(const std::string& path, const LogFileOptions& options, LogFileObserver observe,
                          LogSummary* summary) {
  summary->path = path;
  ASSIGN_OR_RETURN(TrackedLog log, TrackedLog::Open(path, options));
  summary->name = log.file().name();
  Summarizer summarizer(log, summary);
  const absl::Status status = Summarize(&log, observe, &summarizer);
  summarizer.End();
  return status;
}

}  // namespace binlogd
