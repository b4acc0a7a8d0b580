// The event that holds a whole compressed transaction (MySQL 8.0.20+, binlog_transaction_compression).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

struct ZSTD_DCtx_s;

namespace binlogd {

// Gives the events inside a TRANSACTION_PAYLOAD event one by one. Holds one of them at a time, and beside it what zstd
// needs: at most 128 MiB for the window that MySQL's highest level uses, a few hundred kilobytes for its default level.
// Can be opened again for another payload, and then keeps its memory. Not thread-safe.
class TransactionPayload {
 public:
  // `body` is the event without header and checksum; it must stay until the last event has been read. DATA_LOSS
  // (EVENT_MALFORMED) when its fields are cut short, contradict its size or name an unknown compression.
  absl::Status Open(absl::string_view body);

  // The next event, whole, without checksum; valid until the next call. Empty at the end. DATA_LOSS (EVENT_MALFORMED)
  // when the payload is cut short, cannot be uncompressed or holds more or less than it states.
  absl::Status Next(absl::string_view* event);

  // Events given since Open.
  uint64_t event_count() const { return event_count_; }

 private:
  struct FreeContext {
    void operator()(ZSTD_DCtx_s* context) const;
  };

  absl::Status ParseFields(absl::string_view body);
  absl::Status StartZstd();
  // Reads up to `size` bytes to the end of `buffer_`; fewer only where the payload ends.
  absl::Status Uncompress(uint64_t size);
  // Reads until `buffer_` has `size` bytes; memory grows only with the bytes that come.
  absl::Status FillTo(uint64_t size);
  absl::Status CheckEnd() const;

  std::unique_ptr<ZSTD_DCtx_s, FreeContext> context_;
  absl::string_view compressed_;  // What has not been read.
  bool is_zstd_ = false;
  bool frame_open_ = false;  // Inside a zstd frame.
  bool states_size_ = false;
  uint64_t stated_size_ = 0;
  uint64_t produced_ = 0;
  uint64_t event_count_ = 0;
  std::string buffer_;
};

}  // namespace binlogd
