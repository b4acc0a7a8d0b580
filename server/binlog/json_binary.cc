#include "binlog/json_binary.h"

#include <cmath>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "base/status_macros.h"
#include "binlog/decimal.h"
#include "binlog/json_text.h"
#include "binlog/malformed.h"
#include "binlog/table_map.h"
#include "binlog/temporal.h"

namespace binlogd {
namespace {

enum JsonType : uint8_t {
  kSmallObject = 0x00,
  kLargeObject = 0x01,
  kSmallArray = 0x02,
  kLargeArray = 0x03,
  kLiteral = 0x04,
  kInt16 = 0x05,
  kUint16 = 0x06,
  kInt32 = 0x07,
  kUint32 = 0x08,
  kInt64 = 0x09,
  kUint64 = 0x0a,
  kDouble = 0x0b,
  kString = 0x0c,
  kOpaque = 0x0f,
};

constexpr int kMostDepth = 100;
// No value takes more bytes of text for each of its bytes than this. A document whose parts overlap, to be read over
// and over, would; that is refused before it costs anything.
constexpr size_t kMostExpansion = 32;

absl::Status BadJson(absl::string_view problem) { return Malformed(absl::StrCat("JSON: ", problem)); }

// A length of 1 to 5 bytes: 7 bits each, the lowest first, the highest bit set on all but the last.
bool ReadJsonLength(ByteReader* reader, uint64_t* length) {
  *length = 0;
  for (int shift = 0; shift < 35; shift += 7) {
    uint8_t byte = 0;
    if (!reader->ReadU8(&byte)) return false;
    *length |= uint64_t{byte & 0x7fu} << shift;
    if ((byte & 0x80) == 0) return *length <= 0xffffffffu;
  }
  return false;
}

// Writes the text of one document.
class JsonPrinter {
 public:
  JsonPrinter(absl::string_view document, std::string* out)
      : out_(out), most_size_(out->size() + 64 + document.size() * kMostExpansion) {}

  absl::Status Print(uint8_t type, absl::string_view bytes, int depth) {
    if (out_->size() > most_size_) return BadJson("parts of the document overlap");
    ByteReader reader(bytes);
    switch (type) {
      case kSmallObject: return PrintContainer(bytes, true, 2, depth);
      case kLargeObject: return PrintContainer(bytes, true, 4, depth);
      case kSmallArray: return PrintContainer(bytes, false, 2, depth);
      case kLargeArray: return PrintContainer(bytes, false, 4, depth);
      case kLiteral: return PrintLiteral(&reader);
      case kInt16: return PrintInteger<int16_t>(2, &reader);
      case kUint16: return PrintInteger<uint16_t>(2, &reader);
      case kInt32: return PrintInteger<int32_t>(4, &reader);
      case kUint32: return PrintInteger<uint32_t>(4, &reader);
      case kInt64: return PrintInteger<int64_t>(8, &reader);
      case kUint64: return PrintInteger<uint64_t>(8, &reader);
      case kDouble: return PrintDouble(&reader);
      case kString: return PrintString(&reader);
      case kOpaque: return PrintOpaque(&reader);
      default: return BadJson(absl::StrCat("unknown type ", type));
    }
  }

 private:
  // Layout, numbers of `width` bytes (2 small, 4 large): number of elements, bytes of the whole; for each key of an
  // object its offset and 2 bytes of length; for each value 1 byte type and its offset, or the value itself where it
  // fits. Offsets count from the first byte of this layout.
  absl::Status PrintContainer(absl::string_view bytes, bool is_object, size_t width, int depth) {
    if (depth >= kMostDepth) return BadJson("nested more than 100 deep");
    ByteReader head(bytes);
    uint64_t count = 0;
    uint64_t size = 0;
    if (!head.ReadUnsigned(width, &count) || !head.ReadUnsigned(width, &size) || size > bytes.size()) {
      return BadJson("an object or array is cut short");
    }
    bytes = bytes.substr(0, size);
    const uint64_t key_size = is_object ? width + 2 : 0;
    const uint64_t value_size = width + 1;
    if (2 * width + count * (key_size + value_size) > size) return BadJson("an object or array is cut short");
    ByteReader keys(bytes.substr(2 * width));
    ByteReader values(bytes.substr(2 * width + count * key_size));
    out_->push_back(is_object ? '{' : '[');
    for (uint64_t i = 0; i < count; ++i) {
      if (i > 0) out_->append(", ", 2);
      if (is_object) RETURN_IF_ERROR(PrintKey(bytes, width, &keys));
      RETURN_IF_ERROR(PrintElement(bytes, width, &values, depth));
    }
    out_->push_back(is_object ? '}' : ']');
    return absl::OkStatus();
  }

