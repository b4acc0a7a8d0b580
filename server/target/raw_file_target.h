// The source's binary log files, byte for byte.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "codec/key_ring.h"
#include "target/file_commit.h"
#include "target/file_folder.h"
#include "target/file_ledger.h"
#include "target/file_target_options.h"
#include "target/output_file.h"
#include "target/target.h"

namespace binlogd {

// PATH/EPOCH/binlog.000001[.zst][.enc] …, PATH/EPOCH/epoch.json, PATH/EPOCH/manifest.json (docs/on-disk.md). A file
// keeps the form in which it was begun. Retention deletes no file that another target of the streamer still needs.
class RawFileTarget : public Target {
 public:
  RawFileTarget(std::string name, FileTargetOptions options);

  absl::string_view type() const override { return "file"; }
  std::optional<EventFormat> format() const override { return std::nullopt; }

 private:
  absl::StatusOr<std::optional<DurablePosition>> DoOpen() override;
  absl::Status DoBegin(const DurablePosition& start, const EpochStart& epoch) override;
  absl::Status DoWrite(const Block& block, size_t from, const EncodedBlock* encoded) override;
  absl::Status DoCommit(const DurablePosition& position) override;
  void DoClose() override;

  std::string Directory(const std::string& epoch) const;
  FileLedger::Options LedgerOptions(const std::string& epoch) const;
  // The number of a file of the log that is called as the one that is written; 0 for other names.
  uint64_t SequenceOf(absl::string_view name) const;
  // TARGET_DAMAGED when somebody else's file stands where the log goes on after the recorded one.
  absl::Status CheckNoForeign(const PositionRecord& record);
  absl::Status LoadLedgers();
  // Ends the current file, which stays as it is from now on.
  absl::Status FinishFile();
  // Makes the file that goes on after the current one.
  absl::Status NextFile(const Block& block);
  // Makes an empty log file and goes over to it.
  absl::Status CreateFile(const std::string& epoch, const std::string& name);
  // Tells the manifest what of the current file came with a block.
  void NoteEvents(const Block& block);
  absl::Status Record(const DurablePosition& position);
  // Deletes what the policy says. Its failures are logged; it is tried again.
  void ApplyRetention();
  absl::Status DeleteExpired();
  absl::Status RemoveEmptyEpochs();

  const FileTargetOptions options_;
  KeyRing keys_;
  std::unique_ptr<FileFolder> folder_;
  std::unique_ptr<OutputFile> file_;
  std::string epoch_name_;
  std::string file_name_;            // As the source calls it.
  std::string digest_;               // Of the current file, once it is finished.
  std::vector<FileLedger> ledgers_;  // Of the epochs that retention may delete from, the current one last.
  FileCommit commit_{options_.clock};
};

}  // namespace binlogd
