// How the inputs of fuzz targets become events: a target's bytes are the parts of events that may be anything, and what
// has to be right for the decoder to look further is made here.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "binlog/event_header.h"
#include "binlog/flavor.h"

namespace binlogd::fuzz {

// Takes values from the front of an input; what is not there any more is zero or empty.
class FuzzInput {
 public:
  FuzzInput(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }
  uint8_t TakeByte() {
    const uint8_t byte = rest_.empty() ? 0 : static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(rest_.empty() ? 0 : 1);
    return byte;
  }
  uint16_t TakeNumber() {
    const uint8_t low = TakeByte();
    return static_cast<uint16_t>(low | TakeByte() << 8);
  }
  // At most `size` bytes.
  absl::string_view TakeBytes(size_t size) {
    const absl::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(bytes.size());
    return bytes;
  }
  // Two bytes of length, then as many bytes as are there.
  absl::string_view TakePart() { return TakeBytes(TakeNumber()); }
  absl::string_view TakeRest() { return TakeBytes(rest_.size()); }

 private:
  absl::string_view rest_;
};

inline void AppendLittle(uint64_t value, int width, std::string* out) {
  for (int i = 0; i < width; ++i) out->push_back(static_cast<char>(value >> (8 * i)));
}

// The same part for an input that is to be written.
inline void AppendPart(absl::string_view bytes, std::string* out) {
  AppendLittle(bytes.size(), 2, out);
  out->append(bytes.data(), bytes.size());
}

// An event without checksum whose header tells its size.
inline std::string MakeFuzzEvent(uint8_t type, uint16_t flags, absl::string_view body) {
  std::string event;
  AppendLittle(1700000000, 4, &event);
  AppendLittle(type, 1, &event);
  AppendLittle(1, 4, &event);
  AppendLittle(kEventHeaderSize + body.size(), 4, &event);
  AppendLittle(0, 4, &event);
  AppendLittle(flags, 2, &event);
  event.append(body.data(), body.size());
  return event;
}

// A format description of a current server that writes no checksums.
inline std::string MakeFuzzFormat(Flavor flavor) {
  std::string body;
  AppendLittle(4, 2, &body);
  std::string version = flavor == Flavor::kMySql ? "9.7.0" : "11.8.0-MariaDB";
  version.resize(50, '\0');
  body += version;
  AppendLittle(0, 4, &body);
  AppendLittle(kEventHeaderSize, 1, &body);
  // Lengths of the fixed parts: table maps and row events have table ids of 6 bytes.
  body += std::string(165, '\x08');
  AppendLittle(0, 1, &body);
  AppendLittle(0, 4, &body);
  return MakeFuzzEvent(static_cast<uint8_t>(EventType::kFormatDescription), 0, body);
}

}  // namespace binlogd::fuzz
