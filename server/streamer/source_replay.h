// A stretch of the source's log, read once more over a connection of its own.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "mysql/binlog_dump.h"
#include "mysql/connection.h"
#include "mysql/definition_source.h"
#include "mysql/interrupter.h"
#include "mysql/server_info.h"
#include "pipeline/replay.h"
#include "streamer/spec.h"

namespace binlogd {

// Reads from whichever endpoint of the spec leads to the server of the epoch. It is no replica to the source, and so
// leaves the streamer's own dump alone. See SearchedLog.
class SourceReplay : public SearchedLog {
 public:
  struct Options {
    const StreamerSpec* spec = nullptr;  // Outlives the replay.
    bool decodes = false;
    std::string definitions_path;                     // What is known of tables' columns; only read.
    std::atomic<uint64_t>* unnamed_tables = nullptr;  // See TableNamer::Options.
  };
  explicit SourceReplay(Options options) : options_(std::move(options)) {}

  absl::Status Run(const std::shared_ptr<const EpochStart>& epoch, const ReadStart& start, const ReadEnd& end,
                   BlockSink* sink) override;
  absl::StatusOr<ReadStart> Find(const std::shared_ptr<const EpochStart>& epoch, const LogStart& start) override;
  void Interrupt() override;

 private:
  // UNAVAILABLE when no endpoint leads to the server with this identity.
  absl::StatusOr<std::unique_ptr<Connection>> Connect(const std::string& identity);
  // LOG_RESET when the source has another file than the one where reading is to end. The connection is used up, and
  // replaced.
  absl::Status CheckFile(const ReadEnd& end, const std::string& identity, std::unique_ptr<Connection>* connection);
  DumpOptions MakeDumpOptions(const std::string& file, uint64_t offset) const;
  absl::StatusOr<std::string> FindGtidSet(std::unique_ptr<Connection> connection, const std::string& gtid_set) const;
  // The file in which the first transaction at or after `time` may stand.
  absl::StatusOr<std::string> FindTime(const std::string& identity, const std::vector<LogFile>& files, absl::Time time);

  const Options options_;
  Interrupter interrupter_;
  ServerDefinitions definitions_;
};

}  // namespace binlogd
