// Objects and arrays of binary JSON, element by element.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/byte_reader.h"
#include "binlog/malformed.h"

namespace binlogd {

// The type byte of a value.
enum JsonType : uint8_t {
  kJsonSmallObject = 0x00,
  kJsonLargeObject = 0x01,
  kJsonSmallArray = 0x02,
  kJsonLargeArray = 0x03,
  kJsonLiteral = 0x04,
  kJsonInt16 = 0x05,
  kJsonUint16 = 0x06,
  kJsonInt32 = 0x07,
  kJsonUint32 = 0x08,
  kJsonInt64 = 0x09,
  kJsonUint64 = 0x0a,
  kJsonDouble = 0x0b,
  kJsonString = 0x0c,
  kJsonOpaque = 0x0f,
};

// A value where it stands: its type and the bytes from its first one to the end of what it stands in.
struct JsonView {
  uint8_t type = kJsonLiteral;
  absl::string_view bytes;

  bool is_object() const { return type == kJsonSmallObject || type == kJsonLargeObject; }
  bool is_container() const { return type <= kJsonLargeArray; }
};

// How deep the servers let documents nest.
constexpr int kMostJsonDepth = 100;

inline absl::Status BadJson(absl::string_view problem) { return Malformed(absl::StrCat("JSON: ", problem)); }

// Walks one object or array. Layout, numbers of `width` bytes (2 small, 4 large): number of elements, bytes of the
// whole; for each key of an object its offset and 2 bytes of length; for each value 1 byte type and its offset, or the
// value itself where it fits. Offsets count from the first byte of this layout.
class JsonContainer {
 public:
  // `view` is a container. DATA_LOSS when it is cut short.
  absl::Status Open(const JsonView& view);
  bool is_object() const { return is_object_; }
  uint64_t size() const { return size_; }
  // The next element; is called size() times. `key` stays as it is in an array. DATA_LOSS when it stands outside.
  absl::Status Next(absl::string_view* key, JsonView* value);

 private:
  absl::string_view bytes_;
  bool is_object_ = false;
  size_t width_ = 2;
  uint64_t size_ = 0;
  ByteReader keys_{absl::string_view()};
  ByteReader values_{absl::string_view()};
};

}  // namespace binlogd
