// The source's binary log files, byte for byte.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "target/file_folder.h"
#include "target/target.h"

namespace binlogd {

// PATH/EPOCH/binlog.000001 …, PATH/EPOCH/epoch.json (docs/on-disk.md).
class RawFileTarget : public Target {
 public:
  // `owner` names the streamer and target to whoever finds the folder in use.
  RawFileTarget(std::string name, std::string path, std::string owner);

  absl::string_view type() const override { return "file"; }
  std::optional<EventFormat> format() const override { return std::nullopt; }

 private:
  absl::StatusOr<std::optional<DurablePosition>> DoOpen() override;
  absl::Status DoBegin(const DurablePosition& start, const EpochStart& epoch) override;
  absl::Status DoWrite(const Block& block, size_t from, const EncodedBlock* encoded) override;
  absl::Status DoCommit(const DurablePosition& position) override;
  void DoClose() override;

  absl::Status RemoveUncommittedFiles(const DurablePosition& durable);
  // Makes the file that goes on after the current one; that one is synced first.
  absl::Status NextFile(const Block& block);
  absl::Status CreateFile(const std::string& epoch, const std::string& name);

  const std::string path_;
  const std::string owner_;
  std::unique_ptr<FileFolder> folder_;
  FileDescriptor file_;
  std::string file_path_;
  std::string epoch_name_;
  std::string file_name_;
  uint64_t length_ = 0;
  uint64_t flushing_ = 0;  // The kernel was asked to write out everything before this offset.
};

}  // namespace binlogd
