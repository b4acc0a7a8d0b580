#include "pipeline/tap.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {
namespace {

constexpr uint64_t kWholeBlock = std::numeric_limits<uint64_t>::max();

// A place without its GTID set, which may be long and which nobody asks for here.
Position WithoutGtids(const Position& position) { return Position{position.file, position.offset, ""}; }

// Where what the entry brings begins.
Position BeginOf(const TapBlock& entry) {
  return Position{entry.block()->start.file, std::max(entry.block()->start.offset, entry.from_offset()), ""};
}

}  // namespace

bool Tap::Take(Item* item) {
  TapHub& hub = *hub_;
  absl::MutexLock lock(&hub.mutex_);
  const uint64_t window_end = hub.first_ + hub.window_.size();
  if (over_ || next_ >= window_end) {
    waiting_ = hub.some_wait_ = true;
    return false;
  }
  *item = Item();
  if (next_ < hub.first_) {
    // Overtaken: it goes on where it is not overtaken again at once.
    const size_t index = hub.window_.size() / 2;
    next_ = hub.first_ + index;
    const TapHub::Entry& entry = hub.window_[index];
    const Position to = index > 0 ? WithoutGtids(hub.window_[index - 1].block->block()->end) : BeginOf(*entry.block);
    item->gap = TapGap{entry.events_before - next_events_, from_, to};
    hub.dropped_events_.fetch_add(item->gap->dropped_events, std::memory_order_relaxed);
    hub.gaps_.fetch_add(1, std::memory_order_relaxed);
  }
  const TapHub::Entry& entry = hub.window_[next_ - hub.first_];
  item->block = entry.block;
  ++next_;
  hub.newest_next_ = std::max(hub.newest_next_, next_);
  next_events_ = next_ < window_end ? hub.window_[next_ - hub.first_].events_before : hub.events_;
  from_ = WithoutGtids(entry.block->block()->end);
  return true;
}

bool Tap::overtaken() const { return next_ < hub_->first_.load(std::memory_order_relaxed); }

void Tap::LeaveRest(const TapBlock& block, uint64_t offset) {
  absl::MutexLock lock(&hub_->mutex_);
  next_events_ -= ShownEvents(*block.block(), offset, kWholeBlock);
  from_.file = block.block()->start.file;
  from_.offset = offset;
}

bool Tap::Join(const Epoch& epoch, const Position& reached) {
  TapHub& hub = *hub_;
  absl::MutexLock lock(&hub.mutex_);
  if (hub.end_.epoch == nullptr || !(hub.end_.epoch->epoch == epoch)) return false;
  if (ComparePositions(reached, hub.end_.at.position) >= 0) {
    hub.PlaceAtEnd(this);
    return true;
  }
  const auto first = std::find_if(hub.window_.begin(), hub.window_.end(), [&epoch](const TapHub::Entry& entry) {
    return entry.block->block()->epoch->epoch == epoch;
  });
  if (first == hub.window_.end() || ComparePositions(BeginOf(*first->block), reached) > 0) return false;
  const auto next = std::find_if(first, hub.window_.end(), [&reached](const TapHub::Entry& entry) {
    return ComparePositions(entry.block->block()->end, reached) > 0;
  });
  if (next == hub.window_.end()) return false;
  const Block& block = *next->block->block();
  next_ = hub.first_ + static_cast<uint64_t>(next - hub.window_.begin());
  hub.newest_next_ = std::max(hub.newest_next_, next_);
  next_events_ = next->events_before;
  from_ = BeginOf(*next->block);
  if (block.start.file == reached.file && reached.offset > from_.offset) {
    next_events_ += ShownEvents(block, from_.offset, reached.offset);
    from_.offset = reached.offset;
  }
  return true;
}

std::optional<absl::Status> Tap::ended() const {
  absl::MutexLock lock(&hub_->mutex_);
  return closed_;
}

absl::StatusOr<std::shared_ptr<Tap>> TapHub::Attach(std::function<void()> wake) {
  auto tap = std::make_shared<Tap>(this, std::move(wake));
  absl::MutexLock lock(&mutex_);
  if (closed_) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "NOT_RUNNING", "it is not running; start it, then tap it");
  }
  if (taps_.size() >= kMostTaps) {
    return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_TAPS",
                     absl::StrCat("the streamer has ", kMostTaps, " taps already; end one of them"));
  }
  PlaceAtEnd(tap.get());
  taps_.push_back(tap);
  count_.store(static_cast<uint32_t>(taps_.size()), std::memory_order_relaxed);
  return tap;
}

void TapHub::PlaceAtEnd(Tap* tap) {
  tap->next_ = newest_next_ = first_ + window_.size();
  tap->next_events_ = events_;
  tap->from_ = end_.at.position;
}

