// Decoded events as Maxwell's messages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "format/event_encoder.h"
#include "format/row_changes.h"
#include "format/transaction_notes.h"

namespace binlogd {

// One record a row; docs/formats/maxwell.md says where we differ. The number of a transaction (`xid`) and which row is
// its last (`commit`) are known only where it ends: until then its records are held back, up to 1 MiB. Of a larger
// transaction, and of one that goes on after the run, what is written before the end lacks both.
class MaxwellEncoder : public EventEncoder {
 public:
  MaxwellEncoder();

  absl::Status Append(const DecodedEvent& event, const EventPlace& place, bool passes, RecordBuffer* out) override;
  void Finish(RecordBuffer* out) override;

 private:
  // A record that is held back.
  struct Held {
    size_t begin = 0;      // In `text_`.
    size_t commit_at = 0;  // In `text_`: where `xid` and what follows it go.
    size_t end = 0;
    size_t key_begin = 0;  // In `keys_`.
    size_t key_size = 0;
    size_t origin = 0;               // In `origins_`.
    std::optional<uint64_t> offset;  // Number of the row in its transaction; nullopt when its beginning was not seen.
  };

  absl::Status AppendRows(const DecodedEvent& event, const EventPlace& place, bool wants_records);
  void AppendRow(const DecodedEvent& event, const EventPlace& place, bool wants_records, std::string* query);
  void Release(std::optional<uint64_t> xid, bool committed, RecordBuffer* out);

  TransactionNotes transaction_;
  RowChanges changes_;
  std::optional<uint64_t> rows_;  // Of the transaction so far; nullopt when its beginning was not seen.
  std::string text_;
  std::string keys_;
  std::vector<Held> held_;
  std::vector<RecordOrigin> origins_;
};

}  // namespace binlogd
