#include "streamer/epoch_ends.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {
namespace {

// Whether `end` tells more of where the log ended than `known`.
bool GoesFurther(const EpochEnd& end, const EpochEnd& known) {
  if (end.position.empty() || known.position.empty()) return !end.position.empty();
  const int further = ComparePositions(end.position, known.position);
  return further > 0 || (further == 0 && known.boundary.empty());
}

// Whether both are in a file of the same name, but not in the same one.
bool IsOtherLog(const DurablePosition& had, const EpochEnd& end) {
  const bool comparable = had.position.file == end.position.file && had.log_created != 0 && end.log_created != 0;
  return comparable && (had.log_created != end.log_created || had.log_server_id != end.log_server_id);
}

}  // namespace

void EpochEnds::Note(const EpochEnd& end) {
  EpochEnd& known = ends_[end.epoch.name()];
  const std::string next_file = known.next_file.empty() ? end.next_file : known.next_file;
  if (known.epoch.empty() || GoesFurther(end, known)) known = end;
  known.next_file = next_file;
}

void EpochEnds::Learn(const TargetPositions& targets) {
  for (const std::optional<DurablePosition>& target : targets) {
    if (target && !target->before.epoch.empty()) Note(target->before);
  }
}

void EpochEnds::Follow(const Epoch& epoch) {
  for (auto end = ends_.begin(); end != ends_.end();) {
    end = end->second.epoch.number >= epoch.number ? ends_.erase(end) : std::next(end);
  }
}

EpochEnd EpochEnds::Of(const Epoch& epoch, const TargetPositions& targets) const {
  EpochEnd end;
  if (const auto noted = ends_.find(epoch.name()); noted != ends_.end()) end = noted->second;
  end.epoch = epoch;
  for (const std::optional<DurablePosition>& target : targets) {
    if (!target || !(target->epoch == epoch)) continue;
    if (!end.position.empty() && ComparePositions(target->position, end.position) <= 0) continue;
    end.position = target->position;
    end.boundary =
        target->at_boundary ? Position{target->position.file, target->position.offset, ""} : target->boundary;
    end.log_created = target->log_created;
    end.log_server_id = target->log_server_id;
  }
  return end;
}

EpochEnd EpochEnds::Before(const Epoch& epoch, const TargetPositions& targets) const {
  for (const auto& [name, end] : ends_) {
    if (end.epoch.number + 1 == epoch.number) return Of(end.epoch, targets);
  }
  return EpochEnd();
}

bool EpochEnds::WasLeft(const Epoch& ended, const TargetPositions& targets) const {
  const auto left = [&ended](const Epoch& epoch) {
    return epoch.number == ended.number + 1 && epoch.identity != ended.identity;
  };
  const auto stands_there = [&left](const std::optional<DurablePosition>& target) {
    return target && left(target->epoch);
  };
  return std::any_of(ends_.begin(), ends_.end(), [&left](const auto& end) { return left(end.second.epoch); }) ||
         std::any_of(targets.begin(), targets.end(), stands_there);
}

bool EpochEnds::WasReset(const Epoch& from, const Epoch& to) const {
  return std::any_of(ends_.begin(), ends_.end(), [&from, &to](const auto& end) {
    const uint32_t number = end.second.epoch.number;
    return number >= from.number && number < to.number && !end.second.next_file.empty();
  });
}

bool EpochEnds::Knows(const Epoch& epoch) const {
  const auto end = ends_.find(epoch.name());
  return end != ends_.end() && !end->second.position.empty();
}

absl::Status EpochEnds::CheckHasAll(const DurablePosition& had, bool decodes, bool gtids, const Epoch& epoch,
                                    const TargetPositions& targets) const {
  const EpochEnd end = Of(had.epoch, targets);
  const bool is_known = Knows(had.epoch) && !IsOtherLog(had, end);
  const bool missed_whole_epochs = had.epoch.number + 1 < epoch.number;
  if (is_known && !missed_whole_epochs) {
    if (ComparePositions(had.position, end.position) >= 0) return absl::OkStatus();
    // What follows the last whole transaction is of no use to who decodes.
    const bool has_whole = !end.boundary.empty() && ComparePositions(had.position, end.boundary) >= 0;
    const std::string& gtid_set = end.position.gtid_set;
    const bool same_gtids = gtids && !gtid_set.empty() && had.position.gtid_set == gtid_set;
    if (decodes && (has_whole || same_gtids)) return absl::OkStatus();
  }
  return Permanent(MakeError(
      absl::StatusCode::kDataLoss, "LOG_LOST",
      absl::StrCat("the source's log was reset before this target had all of epoch ", had.epoch.name(), ": it has ",
                   ToString(had.position),
                   is_known ? absl::StrCat(" of ", ToString(end.position))
                            : ", and how far the epoch went is not known any more",
                   missed_whole_epochs
                       ? absl::StrCat("; of what came between it and epoch ", epoch.name(), " it has nothing")
                       : "",
                   ". The rest is on the source no more: take it from another target. To begin again with the new log, "
                   "give this target a new store (a folder, a prefix, a transactional id); to go on without it, set "
                   "required: false")));
}

}  // namespace binlogd
