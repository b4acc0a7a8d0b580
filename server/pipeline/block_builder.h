// Checks the events that a source sends and gathers them into blocks.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binlog/block.h"
#include "binlog/event_header.h"
#include "binlog/event_mark.h"
#include "binlog/stream_tracker.h"
#include "binlog/transaction_payload.h"
#include "pipeline/block_memory.h"
#include "pipeline/table_namer.h"
#include "target/target.h"

namespace binlogd {

// How much travels, and becomes durable, together (DESIGN: batch).
struct BatchLimits {
  uint32_t max_events = 1000;
  uint64_t max_bytes = 10485760;
  absl::Duration max_wait = absl::Seconds(5);
  friend bool operator==(const BatchLimits&, const BatchLimits&) = default;
};

// Takes sealed blocks.
class BlockSink {
 public:
  virtual ~BlockSink() = default;
  // May wait until there is room. CANCELLED when the streamer stops; else the error of a target that cannot go on.
  virtual absl::Status Deliver(std::shared_ptr<const Block> block) = 0;
};

// Where reading begins.
struct ReadStart {
  Position position;
  bool at_boundary = true;
  uint32_t log_created = 0;  // Of the file's format description; both 0 when not known.
  uint32_t log_server_id = 0;
  Position boundary = {};  // As in DurablePosition.
  EventMark last_event = {};
};

// Where reading is to end: where an event ends that was read before, and which file that was, as in ReadStart.
struct ReadEnd {
  // NOLINTNEXTLINE(google-explicit-constructor)
  ReadEnd(Position position = {}, uint32_t log_created = 0, uint32_t log_server_id = 0)
      : position(std::move(position)), log_created(log_created), log_server_id(log_server_id) {}

  Position position;
  uint32_t log_created;
  uint32_t log_server_id;
};

// Where to read from for a target that stands there.
ReadStart ReadStartOf(const DurablePosition& target);

// Every byte of the log passes here once: sizes, checksums and offsets are checked, so that a block is known to be
// whole and to follow the one before without a gap. Survives reconnects: the next dump goes on at next(). Not
// thread-safe.
class BlockBuilder {
 public:
  // What waits is bounded in bytes, and the block that is being filled comes on top of that.
  static constexpr uint64_t kMostBlockBytes = 2 << 20;

  // `sink` and `namer` outlive the builder; without a namer blocks have no definitions of tables. Blocks never exceed
  // limits.max_bytes and kMostBlockBytes unless a single event does.
  BlockBuilder(Flavor flavor, const BatchLimits& limits, BlockSink* sink, TableNamer* namer = nullptr);

  // Whom its lines of the log are about.
  void set_subject(std::string subject) { subject_ = std::move(subject); }

  // Begins at a place in an epoch. What was open is delivered by Seal() before. Targets that decode get what stands at
  // or after `deliver_from`, which matters to the namer only.
  void Begin(std::shared_ptr<const EpochStart> epoch, const ReadStart& start, const Position& deliver_from = {});

  // Before each dump, what was open having been delivered: from which offset of the file the dump has to begin. That is
  // where the last event begins that was taken, if it is known; it comes again, and tells whether the log is the same.
  uint64_t BeginDump();

  // Takes the next event of a dump, artificial ones and heartbeats included.
  // DATA_LOSS, permanent: CHECKSUM_MISMATCH, LOG_GAP (the source skipped or repeated bytes), EVENT_MALFORMED.
  // FAILED_PRECONDITION (LOG_RESET): the file has the name but is not the one in which reading began; nothing of it was
  // taken. Errors of the sink. UNAVAILABLE, CANCELLED: of the namer; the event was not taken.
  absl::Status Add(absl::string_view event);

  // Delivers the open block, if there is one.
  absl::Status Seal();

  // Blocks delivered so far.
  uint64_t sealed_blocks() const { return sealed_blocks_; }
  bool has_open_block() const { return open_ != nullptr; }
  // When the open block's first event came.
  absl::Time open_since() const { return open_->received; }

  // Everything before it has been taken (and delivered, after a Seal).
  const Position& next();
  // The same without bringing its GTID set up to date: cheap enough for every event.
  const Position& place() const { return next_; }
  bool at_boundary() const { return tracker_.at_boundary(); }
  // Where the last event taken ends, or reading began: next(), but for a file that was left and another not begun.
  Position end();
  // The last boundary between transactions that was passed, without its GTID set; empty when there was none yet.
  const Position& boundary() const { return boundary_; }
  // What identifies the file being read, once its format description has come.
  uint32_t log_created() const { return log_created_; }
  uint32_t log_server_id() const { return log_server_id_; }

  // Of the last event taken: for counters.
  enum class Taken { kFileEvent, kHeartbeat, kArtificial };
  Taken last_taken() const { return last_taken_; }
  uint32_t last_timestamp() const { return last_timestamp_; }
  EventType last_type() const { return last_type_; }

 private:
  absl::Status AddArtificialRotate(const EventHeader& header, absl::string_view event);
  absl::Status AddArtificialFormat(absl::string_view event);
  absl::Status AddFileEvent(const EventHeader& header, absl::string_view event);
  // Takes the event that was taken before the dump began.
  absl::Status CompareWithLast(const EventHeader& header, absl::string_view event);
  absl::Status CheckFileEvent(const EventHeader& header, absl::string_view event) const;
  // LOG_RESET when it is the format description of another file than the one in which reading began.
  absl::Status CheckFile(const FormatDescription& format) const;
  absl::Status WasReset() const;
  absl::Status Open();
  // Sees to it that the open block has, or can be given, what decoders must know of the event.
  absl::Status Name(const EventHeader& header, absl::string_view event);
  // `*told`: the table map tells all itself.
  absl::Status NameTable(absl::string_view body, bool* told);
  absl::Status NameTablesInPayload(absl::string_view body);
  // Adds a definition to the open block; a new one is opened when it has another of the table.
  absl::Status Define(const TableNamer::Found& found);
  absl::string_view BodyOf(const EventHeader& header, absl::string_view event) const;

  const Flavor flavor_;
  const BatchLimits limits_;
  BlockSink* const sink_;
  TableNamer* const namer_;
  std::string subject_ = "source";
  StreamTracker tracker_;
  std::shared_ptr<const EpochStart> epoch_;
  Position next_;
  Position left_;  // Where the file before ends; empty while it is not known.
  Position boundary_;
  uint32_t log_created_ = 0;
  uint32_t log_server_id_ = 0;
  EventMark last_event_;     // Ends at next_, when no block is open.
  bool last_comes_ = false;  // The dump's first event of the file is to be that one.
  const std::shared_ptr<BlockMemory> memory_ = std::make_shared<BlockMemory>();
  std::shared_ptr<Block> open_;
  TransactionPayload payload_;
  bool open_is_named_ = false;  // The open block gets definitions.
  std::shared_ptr<TableDefinitions> open_definitions_;
  size_t expected_bytes_ = 0;  // Of the next block, from the last one's.
  uint64_t sealed_blocks_ = 0;
  Taken last_taken_ = Taken::kArtificial;
  uint32_t last_timestamp_ = 0;
  EventType last_type_ = EventType::kUnknown;
};

}  // namespace binlogd
