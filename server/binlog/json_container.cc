#include "binlog/json_container.h"

namespace binlogd {

absl::Status JsonContainer::Open(const JsonView& view) {
  is_object_ = view.is_object();
  width_ = view.type == kJsonSmallObject || view.type == kJsonSmallArray ? 2 : 4;
  ByteReader head(view.bytes);
  uint64_t bytes = 0;
  if (!head.ReadUnsigned(width_, &size_) || !head.ReadUnsigned(width_, &bytes) || bytes > view.bytes.size()) {
    return BadJson("an object or array is cut short");
  }
  bytes_ = view.bytes.substr(0, bytes);
  const uint64_t key_size = is_object_ ? width_ + 2 : 0;
  const uint64_t value_size = width_ + 1;
  if (2 * width_ + size_ * (key_size + value_size) > bytes) return BadJson("an object or array is cut short");
  keys_ = ByteReader(bytes_.substr(2 * width_));
  values_ = ByteReader(bytes_.substr(2 * width_ + size_ * key_size));
  return absl::OkStatus();
}

absl::Status JsonContainer::Next(absl::string_view* key, JsonView* value) {
  if (is_object_) {
    uint64_t offset = 0;
    uint16_t length = 0;
    if (!keys_.ReadUnsigned(width_, &offset) || !keys_.ReadU16(&length) || offset > bytes_.size() ||
        length > bytes_.size() - offset) {
      return BadJson("a key stands outside its object");
    }
    *key = bytes_.substr(offset, length);
  }
  absl::string_view slot;
  if (!values_.ReadU8(&value->type) || !values_.ReadBytes(width_, &slot)) return BadJson("a value is cut short");
  const uint8_t type = value->type;
  const bool is_inline = type == kJsonLiteral || type == kJsonInt16 || type == kJsonUint16 ||
                         (width_ == 4 && (type == kJsonInt32 || type == kJsonUint32));
  if (is_inline) {
    value->bytes = slot;
    return absl::OkStatus();
  }
  uint64_t offset = 0;
  ByteReader(slot).ReadUnsigned(width_, &offset);
  if (offset >= bytes_.size()) return BadJson("a value stands outside its object or array");
  value->bytes = bytes_.substr(offset);
  return absl::OkStatus();
}

}  // namespace binlogd
