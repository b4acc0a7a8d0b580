// Objects of an S3 bucket.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "codec/compressor.h"
#include "s3/object_store.h"
#include "target/object_draft.h"
#include "target/s3_layout.h"
#include "target/s3_manifests.h"
#include "target/s3_ownership.h"
#include "target/s3_run.h"
#include "target/target.h"

namespace binlogd {

// PREFIX/EPOCH/binlog.000001/START-END.binlog (docs/s3.md). A commit puts one object, whose metadata holds the
// position, so that both become durable as one; what is written between two commits is cut into objects of
// `object_bytes`, which are durable as soon as they are put. Whole transactions only, for a decoded format.
class S3Target : public Target {
 public:
  struct Options {
    std::string prefix;
    std::optional<EventFormat> format;  // nullopt: the source's bytes.
    Compression compression = Compression::kNone;
    // An object ends when the next block would make it larger; compressed, when it has become as large. 1 to 64 MiB.
    uint64_t object_bytes = 16 << 20;
    // Where what is larger than twice that waits, in a file without a name.
    std::string spool_directory;
    std::string owner;  // Names the streamer and target to whoever finds the prefix in use.
    // How long after losing the prefix, at most, an object may still be taken for durable.
    absl::Duration ownership_check = absl::Seconds(10);
  };
  S3Target(std::string name, std::unique_ptr<ObjectStore> store, Options options);

  absl::string_view type() const override { return "s3"; }
  std::optional<EventFormat> format() const override { return options_.format; }
  void Interrupt() override { store_->Interrupt(); }

  // Whether the prefix is this target's or new, as Open finds out before it takes it; changes nothing. Errors as Open.
  absl::Status Check();

 private:
  using Clock = std::chrono::steady_clock;

  absl::StatusOr<std::optional<DurablePosition>> DoOpen() override;
  absl::Status DoBegin(const DurablePosition& start, const EpochStart& epoch) override;
  absl::Status DoWrite(const Block& block, size_t from, const EncodedBlock* encoded) override;
  absl::Status DoCommit(const DurablePosition& position) override;
  void DoClose() override;

  absl::Status BeginAt(const DurablePosition& start, const EpochStart& epoch);
  absl::Status Append(const Block& block, size_t from, const EncodedBlock* encoded);
  absl::Status MakeDurable(const DurablePosition& position);
  // The error, or, where the prefix's next owner may have caused it, that the prefix was lost.
  absl::Status LossOr(const absl::Status& error);

  // Nothing but ours, and nothing that was delivered, is below the prefix, and no owner above it.
  absl::Status CheckNew();
  // Nothing but epochs is there, and nothing behind the place where delivery goes on.
  absl::Status CheckSurroundings(const std::string& epoch, const std::string& file);
  absl::Status Recover();
  // What is durable with the last object of the run.
  absl::StatusOr<PositionRecord> PositionOf(const S3Piece& last);

  absl::Status PutEpochRecord(const EpochStart& epoch);
  // Delivery goes on in the next log file.
  absl::Status NextFile(const std::string& file);
  // The current log file has come to its end: its manifest.
  absl::Status FinishFile();
  // Whether the draft has to become an object before it takes so many bytes more.
  bool HasNoRoomFor(uint64_t bytes) const;
  // Makes `position` durable with what of the draft stands before the mark.
  absl::Status Seal(const DurablePosition& position);
  absl::Status PutObject(const std::string& key, const S3ObjectTags& tags, const DurablePosition& position);
  // Puts the draft's object, also in place of one that an earlier owner put.
  absl::Status PutOrReplace(const std::string& key, const S3ObjectTags& tags, PutOptions options);
  // There is an object of the key. Empty: it is ours; the etag of one of an earlier owner, which is to be replaced;
  // NOT_FOUND: it is gone.
  absl::StatusOr<std::string> SettleExisting(const std::string& key, const S3ObjectTags& tags);
  absl::Status CheckOwnership();
  // Deletes what requests of earlier owners, delivered late, have put beside the objects that took their place,
  // but in the log file at `settled`.
  absl::Status DeleteLate(const std::string& settled);
  absl::Status SetBase(const DurablePosition& position);
  void GoOnAt(const PositionRecord& record);

  const Options options_;
  const S3Layout layout_;
  const std::unique_ptr<ObjectStore> store_;
  S3Ownership ownership_;
  S3Manifests manifests_;
  ObjectDraft draft_;
  std::string epoch_;              // Whose objects are being put,
  std::string file_;               // and of which log file.
  uint64_t next_offset_ = 0;       // Where the next object begins.
  uint64_t log_offset_ = 0;        // RAW: the offset of the next byte to be written.
  PositionRecord last_record_;     // What is durable.
  uint32_t first_event_time_ = 0;  // Of the draft.
  S3RunBase taken_at_;             // Where this owner began, in `taken_file_`.
  std::string taken_folder_;
  Clock::time_point taken_;
  Clock::time_point checked_;
  Clock::time_point looked_for_late_;  // And when the next look is due after that.
  absl::Duration next_look_;
};

}  // namespace binlogd
