#include "target/target.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

// Of the event that ends at `offset` of the file. Not known where none does.
EventMark MarkOfEventBefore(const Block& block, uint64_t offset) {
  const auto event = std::find_if(block.events.rbegin(), block.events.rend(),
                                  [&](const BlockEvent& e) { return block.start.offset + e.begin + e.size == offset; });
  return event == block.events.rend() ? EventMark() : MarkOf(block.event(*event));
}

}  // namespace

Target::~Target() {
  if (floor_ != nullptr) floor_->Withdraw(name_);
}

void Target::set_delivery_floor(std::shared_ptr<DeliveryFloor> floor) {
  floor_ = std::move(floor);
  floor_->Join(name_);
}

void Target::Report() {
  if (floor_ != nullptr) floor_->Report(name_, durable_.epoch, durable_.position);
}

absl::Status Target::Noted(const absl::Status& status) {
  claim_->Note(status);
  return status;
}

absl::StatusOr<std::optional<DurablePosition>> Target::Open() {
  Close();
  RETURN_IF_ERROR(claim_->lost());
  absl::StatusOr<std::optional<DurablePosition>> position = DoOpen();
  if (!position.ok()) {
    DoClose();
    return Noted(position.status());
  }
  claim_->NoteHeld();
  open_ = true;
  durable_ = position->value_or(DurablePosition());
  written_ = durable_;
  uncommitted_bytes_ = 0;
  uncommitted_ = false;
  if (position->has_value()) Report();
  return position;
}

absl::Status Target::Begin(const DurablePosition& start, const EpochStart& epoch) {
  if (!open_) return absl::FailedPreconditionError("the target is not open");
  RETURN_IF_ERROR(Noted(DoBegin(start, epoch)));
  durable_ = start;
  written_ = start;
  Report();
  return absl::OkStatus();
}

absl::Status Target::Write(const Block& block, size_t from, const EncodedBlock* encoded) {
  if (!open_) return absl::FailedPreconditionError("the target is not open");
  RETURN_IF_ERROR(Noted(DoWrite(block, from, encoded)));
  uncommitted_bytes_ += encoded == nullptr ? block.bytes.size() - from : encoded->bytes.size();
  const uint64_t reached = encoded == nullptr ? block.end.offset : encoded->boundary_offset;
  if (reached == 0) return absl::OkStatus();
  MoveTo(block, from, encoded, reached);
  return absl::OkStatus();
}

void Target::MoveTo(const Block& block, size_t from, const EncodedBlock* encoded, uint64_t reached) {
  uncommitted_ = true;
  if (written_.at_boundary) written_.boundary = Position{written_.position.file, written_.position.offset, ""};
  written_.at_boundary = encoded != nullptr || block.events.back().ends_transaction;
  const auto last = std::find_if(block.events.rbegin(), block.events.rend(),
                                 [](const BlockEvent& event) { return event.ends_transaction; });
  if (written_.at_boundary) {
    written_.boundary = Position();
  } else if (last != block.events.rend() && last->begin >= from) {
    written_.boundary = Position{block.start.file, block.start.offset + last->begin + last->size, ""};
  }
  written_.position = block.end;
  written_.position.offset = reached;
  written_.read_whole_file = false;
  written_.log_created = block.format->created;
  written_.log_server_id = block.format->server_id;
  written_.last_event = MarkOfEventBefore(block, reached);
  if (block.last_timestamp != 0) written_.source_time = block.last_timestamp;
}

absl::Status Target::Commit() {
  if (!open_) return absl::FailedPreconditionError("the target is not open");
  if (!uncommitted_) return absl::OkStatus();
  if (absl::Status status = DoCommit(written_); !status.ok()) {
    Close();
    return Noted(status);
  }
  durable_ = written_;
  uncommitted_bytes_ = 0;
  uncommitted_ = false;
  Report();
  return absl::OkStatus();
}

void Target::Close() {
  if (open_) DoClose();
  if (open_ && floor_ != nullptr) floor_->Withdraw(name_);
  open_ = false;
}

}  // namespace binlogd