  absl::Status PrintKey(absl::string_view container, size_t width, ByteReader* keys) {
    uint64_t offset = 0;
    uint16_t length = 0;
    if (!keys->ReadUnsigned(width, &offset) || !keys->ReadU16(&length) || offset > container.size() ||
        length > container.size() - offset) {
      return BadJson("a key stands outside its object");
    }
    if (!AppendJsonString(container.substr(offset, length), out_)) return BadJson("a key is not UTF-8");
    out_->append(": ", 2);
    return absl::OkStatus();
  }

  absl::Status PrintElement(absl::string_view container, size_t width, ByteReader* values, int depth) {
    uint8_t type = 0;
    absl::string_view slot;
    if (!values->ReadU8(&type) || !values->ReadBytes(width, &slot)) return BadJson("a value is cut short");
    const bool is_inline =
        type == kLiteral || type == kInt16 || type == kUint16 || (width == 4 && (type == kInt32 || type == kUint32));
    if (is_inline) return Print(type, slot, depth + 1);
    uint64_t offset = 0;
    ByteReader(slot).ReadUnsigned(width, &offset);
    if (offset >= container.size()) return BadJson("a value stands outside its object or array");
    return Print(type, container.substr(offset), depth + 1);
  }

  absl::Status PrintLiteral(ByteReader* reader) {
    uint8_t literal = 0;
    if (!reader->ReadU8(&literal) || literal > 2) return BadJson("unknown literal");
    out_->append(literal == 0 ? "null" : literal == 1 ? "true" : "false");
    return absl::OkStatus();
  }

  template <typename T>
  absl::Status PrintInteger(size_t width, ByteReader* reader) {
    uint64_t value = 0;
    if (!reader->ReadUnsigned(width, &value)) return BadJson("a number is cut short");
    absl::StrAppend(out_, static_cast<T>(value));
    return absl::OkStatus();
  }

  absl::Status PrintDouble(ByteReader* reader) {
    uint64_t bits = 0;
    if (!reader->ReadU64(&bits)) return BadJson("a number is cut short");
    double value;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) return BadJson("a number is not finite");
    const size_t before = out_->size();
    AppendJsonNumber(value, out_);
    // A double stays one: "1.0", as the server prints it, and not "1".
    if (out_->find_first_of(".e", before) == std::string::npos) out_->append(".0");
    return absl::OkStatus();
  }

  absl::Status PrintString(ByteReader* reader) {
    uint64_t length = 0;
    absl::string_view text;
    if (!ReadJsonLength(reader, &length) || !reader->ReadBytes(length, &text)) return BadJson("a string is cut short");
    return AppendJsonString(text, out_) ? absl::OkStatus() : BadJson("a string is not UTF-8");
  }

  // Layout: 1 column type, length, the value.
  absl::Status PrintOpaque(ByteReader* reader) {
    uint8_t type = 0;
    uint64_t length = 0;
    absl::string_view data;
    if (!reader->ReadU8(&type) || !ReadJsonLength(reader, &length) || !reader->ReadBytes(length, &data)) {
      return BadJson("an opaque value is cut short");
    }
    ByteReader value(data);
    uint64_t packed = 0;
    bool printed = true;
    switch (static_cast<ColumnType>(type)) {
      case ColumnType::kNewDecimal: {
        uint8_t precision = 0;
        uint8_t scale = 0;
        printed = value.ReadU8(&precision) && value.ReadU8(&scale) && ReadDecimal(precision, scale, &value, out_);
        break;
      }
      case ColumnType::kDate:
        printed = value.ReadU64(&packed) && Quote([&] { return AppendPackedDate(packed, out_); });
        break;
      case ColumnType::kTime:
        printed = value.ReadU64(&packed) && Quote([&] { return AppendPackedTime(packed, out_); });
        break;
      case ColumnType::kDatetime:
      case ColumnType::kTimestamp:
        printed = value.ReadU64(&packed) && Quote([&] { return AppendPackedDatetime(packed, out_); });
        break;
      default: absl::StrAppend(out_, "\"base64:type", type, ":", absl::Base64Escape(data), "\"");
    }
    return printed ? absl::OkStatus() : BadJson(absl::StrCat("malformed opaque value of type ", type));
  }

  template <typename Append>
  bool Quote(Append append) {
    out_->push_back('"');
    const bool appended = append();
    out_->push_back('"');
    return appended;
  }

  std::string* const out_;
  const size_t most_size_;
};

}  // namespace

absl::Status AppendJsonDocument(absl::string_view document, std::string* out) {
  if (document.empty()) {  // What a statement that ignores errors can leave; the server reads it as null.
    out->append("null");
    return absl::OkStatus();
  }
  return JsonPrinter(document, out).Print(static_cast<uint8_t>(document[0]), document.substr(1), 0);
}

}  // namespace binlogd
