// A place that binary log events are delivered to, which remembers durably how far it got.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlog/block.h"
#include "binlog/event_class.h"
#include "binlog/event_mark.h"
#include "binlog/position.h"
#include "format/event_encoder.h"
#include "target/delivery_floor.h"
#include "target/store_claim.h"
#include "target/target_counters.h"

namespace binlogd {

// How the log of an epoch ended that is over. What is empty or 0 is not known.
struct EpochEnd {
  Epoch epoch;
  Position position;         // The log was read up to there by whoever read most of it.
  Position boundary;         // The last place up to there that lies between transactions, without its GTID set.
  uint32_t log_created = 0;  // Of the position's file, as in DurablePosition.
  uint32_t log_server_id = 0;
  std::string next_file;  // After a reset: with which the next epoch's log began, or the first with which it can have.
};

// What a target holds durably, and what it takes to go on from there.
struct DurablePosition {
  Epoch epoch;
  Position position;        // Everything before it is durable.
  bool at_boundary = true;  // It lies between transactions.
  // Where it does not: the last place before it that does, without its GTID set; empty when not known.
  Position boundary;
  // The log has to be read from the beginning of the file, because what is in force at the position is not known.
  bool read_whole_file = false;
  // From the file's format description, to tell it from a later file of the same name. Both 0 when not known.
  uint32_t log_created = 0;
  uint32_t log_server_id = 0;
  // Of the event that ends at the position, for the same purpose: logs may have been created in one second. Not known
  // where a file begins.
  EventMark last_event;
  uint32_t source_time =
      0;  // Timestamp of the newest event before it, the source's clock, seconds since 1970; 0 when not known.
  // Transactions that this epoch's log has after the position but that must not be delivered: they were delivered in an
  // earlier epoch, or the start excludes them. RAW targets take every byte and ignore it.
  std::string held_gtid_set;
  // Of the epoch before this one, so that a target that comes to the new epoch later can be told what it lacks.
  EpochEnd before;
};

// A block in a target's format, or a piece of one whose encoded form is large. Of a block's pieces one at most has the
// boundary; its bytes after `boundary_bytes`, and the pieces after it, belong to a transaction that the block does not
// end.
struct EncodedBlock {
  std::string bytes;  // Whole events.
  uint64_t events = 0;
  // Of the log, as they were read for the piece.
  EventClassCounts written = {};
  EventClassCounts filtered = {};
  // The share of `bytes` that ends at the block's last transaction boundary; what the block holds of the boundary is
  // `boundary_offset`, in the source's file. 0 when there is no boundary in the piece.
  size_t boundary_bytes = 0;
  uint64_t boundary_offset = 0;
  // Only for a target that wants records, places in `bytes` and `keys`, and how many come before the boundary.
  std::string keys;
  std::vector<RecordBuffer::Record> records;
  std::vector<RecordOrigin> origins;
  size_t boundary_records = 0;
};

// Public methods but Interrupt are called by one thread at a time, in the order Open, [Begin], { Write | Commit },
// Close; after Close or an error of Commit, Open begins anew. Destroying without Commit is what a crash does: what is
// not committed may be lost, and is read again.
class Target {
 public:
  explicit Target(std::string name) : name_(std::move(name)) {}
  virtual ~Target();
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  const std::string& name() const { return name_; }
  // "file"
  virtual absl::string_view type() const = 0;
  // The format of the encoded blocks that Write takes; nullopt when it takes the source's bytes.
  virtual std::optional<EventFormat> format() const = 0;
  // Whether it takes encoded blocks. Positions then move from transaction to transaction.
  bool decodes() const { return format().has_value(); }
  // Whether encoded blocks have to tell their records apart, with keys and origins.
  virtual bool wants_records() const { return false; }

  // Shares with the streamer's other targets how far each is. Before the first Open.
  void set_delivery_floor(std::shared_ptr<DeliveryFloor> floor);
  // Where it counts, in place of counters of its own. Before the first Open.
  void set_counters(std::shared_ptr<TargetCounters> counters) { counters_ = std::move(counters); }
  const std::shared_ptr<TargetCounters>& counters() const { return counters_; }
  // Who is told, again and again, that Open, Write or Commit waits for a store that does not answer, and has not given
  // up: by the thread that waits, without a lock. Nobody is told that the store answers again. Before the first Open.
  void set_on_trouble(std::function<void(const absl::Status& why)> on_trouble) { on_trouble_ = std::move(on_trouble); }
  // Shares with the targets that had, and will have, the store in the same run of the streamer. Before the first Open.
  void set_claim(std::shared_ptr<StoreClaim> claim) { claim_ = std::move(claim); }

