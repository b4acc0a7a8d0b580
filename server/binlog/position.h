// Places in a source's binary log.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

// A file, the offset in it of the first byte that has not been seen, and the GTID set (text, in the source's dialect)
// of all transactions that ended before it; the set is empty where the source assigns no GTIDs.
struct Position {
  std::string file;
  uint64_t offset = 0;
  std::string gtid_set;

  bool empty() const { return file.empty(); }
};

// The number that a binary log's name ends with: 7 for "binlog.000007"; 0 when there is none.
uint64_t FileSequence(absl::string_view file);

// Whether the source had `file` before `oldest`, the oldest that it has: the same name with a lower number.
bool IsOlderFile(absl::string_view file, absl::string_view oldest);

// Less than, equal to or greater than 0 as (file, offset) of `a` is before, at or after that of `b`. Files are ordered
// by their number, since "binlog.1000000" follows "binlog.999999". Only meaningful within one epoch.
int ComparePositions(const Position& a, const Position& b);

// "binlog.000007:1234"
std::string ToString(const Position& position);

// A stretch of one source's binlog numbering; a failover or a reset begins a new one, because file names repeat.
struct Epoch {
  uint32_t number = 0;   // Counts from 1 within a streamer.
  std::string identity;  // 8 hexadecimal digits that stand for the source.

  bool empty() const { return number == 0; }
  // "0001-6f1c2a9e"
  std::string name() const;
};

inline bool operator==(const Epoch& a, const Epoch& b) { return a.number == b.number && a.identity == b.identity; }

// What is known of an epoch when it begins.
struct EpochStart {
  Epoch epoch;
  std::string server_uuid;  // Empty for MariaDB.
  uint32_t server_id = 0;
  std::string server_version;
  Position first;      // Where reading began.
  std::string reason;  // "first start", "failover", "reset": why the epoch began.
};

// The inverse of Epoch::name(); false when `name` has another form.
bool ParseEpochName(absl::string_view name, Epoch* epoch);

}  // namespace binlogd
