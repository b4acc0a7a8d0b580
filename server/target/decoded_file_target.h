// Files of decoded events.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "target/file_folder.h"
#include "target/target.h"

namespace binlogd {

// PATH/events-00000001.jsonl (or .binpb), …; a new file begins when the next record would make the current one larger
// than `rotate_bytes` (docs/on-disk.md). Records are never split.
class DecodedFileTarget : public Target {
 public:
  struct Options {
    std::string path;
    EventFormat format = EventFormat::kJson;
    uint64_t rotate_bytes = 268435456;
    std::string owner;  // Names the streamer and target to whoever finds the folder in use.
  };
  DecodedFileTarget(std::string name, Options options);

  absl::string_view type() const override { return "file"; }
  std::optional<EventFormat> format() const override { return options_.format; }

 private:
  // A place in the output.
  struct Output {
    uint64_t sequence = 0;
    uint64_t length = 0;
  };

  absl::StatusOr<std::optional<DurablePosition>> DoOpen() override;
  absl::Status DoBegin(const DurablePosition& start, const EpochStart& epoch) override;
  absl::Status DoWrite(const Block& block, size_t from, const EncodedBlock* encoded) override;
  absl::Status DoCommit(const DurablePosition& position) override;
  void DoClose() override;

  std::string FileName(uint64_t sequence) const;
  uint64_t SequenceOf(const std::string& file_name) const;  // 0 when it is none of ours.
  std::string PathOf(uint64_t sequence) const;
  absl::Status RemoveAfter(uint64_t sequence);
  absl::Status OpenNext();
  // Writes whole records at `end_`, over several files when they do not fit into one.
  absl::Status WriteRecords(absl::string_view records);
  // Bytes of the whole records at the beginning of `records` that fit into `room`.
  size_t FittingSize(absl::string_view records, uint64_t room) const;

  const Options options_;
  const std::string suffix_;
  const RecordFraming framing_;
  std::unique_ptr<FileFolder> folder_;
  FileDescriptor file_;
  Output end_;       // Where the next record goes.
  Output boundary_;  // The end of the last whole transaction.
};

}  // namespace binlogd
