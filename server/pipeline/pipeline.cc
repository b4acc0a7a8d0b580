#include "pipeline/pipeline.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

int DecoderThreads() { return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, 4u)); }

}  // namespace

Pipeline::Pipeline(std::vector<std::unique_ptr<Target>> targets, const Options& options, TapHub* taps)
    : taps_(taps), pool_(DecoderThreads()) {
  const auto filter = std::make_shared<const EventFilter>(options.filter);
  for (std::unique_ptr<Target>& target : targets) {
    TargetLane::Options lane{options.batch, filter, options.source_name, &pool_, options.on_failure, options.on_commit};
    lanes_.push_back(std::make_unique<TargetLane>(std::move(target), std::move(lane)));
  }
  positions_.resize(lanes_.size());
}

Pipeline::~Pipeline() { Abandon(); }

absl::Status Pipeline::OpenTargets() {
  for (size_t i = 0; i < lanes_.size(); ++i) {
    absl::StatusOr<std::optional<DurablePosition>> position = lanes_[i]->Open();
    if (!position.ok()) {
      return Annotate(position.status(), absl::StrCat("target \"", lanes_[i]->Snapshot().name, "\""));
    }
    positions_[i] = *std::move(position);
  }
  return absl::OkStatus();
}

absl::Status Pipeline::Begin(size_t index, const DurablePosition& start, const EpochStart& epoch) {
  RETURN_IF_ERROR(
      Annotate(lanes_[index]->Begin(start, epoch), absl::StrCat("target \"", lanes_[index]->Snapshot().name, "\"")));
  positions_[index] = start;
  return absl::OkStatus();
}

void Pipeline::Start() {
  for (const auto& lane : lanes_) lane->Start();
}

absl::Status Pipeline::Deliver(std::shared_ptr<const Block> block) {
  const ByteBudget::Lease lease = budget_.Acquire(block->bytes.size());
  if (lease == nullptr) return absl::CancelledError("stopping");
  for (const auto& lane : lanes_) RETURN_IF_ERROR(lane->Offer(block, lease));
  taps_->Offer(block);
  return absl::OkStatus();
}

absl::Status Pipeline::Failure() const {
  for (const auto& lane : lanes_) RETURN_IF_ERROR(lane->failure());
  return absl::OkStatus();
}

absl::Status Pipeline::Drain() {
  absl::Status first;
  for (size_t i = 0; i < lanes_.size(); ++i) {
    const absl::Status drained = lanes_[i]->Drain();
    if (drained.ok() && positions_[i]) positions_[i] = lanes_[i]->durable();
    if (first.ok()) first = drained;
  }
  return first;
}

void Pipeline::Abandon() {
  for (const auto& lane : lanes_) lane->Abandon();
}

std::vector<TargetSnapshot> Pipeline::Snapshot() const {
  std::vector<TargetSnapshot> snapshots;
  for (const auto& lane : lanes_) snapshots.push_back(lane->Snapshot());
  return snapshots;
}

}  // namespace binlogd
