// How long the source's log is, as far as that is known.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "binlog/position.h"
#include "mysql/server_info.h"

namespace binlogd {

// The files of one epoch, as the source listed them and as they were read. Not thread-safe.
class SourceLog {
 public:
  // The source was asked, and reading goes on at `place`.
  void Begin(const Epoch& epoch, const std::vector<LogFile>& files, const Position& end, const Position& place);
  // It ends at `end` now, or later.
  void SeeEnd(const Position& end);
  // It was read up to `place`; `bytes` of the log came since the call before.
  void Read(const Position& place, uint64_t bytes);

  // How much of the log a target that stands at `durable` does not hold. Nothing while the end is not known, and for
  // a target that stands in another epoch, or before the files that were listed.
  std::optional<uint64_t> BytesBehind(const Epoch& epoch, const Position& durable) const;
  // Nobody asks any more about what lies before `place`.
  void Forget(const Position& place);

  const Epoch& epoch() const { return epoch_; }
  // Empty while it is not known. Its GTID set may be older than its place.
  const Position& end() const { return end_; }

 private:
  Epoch epoch_;
  std::map<uint64_t, uint64_t> sizes_;  // By the file's number.
  Position place_;
  Position end_;
};

}  // namespace binlogd