  // Takes the store into sole possession, mends what a crash left behind (whatever lies after the durable position is
  // removed), and returns the durable position; nullopt when the store is new. The position is not before that of the
  // last Commit that returned OK, and not after what was written: a store may have made it durable before its Commit,
  // and a Commit that failed may have been done. A store that cannot tell whether an earlier user of the same owner is
  // alive takes itself over; that user finds its store in use by another, and does not get it back with the same claim.
  // FAILED_PRECONDITION, permanent: the store is in use by another (TARGET_IN_USE), is of another format
  // (TARGET_FORMAT_MISMATCH), holds things that are not ours or lacks what it should hold (TARGET_DAMAGED; DATA_LOSS).
  // Other errors may pass.
  absl::StatusOr<std::optional<DurablePosition>> Open();

  // A new store, or one that goes on in a new epoch, begins at `start`. Durable when it returns.
  absl::Status Begin(const DurablePosition& start, const EpochStart& epoch);

  // Takes the part of a sealed block from `from` (an index into block.bytes where an event begins) on, which follows
  // what was written before without a gap; `encoded` is null for a target that does not decode. NOT known to be durable
  // when it returns. After RESOURCE_EXHAUSTED the same call may be tried again: nothing of it has been taken. After any
  // other error only Open can go on. A target that decodes may get a block in several pieces, in order, one call each
  // with the same `block` and `from` and nothing in between but Commit. Only the piece with the boundary moves the
  // position; a crash, and Open, take everything after the last boundary back, the pieces of an unfinished transaction
  // included.
  absl::Status Write(const Block& block, size_t from, const EncodedBlock* encoded);

  // Makes what was written durable: data and position as one, or data first, then its position. Both are when it
  // returns OK; durable() then tells the position. A target that decodes moves to the last transaction boundary
  // written, and readers who see only what is durable see whole transactions. After an error either, both or none may
  // be durable, and only Open can go on.
  absl::Status Commit();

  // Gives the store up. Not a commit: nothing becomes durable.
  void Close();

  // From any thread: what waits for a store over a network gives up soon with CANCELLED, now and from now on. For a
  // target that is about to be destroyed.
  virtual void Interrupt() {}

  // What is durable. Valid after Open returned a position or Begin.
  const DurablePosition& durable() const { return durable_; }
  // Everything written so far, as a position; a decoding target's last boundary. Valid as durable() is.
  const DurablePosition& written() const { return written_; }
  // Bytes written and not yet committed.
  uint64_t uncommitted_bytes() const { return uncommitted_bytes_; }

 protected:
  StoreClaim& claim() { return *claim_; }
  // Null when nobody shares one.
  const DeliveryFloor* delivery_floor() const { return floor_.get(); }
  const std::function<void(const absl::Status& why)>& on_trouble() const { return on_trouble_; }

 private:
  // Tells the others what is durable.
  void Report();
  // Notes on the claim that the store is another's, if it is.
  absl::Status Noted(const absl::Status& status);
  void MoveTo(const Block& block, size_t from, const EncodedBlock* encoded, uint64_t reached);

  virtual absl::StatusOr<std::optional<DurablePosition>> DoOpen() = 0;
  virtual absl::Status DoBegin(const DurablePosition& start, const EpochStart& epoch) = 0;
  virtual absl::Status DoWrite(const Block& block, size_t from, const EncodedBlock* encoded) = 0;
  virtual absl::Status DoCommit(const DurablePosition& position) = 0;
  virtual void DoClose() = 0;

  const std::string name_;
  std::shared_ptr<DeliveryFloor> floor_;
  std::shared_ptr<StoreClaim> claim_ = std::make_shared<StoreClaim>();
  std::shared_ptr<TargetCounters> counters_ = std::make_shared<TargetCounters>();
  std::function<void(const absl::Status& why)> on_trouble_;
  bool open_ = false;
  DurablePosition durable_;
  DurablePosition written_;
  uint64_t uncommitted_bytes_ = 0;
  bool uncommitted_ = false;
};

}  // namespace binlogd
