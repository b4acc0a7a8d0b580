#include "archive/log_verifier.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlog/event_error.h"
#include "binlog/malformed.h"
#include "binlog/position.h"
#include "binlog/rows.h"

namespace binlogd {
namespace {

absl::Status Gap(absl::string_view message) { return MakeError(absl::StatusCode::kDataLoss, "LOG_GAP", message); }

absl::string_view Folder(absl::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? absl::string_view() : path.substr(0, slash);
}

}  // namespace

LogFinding LogVerifier::Verify(const std::string& path, LogFileObserver observe) {
  LogFinding finding;
  finding.path = path;
  finding.name = path == "-" ? options_.standard_input_name : LogFileName(path);
  log_.reset();
  decoder_.reset();
  any_transaction_ = false;
  closed_by_ = EventType::kUnknown;
  next_name_.clear();
  finding.problem = VerifyFile(path, observe, &finding);
  FileBefore before;
  before.path = path;
  if (finding.problem.ok() && !log_->file().relay_log()) {
    before.next_name = next_name_;
    before.gtids = log_->tracker().gtid_set();
  }
  if (finding.events > 0) finding.gtid_set = log_->tracker().gtid_set_text();
  before_ = std::move(before);
  return finding;
}

absl::Status LogVerifier::VerifyFile(const std::string& path, LogFileObserver observe, LogFinding* finding) {
  follows_before_ = before_.has_value() && before_->path != "-" && path != "-" && Folder(before_->path) == Folder(path);
  ASSIGN_OR_RETURN(log_, TrackedLog::Open(path, options_));
  RETURN_IF_ERROR(VerifyName());
  LogFileEvent event;
  while (true) {
    ASSIGN_OR_RETURN(const bool more, log_->Next(&event));
    if (!more) return absl::OkStatus();
    observe(log_->file());
    if (absl::Status placed = VerifyPlace(event); !placed.ok()) {
      return EventError(path, event.offset, event.header.type, placed);
    }
    RETURN_IF_ERROR(log_->Track(event));
    if (absl::Status verified = VerifyContent(event); !verified.ok()) {
      return EventError(path, event.offset, event.header.type, verified);
    }
    ++finding->events;
    finding->transactions += log_->tracker().ended_transaction() ? 1 : 0;
    finding->size = event.end();
  }
}

absl::Status LogVerifier::VerifyName() const {
  const LogFileReader& file = log_->file();
  const uint64_t number = FileSequence(file.name());
  if (!follows_before_ || number == 0) return absl::OkStatus();
  const std::string name_before = LogFileName(before_->path);
  if (FileSequence(name_before) != 0 && number != FileSequence(name_before) + 1) {
    return Gap(
        absl::StrCat(file.path(), ": follows ", name_before, ": a file in between is missing, or the order is wrong"));
  }
  if (!before_->next_name.empty() && before_->next_name != file.name()) {
    return Gap(absl::StrCat(file.path(), ": ", name_before, " says that ", before_->next_name, " follows it"));
  }
  return absl::OkStatus();
}

// What may stand here.
absl::Status LogVerifier::VerifyPlace(const LogFileEvent& event) const {
  if (log_->file().relay_log()) return absl::OkStatus();
  const EventType type = event.header.type;
  const uint32_t stated_end = event.header.end_position;
  if (stated_end != 0 && stated_end != static_cast<uint32_t>(event.end())) {
    return Gap(absl::StrCat("the event says that it ends at ", stated_end, ", but it ends at ", event.end(),
                            ": a part of the file is missing or stands in it twice"));
  }
  const bool first = decoder_ == std::nullopt;
  if (type == EventType::kFormatDescription && !first) {
    return Malformed("a second format description stands inside the file");
  }
  if (closed_by_ != EventType::kUnknown) {
    return Malformed(absl::StrCat("it follows a ", EventTypeName(closed_by_), " event, which ends the file"));
  }
  if (IsGtidSetEvent(type) && any_transaction_) return Malformed("it stands behind transactions");
  const bool at_boundary = log_->tracker().at_boundary();
  const bool closes = type == EventType::kRotate || type == EventType::kStop;
  if ((IsGtidEvent(type) || closes) && !at_boundary) {
    return Malformed(absl::StrCat("the transaction that begins at ", log_->unit_begin(), " has no end before it"));
  }
  const bool needs_transaction = type == EventType::kXid || type == EventType::kTableMap || IsRowsEvent(type);
  if (needs_transaction && at_boundary) return Malformed("it stands outside of a transaction");
  return absl::OkStatus();
}

absl::Status LogVerifier::VerifyContent(const LogFileEvent& event) {
  const EventType type = event.header.type;
  any_transaction_ = any_transaction_ || log_->is_transaction();
  if (!log_->file().relay_log()) {
    if (IsGtidEvent(type)) RETURN_IF_ERROR(VerifyGtid());
    if (IsGtidSetEvent(type)) RETURN_IF_ERROR(VerifyStatedGtids());
  }
  if (type == EventType::kFormatDescription) decoder_.emplace(log_->file().flavor(), nullptr);
  const DecodedEvent* decoded = nullptr;
  RETURN_IF_ERROR(decoder_->Feed(event.bytes, &decoded));
  if (type == EventType::kRotate || type == EventType::kStop) {
    closed_by_ = type;
    if (decoded == nullptr) return absl::OkStatus();
    for (const auto& [name, value] : decoded->extra) {
      if (name == "next_file") next_name_ = value;
    }
  }
  while (decoded != nullptr) RETURN_IF_ERROR(decoder_->Next(&decoded));
  return absl::OkStatus();
}

absl::Status LogVerifier::VerifyGtid() const {
  const Gtid* gtid = log_->tracker().open_gtid();
  // MariaDB's sets do not tell: without gtid_strict_mode numbers of a domain may come in any order.
  if (gtid == nullptr || gtid->flavor != Flavor::kMySql || !log_->tracker().gtid_set().Contains(*gtid)) {
    return absl::OkStatus();
  }
  return Gap(absl::StrCat("transaction ", gtid->ToString(), " stands in the log twice"));
}

absl::Status LogVerifier::VerifyStatedGtids() const {
  if (!follows_before_ || !before_->gtids.has_value()) return absl::OkStatus();
  const GtidSet& stated = log_->tracker().gtid_set();
  if (stated == *before_->gtids) return absl::OkStatus();
  if (stated.flavor() == Flavor::kMariaDb && !stated.empty()) {
    // A domain may be gone (FLUSH BINARY LOGS DELETE_DOMAIN_ID); the others must be as they were.
    GtidSet with_stated = *before_->gtids;
    with_stated.Add(stated);
    if (with_stated == *before_->gtids) return absl::OkStatus();
  }
  return Gap(absl::StrCat("the file says that ", stated.empty() ? "nothing" : stated.ToString(),
                          " was logged before it, but ", LogFileName(before_->path), " ends with ",
                          before_->gtids->empty() ? "nothing" : before_->gtids->ToString(),
                          ": transactions are missing between them, or the log was reset"));
}

}  // namespace binlogd
