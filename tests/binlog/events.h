// Events for tests, made by hand.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "binlog/event_header.h"

namespace binlogd {

inline std::string FromHex(absl::string_view digits) { return absl::HexStringToBytes(digits); }

// `width` bytes, little-endian.
inline std::string Little(uint64_t value, int width) {
  std::string bytes;
  for (int i = 0; i < width; ++i) bytes.push_back(static_cast<char>(value >> (8 * i)));
  return bytes;
}

// An event without checksum.
inline std::string MakeEvent(EventType type, absl::string_view body, uint16_t flags = 0, uint32_t server_id = 1) {
  return absl::StrCat(Little(1700000000, 4), Little(static_cast<uint8_t>(type), 1), Little(server_id, 4),
                      Little(kEventHeaderSize + body.size(), 4), Little(0, 4), Little(flags, 2), body);
}

// A format description of a server that writes no checksums.
inline std::string MakeFormat(absl::string_view server_version = "8.0.40") {
  std::string version(server_version);
  version.resize(50, '\0');
  return MakeEvent(EventType::kFormatDescription, absl::StrCat(Little(4, 2), version, Little(0, 4), Little(19, 1),
                                                               std::string(40, '\x08'), Little(0, 1), Little(0, 4)));
}

inline std::string MakeQuery(absl::string_view statement, absl::string_view schema = "shop") {
  return MakeEvent(EventType::kQuery, absl::StrCat(Little(7, 4), Little(0, 4), Little(schema.size(), 1), Little(0, 2),
                                                   Little(0, 2), schema, absl::string_view("\0", 1), statement));
}

// MySQL's; the source is 3e11fa47-71ca-11e1-9e33-c80aa9429562.
inline std::string MakeGtid(uint64_t number) {
  return MakeEvent(EventType::kGtid,
                   absl::StrCat(Little(1, 1), FromHex("3e11fa4771ca11e19e33c80aa9429562"), Little(number, 8)));
}

inline std::string MakeMariaDbGtid(uint32_t domain, uint64_t number, bool standalone) {
  return MakeEvent(EventType::kMariaDbGtid,
                   absl::StrCat(Little(number, 8), Little(domain, 4), Little(standalone ? 1 : 0, 1), Little(0, 6)));
}

// Integers below 251, or of 3 or 8 bytes, as length-encoded ones.
inline std::string LengthEncoded(uint64_t value) {
  if (value < 251) return Little(value, 1);
  return value < 1 << 24 ? "\xfd" + Little(value, 3) : "\xfe" + Little(value, 8);
}

// The body of a TRANSACTION_PAYLOAD event around a payload; compression 0 is zstd, 255 none.
inline std::string MakePayloadBody(absl::string_view payload, uint64_t compression, uint64_t uncompressed_size) {
  const auto field = [](uint64_t number, uint64_t value) {
    const std::string encoded = LengthEncoded(value);
    return absl::StrCat(LengthEncoded(number), LengthEncoded(encoded.size()), encoded);
  };
  return absl::StrCat(field(2, compression), field(3, uncompressed_size), field(1, payload.size()), Little(0, 1),
                      payload);
}

inline std::string MakeXid() { return MakeEvent(EventType::kXid, Little(5, 8)); }

// Table 7, shop.t, with one INT column and no optional metadata.
inline std::string MakeTableMap(uint64_t table_id = 7) {
  return MakeEvent(EventType::kTableMap,
                   absl::StrCat(Little(table_id, 6), Little(1, 2), Little(4, 1), "shop", Little(0, 1), Little(1, 1),
                                "t", Little(0, 1), Little(1, 1), Little(3, 1), Little(0, 1), Little(1, 1)));
}

// A row of it.
inline std::string MakeWriteRows(uint32_t value, uint16_t flags = 1, uint64_t table_id = 7) {
  return MakeEvent(EventType::kWriteRowsV1, absl::StrCat(Little(table_id, 6), Little(flags, 2), Little(1, 1),
                                                         Little(1, 1), Little(0, 1), Little(value, 4)));
}

}  // namespace binlogd
