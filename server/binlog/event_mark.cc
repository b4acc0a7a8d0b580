#include "binlog/event_mark.h"

#include <libdeflate.h>

#include <cstddef>

#include "base/byte_reader.h"
#include "binlog/event_header.h"

namespace binlogd {

EventMark MarkOf(absl::string_view event) {
  const absl::StatusOr<EventHeader> header = ParseEventHeader(event);
  if (!header.ok() || header->type == EventType::kFormatDescription ||
      header->type == EventType::kMariaDbStartEncryption) {
    return EventMark();
  }
  // Together with the checksum at its end, a checksum of a whole event would always be the same.
  constexpr size_t kMarked = 64;
  constexpr size_t kLast = 4;
  EventMark mark;
  mark.size = header->size;
  (void)ByteReader(event.substr(event.size() - kLast)).ReadU32(&mark.last_bytes);
  event.remove_suffix(kLast);
  if (event.size() > kMarked) event.remove_prefix(event.size() - kMarked);
  mark.checksum = libdeflate_crc32(0, event.data(), event.size());
  return mark;
}

}  // namespace binlogd
