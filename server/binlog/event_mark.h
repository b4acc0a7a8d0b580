// What tells an event from another that ends at the same place of a log of the same name.
#pragma once

#include <cstdint>

#include "absl/strings/string_view.h"

namespace binlogd {

// Logs of one name and one second of creation differ in it: events end with a number of the transaction that the server
// does not give twice, or with a checksum over all of the event.
struct EventMark {
  uint32_t size = 0;        // Of the whole event, bytes; 0: there is none, or it is not known.
  uint32_t last_bytes = 0;  // Its last four, little-endian.
  uint32_t checksum = 0;    // CRC-32 (ISO 3309) of at most 64 bytes before them.

  bool known() const { return size != 0; }
  friend bool operator==(const EventMark&, const EventMark&) = default;
};

// Not known for an event that a dump from behind it sends anyway: the format description, and the key's number of an
// encrypted file.
EventMark MarkOf(absl::string_view event);

}  // namespace binlogd
