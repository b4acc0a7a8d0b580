// Files of decoded events.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "codec/key_ring.h"
#include "target/file_commit.h"
#include "target/file_folder.h"
#include "target/file_ledger.h"
#include "target/file_target_options.h"
#include "target/output_file.h"
#include "target/target.h"

namespace binlogd {

// PATH/events-00000001.jsonl (or .binpb) [.zst][.enc], …; a new file begins when the next record would make the content
// of the current one larger than `rotate_bytes`, when the current one was begun `rotate_age` ago or longer, and when
// the form of files has changed (docs/on-disk.md). Records are never split.
class DecodedFileTarget : public Target {
 public:
  struct Options : FileTargetOptions {
    EventFormat format = EventFormat::kJson;
    uint64_t rotate_bytes = 268435456;
    absl::Duration rotate_age = absl::InfiniteDuration();
  };
  DecodedFileTarget(std::string name, Options options);

  absl::string_view type() const override { return "file"; }
  std::optional<EventFormat> format() const override { return options_.format; }

 private:
  // A place in the output, where a frame ends.
  struct Output {
    std::string name;  // Of the file; empty before the first.
    uint64_t stored_bytes = 0;
    uint64_t content_bytes = 0;
    int64_t began = 0;  // Seconds since 1970.
  };
  // Records that were taken and are not in a file.
  struct Waiting {
    std::string records;
    size_t placed = 0;               // So many bytes of them are in files by now.
    std::optional<size_t> boundary;  // Behind so many bytes of them the last transaction ends,
    ManifestPlace place;             // which is here in the log.
    EventTimes times;
  };

  absl::StatusOr<std::optional<DurablePosition>> DoOpen() override;
  absl::Status DoBegin(const DurablePosition& start, const EpochStart& epoch) override;
  absl::Status DoWrite(const Block& block, size_t from, const EncodedBlock* encoded) override;
  absl::Status DoCommit(const DurablePosition& position) override;
  void DoClose() override;

  // Without the suffix of its form.
  std::string FileStem(uint64_t sequence) const;
  uint64_t SequenceOf(absl::string_view file_name) const;  // 0 when it is none of ours.
  std::string PathOf(const std::string& file_name) const;
  // Goes back to the last boundary: what is behind it is removed.
  absl::Status ReturnToBoundary();
  absl::Status OpenNext();
  // Whether the next record must not go into the current file, whatever its size.
  bool MustRotate() const;
  // Puts waiting records into files. Those behind the last boundary wait, as long as they are few, where a frame would
  // have to end before them.
  absl::Status Place();
  // Puts those before `end` into files, over several when they do not fit into one.
  absl::Status PlaceUntil(size_t end);
  // Bytes of the whole records at the beginning of `records` that fit into `room`.
  size_t FittingSize(absl::string_view records, uint64_t room) const;
  // The end of what is placed, where a transaction ends, becomes the boundary.
  absl::Status SetBoundary();
  absl::Status Record(const DurablePosition& position);
  // Deletes what the policy says. Its failures are logged; it is tried again.
  void ApplyRetention();

  const Options options_;
  const std::string suffix_;
  const RecordFraming framing_;
  KeyRing keys_;
  FileForm form_;  // Of new files.
  std::unique_ptr<FileFolder> folder_;
  std::optional<FileLedger> ledger_;
  std::unique_ptr<OutputFile> file_;
  std::string file_name_;
  int64_t began_ = 0;  // The file; seconds since 1970.
  Waiting waiting_;
  bool at_boundary_ = false;  // A transaction ends at the end of what is placed, and `boundary_` is not there yet.
  Output boundary_;           // The end of the last whole transaction.
  FileCommit commit_{options_.clock};
};

}  // namespace binlogd
