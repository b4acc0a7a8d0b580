#include "binlog/json_binary.h"

#include <cmath>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "base/status_macros.h"
#include "binlog/decimal.h"
#include "binlog/json_container.h"
#include "binlog/json_text.h"
#include "binlog/malformed.h"
#include "binlog/table_map.h"
#include "binlog/temporal.h"

namespace binlogd {
namespace {

// No value takes more bytes of text for each of its bytes than this. A document whose parts overlap, to be read over
// and over, would; that is refused before it costs anything.
constexpr size_t kMostExpansion = 32;

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
  JsonPrinter(size_t most_size, std::string* out) : out_(out), most_size_(most_size) {}

  absl::Status Print(const JsonView& view, int depth) {
    if (out_->size() > most_size_) return BadJson("parts of the document overlap");
    ByteReader reader(view.bytes);
    switch (view.type) {
      case kJsonSmallObject:
      case kJsonLargeObject:
      case kJsonSmallArray:
      case kJsonLargeArray: return PrintContainer(view, depth);
      case kJsonLiteral: return PrintLiteral(&reader);
      case kJsonInt16: return PrintInteger<int16_t>(2, &reader);
      case kJsonUint16: return PrintInteger<uint16_t>(2, &reader);
      case kJsonInt32: return PrintInteger<int32_t>(4, &reader);
      case kJsonUint32: return PrintInteger<uint32_t>(4, &reader);
      case kJsonInt64: return PrintInteger<int64_t>(8, &reader);
      case kJsonUint64: return PrintInteger<uint64_t>(8, &reader);
      case kJsonDouble: return PrintDouble(&reader);
      case kJsonString: return PrintString(&reader);
      case kJsonOpaque: return PrintOpaque(&reader);
      default: return BadJson(absl::StrCat("unknown type ", view.type));
    }
  }

 private:
  absl::Status PrintContainer(const JsonView& view, int depth) {
    if (depth >= kMostJsonDepth) return BadJson("nested more than 100 deep");
    JsonContainer container;
    RETURN_IF_ERROR(container.Open(view));
    out_->push_back(container.is_object() ? '{' : '[');
    for (uint64_t i = 0; i < container.size(); ++i) {
      absl::string_view key;
      JsonView value;
      RETURN_IF_ERROR(container.Next(&key, &value));
      if (i > 0) out_->append(", ", 2);
      if (container.is_object()) RETURN_IF_ERROR(AppendJsonKey(key, out_));
      RETURN_IF_ERROR(Print(value, depth + 1));
    }
    out_->push_back(container.is_object() ? '}' : ']');
    return absl::OkStatus();
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

absl::Status AppendJsonKey(absl::string_view key, std::string* out) {
  if (!AppendJsonString(key, out)) return BadJson("a key is not UTF-8");
  out->append(": ", 2);
  return absl::OkStatus();
}

size_t MostJsonText(size_t document_bytes) { return 64 + document_bytes * kMostExpansion; }

absl::Status AppendJsonView(const JsonView& view, int depth, size_t most_size, std::string* out) {
  return JsonPrinter(most_size, out).Print(view, depth);
}

bool ParseJsonDocument(absl::string_view document, JsonView* view) {
  if (document.empty()) return false;
  *view = JsonView{static_cast<uint8_t>(document[0]), document.substr(1)};
  return true;
}

absl::Status AppendJsonDocument(absl::string_view document, std::string* out) {
  JsonView view;
  if (!ParseJsonDocument(document, &view)) {  // What a statement that ignores errors can leave; the server reads null.
    out->append("null");
    return absl::OkStatus();
  }
  return AppendJsonView(view, 0, out->size() + MostJsonText(document.size()), out);
}

}  // namespace binlogd
