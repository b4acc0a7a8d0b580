// What one tap gets: a stretch of the past, read from the source, and then the live stream.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "binlog/gtid_set.h"
#include "pipeline/replay.h"
#include "pipeline/resume_token.h"
#include "pipeline/tap.h"
#include "pipeline/tap_replay.h"

namespace binlogd {

// Where a tap ends; what begins there is not delivered. Unset: it goes on.
struct TapEnd {
  std::optional<absl::Time> time;    // With the first transaction that begins at or after it, by the source's clock.
  std::optional<Position> position;  // Its GTID set is not looked at.
};

// Blocks in the log's order, each event once. While what is wanted has left the window it is replayed, up to where the
// reader stood when the replay began, again and again until the window holds what follows: then it joins. Used by one
// thread at a time.
class TapFeed {
 public:
  struct Options {
    Flavor flavor = Flavor::kMySql;
    LogStart start;
    std::optional<Epoch> epoch;  // The start is good for this one only.
    TapEnd end;
    bool replay_gaps = false;  // What was missed is replayed, too, where the place can be known.
    std::function<std::unique_ptr<SearchedLog>()> make_log;
    std::function<void()> wake;  // As Tap and TapReplay have it.
  };
  // `hub` outlives the feed.
  TapFeed(TapHub* hub, Options options);
  ~TapFeed();  // Ends its replay, too.
  // Once, before anything else. Errors as TapHub::Attach and AllowReplay, and as ended() has them.
  absl::Status Attach();

  struct Item {
    std::optional<TapGap> gap;              // Before the block.
    std::shared_ptr<const TapBlock> block;  // May be null with a gap.
    uint64_t from_offset = 0;               // What of the block is wanted, as BlockRange has it.
    uint64_t to_offset = std::numeric_limits<uint64_t>::max();
    bool live = false;
  };
  // Takes what comes next; false when there is nothing now, or no more: see ended().
  bool Take(Item* item);
  // Whether the live stream has overtaken the tap: what follows what was taken last is gone from the window.
  bool overtaken() const { return phase_ == Phase::kLive && tap_->overtaken(); }
  // Leaves out what begins at `offset` or later in the block of `item`, the one taken last: it belongs to the gap that
  // follows. Only while overtaken.
  void LeaveRest(const Item& item, uint64_t offset);
  // Why nothing comes any more: OK at the wanted end. FAILED_PRECONDITION (EPOCH_ENDED): the log was reset, or another
  // server followed, before the tap had caught up; FAILED_PRECONDITION (TOKEN_OF_OTHER_LOG): the start is of another
  // epoch; OUT_OF_RANGE (POSITION_INVALID): the end is in a file that the log cannot have; else as SearchedLog and
  // TapHub have it.
  const std::optional<absl::Status>& ended() const { return ended_; }
  // Of transactions that are left out; null when there are none.
  const GtidSet* held() const { return held_ ? &*held_ : nullptr; }
  // The boundary behind what was taken last; nullopt while none is known.
  const std::optional<ResumeToken>& boundary() const { return boundary_; }

 private:
  enum class Phase { kStart, kReplay, kLive, kOver };
  // What the thread of a replay finds out for its feed, which looks at it when the replay has ended.
  struct Finding {
    std::optional<ReadStart> at;
  };

  enum class Taken { kItem, kNothing, kAgain };
  Taken TakeStart();
  Taken TakeReplayed(Item* item);
  Taken TakeLive(Item* item);
  // Joins the live stream if the window allows it, else replays once more.
  void JoinOrReplay(const LogEnd& end);
  void StartReplay(const LogEnd& end);
  // Begins to replay what was missed. False when that cannot be.
  bool ReplayGap();
  absl::Status CheckEpoch(const Epoch& epoch) const;
  // Whether the wanted end is in a file of the log that has `file`, there already or not: OUT_OF_RANGE
  // (POSITION_INVALID).
  absl::Status CheckEnd(const std::string& file) const;
  void End(const absl::Status& status);
  // Sets what is wanted of the item's block. False when nothing is.
  bool Trim(Item* item);
  // The offset at which the first transaction begins that has this time or a later one; nullopt when none does.
  std::optional<uint64_t> FindTime(const Block& block, uint64_t from_offset, absl::Time time) const;
  void NoteBoundary(const Block& block, uint64_t to_offset);

  TapHub* const hub_;
  const Options options_;
  std::shared_ptr<Tap> tap_;
  Phase phase_ = Phase::kStart;
  std::shared_ptr<void> allowed_;  // To replay.
  std::shared_ptr<Finding> finding_;
  std::unique_ptr<TapReplay> replay_;
  Position replay_end_;
  bool joining_ = false;                  // Nothing was taken since the tap joined.
  std::optional<Epoch> epoch_;            // Of what was taken last.
  Position reached_;                      // What stands before it is not wanted (any more); empty: all is.
  std::optional<absl::Time> not_before_;  // Until a transaction that is wanted was found.
  std::optional<ResumeToken> boundary_;
  std::optional<ResumeToken> boundary_before_;  // What was taken last.
  std::optional<GtidSet> held_;
  std::optional<absl::Status> ended_;
};

}  // namespace binlogd
