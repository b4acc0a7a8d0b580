#include "binlog/gtid_event.h"

#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "binlog/gtid_text.h"
#include "binlog/malformed.h"
#include "binlog/serialization.h"

namespace binlogd {
namespace {

absl::Status CutShort(EventType type) {
  return Malformed(absl::StrCat("a ", EventTypeName(type), " event is cut short"));
}

// Layout, all integers of variable length: format version 1, size of the whole, number of the last field that a reader
// may not ignore; then fields, each a number and a value: 0 flags; 1 UUID, its 16 bytes as 16 integers; 2 number,
// signed; 3 tag, its length and text; and others, which are not needed here.
absl::StatusOr<GtidEvent> ParseTagged(absl::string_view body) {
  enum Field : uint64_t { kFlags = 0, kUuid = 1, kNumber = 2, kTag = 3 };
  ByteReader reader(body);
  uint64_t version = 0;
  uint64_t size = 0;
  uint64_t last_needed = 0;
  if (!ReadVariableLength(&reader, &version) || !ReadVariableLength(&reader, &size) ||
      !ReadVariableLength(&reader, &last_needed)) {
    return CutShort(EventType::kTaggedGtid);
  }
  if (version != 1) return Malformed(absl::StrCat("a Gtid_tagged event has the unknown format version ", version));
  std::string uuid;
  int64_t number = 0;
  absl::string_view tag;
  for (uint64_t expected = kFlags; expected <= kTag; ++expected) {
    uint64_t field = 0;
    uint64_t value = 0;
    if (!ReadVariableLength(&reader, &field)) return CutShort(EventType::kTaggedGtid);
    if (field != expected) return Malformed(absl::StrCat("a Gtid_tagged event lacks field ", expected));
    bool read = true;
    switch (field) {
      case kFlags: read = ReadVariableLength(&reader, &value); break;
      case kUuid:
        for (size_t i = 0; i < kUuidSize && read; ++i) {
          read = ReadVariableLength(&reader, &value) && value <= 0xff;
          uuid.push_back(static_cast<char>(value));
        }
        break;
      case kNumber: read = ReadVariableLengthSigned(&reader, &number); break;
      case kTag: read = ReadVariableLength(&reader, &value) && reader.ReadBytes(value, &tag); break;
    }
    if (!read) return CutShort(EventType::kTaggedGtid);
  }
  if (number < 0 || (!tag.empty() && !IsGtidTag(tag))) return Malformed("a Gtid_tagged event has a malformed GTID");
  GtidEvent event;
  event.gtid.source = tag.empty() ? UuidText(uuid) : absl::StrCat(UuidText(uuid), ":", tag);
  event.gtid.number = static_cast<uint64_t>(number);
  return event;
}

absl::StatusOr<GtidEvent> ParseMySql(EventType type, absl::string_view body) {
  ByteReader reader(body);
  GtidEvent event;
  absl::string_view uuid;
  if (!reader.Skip(1) || !reader.ReadBytes(kUuidSize, &uuid) || !reader.ReadU64(&event.gtid.number)) {
    return CutShort(type);
  }
  if (type == EventType::kAnonymousGtid) {
    event.gtid.number = 0;
    return event;
  }
  if (event.gtid.number == 0 || event.gtid.number >> 63 != 0) {
    return Malformed(absl::StrCat("a Gtid event has the number ", event.gtid.number));
  }
  event.gtid.source = UuidText(uuid);
  return event;
}

absl::StatusOr<GtidEvent> ParseMariaDb(const EventHeader& header, absl::string_view body) {
  constexpr uint8_t kStandaloneFlag = 0x01;
  ByteReader reader(body);
  GtidEvent event;
  event.gtid.flavor = Flavor::kMariaDb;
  event.gtid.server_id = header.server_id;
  uint8_t flags = 0;
  if (!reader.ReadU64(&event.gtid.number) || !reader.ReadU32(&event.gtid.domain) || !reader.ReadU8(&flags)) {
    return CutShort(header.type);
  }
  event.standalone = (flags & kStandaloneFlag) != 0;
  return event;
}

}  // namespace

absl::StatusOr<GtidEvent> ParseGtidEvent(const EventHeader& header, absl::string_view body) {
  switch (header.type) {
    case EventType::kTaggedGtid: return ParseTagged(body);
    case EventType::kMariaDbGtid: return ParseMariaDb(header, body);
    default: return ParseMySql(header.type, body);
  }
}

}  // namespace binlogd
