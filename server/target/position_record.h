// How far a target's data is durable, as it is kept beside the data.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "target/store_claim.h"
#include "target/target.h"

namespace binlogd {

// A position, and for a target that writes files of its own, the file and length that go with it.
struct PositionRecord {
  std::string format;  // What the target writes: "RAW" or EventFormatName().
  DurablePosition durable;
  std::string output_file;
  uint64_t output_length = 0;
  // Of what is in `output_length` bytes, before compression and encryption; 0 when that is the same.
  uint64_t output_content = 0;
  int64_t output_began = 0;  // When the output file was begun, seconds since 1970; 0 when not known.
  // Whose record it is, in a store that several targets share; empty in one that has its own place.
  std::string owner;
  StoreTake take;  // By whom, in a store that has its takes in position records; of generation 0 in any other.
};

// The record as a JSON object on one line, without a line feed (docs/on-disk.md), with the time of now.
std::string PositionRecordJson(const PositionRecord& record);

// The inverse. False, with `record` in any state, when `json` holds no record of this version.
bool ParsePositionRecord(absl::string_view json, PositionRecord* record);

}  // namespace binlogd
