// The formats of decoded events behind one interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binlog/decoder.h"
#include "binlog/flavor.h"

namespace binlogd {

// docs/formats.md describes each field by field.
enum class EventFormat : uint8_t { kJson, kDebeziumJson, kMaxwellJson, kCanalJson, kProtobuf };

// How records stand one after the other in a file.
enum class RecordFraming : uint8_t {
  kLines,    // Each is ended by a line feed, which it does not contain.
  kLengths,  // Each comes after its length in bytes, a varint of protobuf.
};

// Where an event ends in the log.
struct EventPlace {
  absl::string_view file;
  // 0 for an event from before the run that is still in force where the run begins (a transaction's GTID, its BEGIN).
  uint64_t end_offset = 0;
};

// The event that a record comes from.
struct RecordOrigin {
  RecordOrigin() = default;
  RecordOrigin(const DecodedEvent& event, const EventPlace& place);

  EventKind kind = EventKind::kUnspecified;
  uint32_t timestamp = 0;   // The source's clock, seconds since 1970; 0 when the event has none.
  uint64_t end_offset = 0;  // As EventPlace has it.
  std::string database;
  std::string table;
  std::string gtid;
};

// Where encoders write: the values of records one after the other, framed as a file has them, and, if asked for, what a
// message bus needs beside the value. Plain data.
struct RecordBuffer {
  // One record. Places are indexes into `values` and `keys`; frames are not part of the value.
  struct Record {
    size_t value_begin = 0;
    size_t value_size = 0;
    size_t key_begin = 0;
    size_t key_size = 0;     // 0: without a key.
    bool tombstone = false;  // The key's value is gone. It has no value, and nothing in `values`.
    size_t origin = 0;       // Index into `origins`.
  };

  explicit RecordBuffer(bool records_wanted = false) : wants_records(records_wanted) {}

  // Tells of a record of the last of `origins`. Only for a buffer that wants records.
  void AddRecord(size_t value_begin, size_t value_size, absl::string_view key, bool tombstone = false);

  std::string values;
  uint64_t count = 0;  // Records, tombstones not counted.
  bool wants_records;  // Whether what follows is filled.
  std::string keys;
  std::vector<Record> records;
  std::vector<RecordOrigin> origins;
};

struct EncoderOptions {
  // The streamer's name, for the formats that tell where an event comes from.
  std::string source_name;
  Flavor flavor = Flavor::kMySql;
  // When the run was received, for the formats that tell when an event was processed; infinite: not told.
  absl::Time received = absl::InfinitePast();
};

// Writes the events of a run in order. Keeps its buffers from one event to the next. Not thread-safe.
class EventEncoder {
 public:
  virtual ~EventEncoder() = default;
  // Takes the next event. `passes` is false for one that is not delivered, which an encoder may need to see all the
  // same. DATA_LOSS, with `out` as it was, when its rows cannot be decoded.
  virtual absl::Status Append(const DecodedEvent& event, const EventPlace& place, bool passes, RecordBuffer* out) = 0;
  // The run ends here, though perhaps not the transaction: writes what was held back. The next event may follow.
  virtual void Finish(RecordBuffer* out) = 0;
};

std::unique_ptr<EventEncoder> MakeEventEncoder(EventFormat format, const EncoderOptions& options);

// "JSON", "DEBEZIUM_JSON", …: as specs and position records name it.
absl::string_view EventFormatName(EventFormat format);
// What a file of the format is named after its dot: "jsonl", "binpb".
absl::string_view EventFormatSuffix(EventFormat format);
RecordFraming EventFormatFraming(EventFormat format);

// Length with its frame of the record that `records`, whole framed records, begins with; 0 when there is none.
size_t FramedRecordSize(RecordFraming framing, absl::string_view records);

}  // namespace binlogd
