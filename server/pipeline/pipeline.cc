#include "pipeline/pipeline.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "base/thread.h"

namespace binlogd {
namespace {

// What a target that is written to over a network may take to end.
constexpr absl::Duration kMostDrain = absl::Seconds(10);

int DecoderThreads() { return static_cast<int>(std::clamp(std::thread::hardware_concurrency(), 1u, 4u)); }

absl::Status Named(const TargetLane& lane, const absl::Status& status) {
  return Annotate(status, absl::StrCat("target \"", lane.name(), "\""));
}

}  // namespace

Pipeline::Pipeline(std::vector<PipelineTarget> targets, const Options& options, TapHub* taps)
    : on_failure_(options.on_failure),
      taps_(taps),
      pool_(ThreadName("decode", ':', options.source_name), DecoderThreads()) {
  const auto filter = std::make_shared<const EventFilter>(options.filter);
  for (PipelineTarget& target : targets) {
    TargetLane::Options lane;
    lane.batch = options.batch;
    lane.filter = filter;
    lane.source_name = options.source_name;
    lane.pool = &pool_;
    lane.required = target.required;
    lane.last = std::move(target.last);
    lane.make_replay = options.make_replay;
    lane.on_failure = [this] { OnLaneFailure(); };
    lane.on_commit = options.on_commit;
    lanes_.push_back(std::make_unique<TargetLane>(std::move(target.target), std::move(lane)));
  }
  positions_.resize(lanes_.size());
}

Pipeline::~Pipeline() { Abandon(); }

absl::Status Pipeline::OpenTargets() {
  std::vector<absl::StatusOr<std::optional<DurablePosition>>> opened(lanes_.size(), std::nullopt);
  std::vector<std::thread> openers;
  for (size_t i = 0; i < lanes_.size(); ++i) {
    openers.push_back(StartThread(lanes_[i]->thread_name(), [this, &opened, i] { opened[i] = lanes_[i]->Open(); }));
  }
  for (std::thread& opener : openers) opener.join();
  absl::Status fatal;
  absl::Status first;
  for (size_t i = 0; i < lanes_.size(); ++i) {
    const absl::Status status = opened[i].status();
    if (status.ok()) {
      positions_[i] = *std::move(opened[i]);
      continue;
    }
    const absl::Status weighed = IsPermanent(status) ? GiveUp(i, status) : absl::OkStatus();
    if (fatal.ok()) fatal = weighed;
    // What passes is a better reason than what stays: it is tried again.
    if (first.ok() || IsPermanent(first)) first = Named(*lanes_[i], status);
  }
  RETURN_IF_ERROR(fatal);
  return any_open() ? absl::OkStatus() : first;
}

absl::Status Pipeline::GiveUp(size_t index, const absl::Status& why) {
  lanes_[index]->GiveUp(why);
  positions_[index].reset();
  return lanes_[index]->required() ? Named(*lanes_[index], why) : absl::OkStatus();
}

absl::Status Pipeline::Begin(size_t index, const DurablePosition& start, const EpochStart& epoch) {
  const absl::Status begun = lanes_[index]->Begin(start, epoch);
  positions_[index] = begun.ok() ? std::optional(start) : std::nullopt;
  if (IsPermanent(begun)) RETURN_IF_ERROR(GiveUp(index, begun));
  return any_open() ? absl::OkStatus() : Named(*lanes_[index], begun);
}

bool Pipeline::any_open() const {
  return std::any_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->open(); });
}

void Pipeline::Start(const std::shared_ptr<const EpochStart>& epoch, const ReadEnd& at) {
  for (const auto& lane : lanes_) lane->Start(epoch, at);
}

absl::Status Pipeline::Deliver(std::shared_ptr<const Block> block) {
  for (const auto& lane : lanes_) lane->Reserve(block->bytes.size(), kOptionalBytes);
  const ByteBudget::Lease lease = budget_.Acquire(block->bytes.size());
  if (lease == nullptr) return absl::CancelledError("stopping");
  for (const auto& lane : lanes_) RETURN_IF_ERROR(lane->Offer(block, lease));
  taps_->Offer(block);
  return absl::OkStatus();
}

absl::Status Pipeline::Failure() const {
  bool all_failed = !lanes_.empty();
  for (const auto& lane : lanes_) {
    RETURN_IF_ERROR(lane->failure());
    all_failed = all_failed && lane->Snapshot().state == TargetState::kFailed;
  }
  return all_failed ? Named(*lanes_[0], lanes_[0]->Snapshot().error) : absl::OkStatus();
}

void Pipeline::OnLaneFailure() const {
  if (on_failure_ && !Failure().ok()) on_failure_();
}

absl::Status Pipeline::Flush(absl::Time deadline, bool patient) {
  for (const auto& lane : lanes_) {
    const absl::Status flushed = lane->Flush(deadline, patient && lane->required());
    if (lane->required()) RETURN_IF_ERROR(flushed);
  }
  return absl::OkStatus();
}

absl::Status Pipeline::Drain() {
  for (const auto& lane : lanes_) lane->RequestDrain();
  const absl::Time deadline = absl::Now() + kMostDrain;
  absl::Status first;
  for (size_t i = 0; i < lanes_.size(); ++i) {
    const absl::Status drained = lanes_[i]->Drain(deadline);
    const bool has_position = lanes_[i]->open() && !lanes_[i]->durable().epoch.empty();
    positions_[i] = has_position ? std::optional(lanes_[i]->durable()) : std::nullopt;
    if (lanes_[i]->required() && first.ok()) first = drained;
  }
  const absl::Status failure = Failure();
  return failure.ok() ? first : failure;
}

void Pipeline::Abandon() {
  for (const auto& lane : lanes_) lane->Abandon();
}

void Pipeline::Interrupt() {
  budget_.Close();
  for (const auto& lane : lanes_) lane->Interrupt();
}

std::vector<TargetSnapshot> Pipeline::Snapshot() const {
  std::vector<TargetSnapshot> snapshots;
  for (const auto& lane : lanes_) snapshots.push_back(lane->Snapshot());
  return snapshots;
}

}  // namespace binlogd