void TapHub::Detach(const std::shared_ptr<Tap>& tap) {
  std::deque<Entry> dropped;
  absl::MutexLock lock(&mutex_);
  taps_.erase(std::remove(taps_.begin(), taps_.end(), tap), taps_.end());
  count_.store(static_cast<uint32_t>(taps_.size()), std::memory_order_relaxed);
  if (!taps_.empty()) return;
  first_ += window_.size();
  bytes_ = 0;
  dropped.swap(window_);
}

absl::StatusOr<std::shared_ptr<void>> TapHub::AllowReplay() {
  auto replay = std::shared_ptr<void>(this, [](TapHub* hub) { hub->replays_.fetch_sub(1); });
  if (replays_.fetch_add(1) < kMostReplays) return replay;
  return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_REPLAYS",
                   absl::StrCat(kMostReplays,
                                " taps of the streamer read the source's log again already; try again "
                                "when one of them has caught up, or tap from now on"));
}

void TapHub::Follow(std::shared_ptr<const EpochStart> epoch, const ReadStart& place) {
  absl::MutexLock lock(&mutex_);
  const bool same = end_.epoch != nullptr && end_.epoch->epoch == epoch->epoch;
  // A reader that begins anew brings again what taps have.
  if (same && ComparePositions(place.position, end_.at.position) < 0) return;
  end_.epoch = std::move(epoch);
  end_.at = place;
  end_.at.position.gtid_set.clear();
  WakeWaiting();
}

void TapHub::Offer(const std::shared_ptr<const Block>& block) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return;
  uint64_t from_offset = 0;
  if (end_.epoch == nullptr) {
    for (const std::shared_ptr<Tap>& tap : taps_) tap->from_ = WithoutGtids(block->start);
  } else if (end_.epoch->epoch == block->epoch->epoch) {
    if (ComparePositions(block->end, end_.at.position) <= 0) return;
    if (block->start.file == end_.at.position.file && block->start.offset < end_.at.position.offset) {
      from_offset = end_.at.position.offset;
    }
  }
  if (count() > 0) Push(block, from_offset);
  end_.epoch = block->epoch;
  end_.at.position = WithoutGtids(block->end);
  end_.at.at_boundary = block->events.back().ends_transaction;
  end_.at.log_created = block->format != nullptr ? block->format->created : 0;
  end_.at.log_server_id = block->format != nullptr ? block->format->server_id : 0;
}

void TapHub::Push(const std::shared_ptr<const Block>& block, uint64_t from_offset) {
  window_.push_back(Entry{std::make_shared<const TapBlock>(block, from_offset), events_});
  events_ += ShownEvents(*block, from_offset, kWholeBlock);
  bytes_ += block->bytes.size();
  const bool nobody_follows = newest_next_ < first_ && replays_.load(std::memory_order_relaxed) == 0;
  const uint64_t most_bytes = nobody_follows ? 0 : kWindowBytes;
  while (window_.size() > 1 && (bytes_ > most_bytes || window_.size() > kWindowBlocks)) {
    bytes_ -= window_.front().block->block()->bytes.size();
    window_.pop_front();
    ++first_;
  }
  WakeWaiting();
}

void TapHub::WakeWaiting() {
  if (!some_wait_ || waking_) return;
  waking_ = true;
  waker_.Run([this] { CallWaiting(); });
}

void TapHub::CallWaiting() {
  std::vector<std::shared_ptr<Tap>> waiting;
  {
    absl::MutexLock lock(&mutex_);
    waking_ = some_wait_ = false;
    for (const std::shared_ptr<Tap>& tap : taps_) {
      if (std::exchange(tap->waiting_, false)) waiting.push_back(tap);
    }
  }
  for (const std::shared_ptr<Tap>& tap : waiting) tap->wake_();
}

std::optional<LogEnd> TapHub::end() const {
  absl::MutexLock lock(&mutex_);
  return end_.epoch != nullptr ? std::optional(end_) : std::nullopt;
}

void TapHub::Close(const absl::Status& status) {
  std::vector<std::shared_ptr<Tap>> taps;
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return;
    closed_ = status;
    taps = taps_;
    for (const std::shared_ptr<Tap>& tap : taps) tap->closed_ = status;
  }
  for (const std::shared_ptr<Tap>& tap : taps) tap->wake_();
}

void TapHub::Reopen() {
  std::deque<Entry> dropped;
  absl::MutexLock lock(&mutex_);
  closed_.reset();
  for (const std::shared_ptr<Tap>& tap : taps_) tap->over_ = true;
  end_ = LogEnd();
  first_ += window_.size();
  bytes_ = 0;
  dropped.swap(window_);
}

}  // namespace binlogd
