// What a run of events tells of the transaction that is under way.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "binlog/decoder.h"

namespace binlogd {

// One of the extra fields, as a number; nullopt when it is not there or no number.
std::optional<uint64_t> ExtraNumber(const DecodedEvent& event, absl::string_view name);

// Not thread-safe.
class TransactionNotes {
 public:
  // Takes every event of the run, in order, delivered or not, before it is encoded.
  void See(const DecodedEvent& event);
  // The connection that ran it; nullopt when the log does not tell.
  std::optional<uint64_t> thread_id() const { return thread_id_; }

 private:
  bool ended_ = false;
  std::optional<uint64_t> thread_id_;
};

// Whether the event is the end of a transaction of rows.
bool EndsTransaction(const DecodedEvent& event);

}  // namespace binlogd
