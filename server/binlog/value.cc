#include "binlog/value.h"

#include <cmath>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "binlog/decimal.h"
#include "binlog/json_binary.h"
#include "binlog/malformed.h"
#include "binlog/mariadb_compression.h"
#include "binlog/temporal.h"
#include "binlog/utf8.h"

namespace binlogd {
namespace {

using Kind = ColumnValue::Kind;

absl::Status CutShort() { return Malformed("the value is cut short"); }
absl::Status NoValue() { return Malformed("the bytes are no value of the column's type"); }

absl::Status ReadInteger(size_t width, bool is_unsigned, ByteReader* reader, ColumnValue* value) {
  uint64_t raw = 0;
  if (!reader->ReadUnsigned(width, &raw)) return CutShort();
  if (is_unsigned) {
    value->kind = Kind::kUint;
    value->uint_value = raw;
    return absl::OkStatus();
  }
  const int unused = static_cast<int>(64 - 8 * width);
  value->kind = Kind::kInt;
  value->int_value = static_cast<int64_t>(raw << unused) >> unused;
  return absl::OkStatus();
}

absl::Status ReadYear(ByteReader* reader, ColumnValue* value) {
  constexpr int64_t kBase = 1900;
  uint8_t year = 0;
  if (!reader->ReadU8(&year)) return CutShort();
  value->kind = Kind::kInt;
  value->int_value = year == 0 ? 0 : kBase + year;
  return absl::OkStatus();
}

absl::Status ReadFloat(ByteReader* reader, ColumnValue* value) {
  uint32_t bits = 0;
  if (!reader->ReadU32(&bits)) return CutShort();
  value->kind = Kind::kFloat;
  std::memcpy(&value->float_value, &bits, sizeof bits);
  return std::isfinite(value->float_value) ? absl::OkStatus() : NoValue();
}

absl::Status ReadDouble(ByteReader* reader, ColumnValue* value) {
  uint64_t bits = 0;
  if (!reader->ReadU64(&bits)) return CutShort();
  value->kind = Kind::kDouble;
  std::memcpy(&value->double_value, &bits, sizeof bits);
  return std::isfinite(value->double_value) ? absl::OkStatus() : NoValue();
}

// Metadata: low byte the bits that do not fill a byte, high byte the whole bytes. Big-endian.
absl::Status ReadBit(uint16_t metadata, ByteReader* reader, ColumnValue* value) {
  const size_t odd_bits = metadata & 0xff;
  const size_t width = (metadata >> 8) + (odd_bits > 0 ? 1 : 0);
  value->kind = Kind::kUint;
  if (width > 8) return Malformed("a BIT column has more than 64 bits");
  if (odd_bits > 7) return Malformed("a BIT column's type metadata is no number of bits");
  return reader->ReadBigEndian(width, &value->uint_value) ? absl::OkStatus() : CutShort();
}

// Text that `read` appends, as a value of a kind.
template <typename Read>
absl::Status ReadAsText(Kind kind, ValueText* text, ColumnValue* value, Read read) {
  const size_t begin = text->bytes()->size();
  value->kind = kind;
  if (!read(text->bytes())) return NoValue();
  text->Claim(begin, value);
  return absl::OkStatus();
}

bool ReadPrefixed(size_t prefix, ByteReader* reader, absl::string_view* bytes) {
  uint64_t length = 0;
  return reader->ReadUnsigned(prefix, &length) && reader->ReadBytes(length, bytes);
}

// The strings' length takes one byte when the longest takes one.
size_t StringPrefix(uint16_t most_bytes) { return most_bytes < 256 ? 1 : 2; }

void TakeString(const Column& column, absl::string_view bytes, ValueText* text, ColumnValue* value) {
  value->text = bytes;
  value->kind = Kind::kText;
  if (column.charset == Charset::kUtf8 || column.charset == Charset::kNotTold) return;
  if (column.charset == Charset::kAscii && AsciiPrefix(bytes) == bytes.size()) return;
  const size_t begin = text->bytes()->size();
  if (AppendAsUtf8(column.charset, bytes, text->bytes())) {
    text->Claim(begin, value);
  } else {
    value->kind = Kind::kBinary;
  }
}

absl::Status ReadString(const Column& column, size_t prefix, ByteReader* reader, ValueText* text, ColumnValue* value) {
  absl::string_view bytes;
  if (!ReadPrefixed(prefix, reader, &bytes)) return CutShort();
  TakeString(column, bytes, text, value);
  return absl::OkStatus();
}

// The log leaves out the zeros at the end of a BINARY value, as it leaves out the spaces of a CHAR.
absl::Status ReadFixedString(const Column& column, ByteReader* reader, ValueText* text, ColumnValue* value) {
  if (column.fixed_binary != FixedBinaryType::kNotTold) {
    absl::string_view bytes;
    if (!ReadPrefixed(StringPrefix(column.metadata), reader, &bytes)) return CutShort();
    return ReadAsText(Kind::kText, text, value,
                      [&](std::string* out) { return AppendFixedBinary(column.fixed_binary, bytes, out); });
  }
  RETURN_IF_ERROR(ReadString(column, StringPrefix(column.metadata), reader, text, value));
  if (column.charset == Charset::kBinary && value->text.size() < column.metadata) {
    const size_t begin = text->bytes()->size();
    text->bytes()->append(value->text.data(), value->text.size());
    text->bytes()->append(column.metadata - value->text.size(), '\0');
    text->Claim(begin, value);
  }
  return absl::OkStatus();
}

absl::Status ReadBytes(const Column& column, ByteReader* reader, ColumnValue* value) {
  value->kind = Kind::kBinary;
  return ReadPrefixed(column.metadata, reader, &value->text) ? absl::OkStatus() : CutShort();
}

// A compressed column's value: empty, a zero and the text itself, or compressed text.
absl::Status ReadCompressed(const Column& column, size_t prefix, ByteReader* reader, ValueText* text,
                            ColumnValue* value) {
  absl::string_view bytes;
  if (!ReadPrefixed(prefix, reader, &bytes)) return CutShort();
  if (bytes.empty() || bytes[0] == 0) {
    TakeString(column, bytes.substr(bytes.empty() ? 0 : 1), text, value);
    return absl::OkStatus();
  }
  std::string plain;  // Conversion appends to the values' text, so it cannot read from there.
  RETURN_IF_ERROR(UncompressMariaDb(bytes, &plain));
  const size_t begin = text->bytes()->size();
  if (AppendAsUtf8(column.charset, plain, text->bytes())) {
    value->kind = Kind::kText;
  } else {
    value->kind = Kind::kBinary;
    text->bytes()->append(plain);
  }
  text->Claim(begin, value);
  return absl::OkStatus();
}

absl::Status ReadEnum(const Column& column, ByteReader* reader, ColumnValue* value) {
  value->kind = Kind::kUint;
  if (!reader->ReadUnsigned(column.metadata, &value->uint_value)) return CutShort();
  if (column.labels.empty()) return absl::OkStatus();
  const uint64_t number = value->uint_value;
  if (number > column.labels.size()) return NoValue();
  // 0 is the value of what was no label when it was stored; the server shows it as an empty string.
  value->kind = Kind::kText;
  value->text = number == 0 ? absl::string_view() : absl::string_view(column.labels[number - 1]);
  return absl::OkStatus();
}

absl::Status ReadSet(const Column& column, ByteReader* reader, ValueText* text, ColumnValue* value) {
  value->kind = Kind::kUint;
  if (!reader->ReadUnsigned(column.metadata, &value->uint_value)) return CutShort();
  if (column.labels.empty()) return absl::OkStatus();
  uint64_t bits = value->uint_value;
  if (column.labels.size() < 64 && bits >> column.labels.size() != 0) return NoValue();
  const size_t begin = text->bytes()->size();
  for (size_t i = 0; bits != 0; ++i, bits >>= 1) {
    if ((bits & 1) == 0) continue;
    if (text->bytes()->size() > begin) text->bytes()->push_back(',');
    text->bytes()->append(column.labels[i]);
  }
  value->kind = Kind::kText;
  text->Claim(begin, value);
  return absl::OkStatus();
}

absl::Status ReadJson(const Column& column, ByteReader* reader, ValueText* text, ColumnValue* value) {
  absl::string_view document;
  if (!ReadPrefixed(column.metadata, reader, &document)) return CutShort();
  const size_t begin = text->bytes()->size();
  RETURN_IF_ERROR(AppendJsonDocument(document, text->bytes()));
  value->kind = Kind::kJson;
  text->Claim(begin, value);
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadValue(const Column& column, ByteReader* reader, ValueText* text, ColumnValue* value) {
  const int digits = column.metadata;
  switch (column.type) {
    case ColumnType::kTiny: return ReadInteger(1, column.is_unsigned, reader, value);
    case ColumnType::kShort: return ReadInteger(2, column.is_unsigned, reader, value);
    case ColumnType::kInt24: return ReadInteger(3, column.is_unsigned, reader, value);
    case ColumnType::kLong: return ReadInteger(4, column.is_unsigned, reader, value);
    case ColumnType::kLongLong: return ReadInteger(8, column.is_unsigned, reader, value);
    case ColumnType::kYear: return ReadYear(reader, value);
    case ColumnType::kFloat: return ReadFloat(reader, value);
    case ColumnType::kDouble: return ReadDouble(reader, value);
    case ColumnType::kBit: return ReadBit(column.metadata, reader, value);
    case ColumnType::kNewDecimal:
      return ReadAsText(Kind::kDecimal, text, value, [&](std::string* out) {
        return ReadDecimal(column.metadata & 0xff, column.metadata >> 8, reader, out);
      });
    case ColumnType::kDate:
    case ColumnType::kNewDate:
      return ReadAsText(Kind::kTemporal, text, value, [&](std::string* out) { return ReadDate(reader, out); });
    case ColumnType::kTime:
      return ReadAsText(Kind::kTemporal, text, value, [&](std::string* out) {
        return digits == 0 ? ReadOldTime(reader, out) : ReadMariaDbTime(digits, reader, out);
      });
    case ColumnType::kDatetime:
      return ReadAsText(Kind::kTemporal, text, value, [&](std::string* out) {
        return digits == 0 ? ReadOldDatetime(reader, out) : ReadMariaDbDatetime(digits, reader, out);
      });
    case ColumnType::kTimestamp:
      return ReadAsText(Kind::kTemporal, text, value, [&](std::string* out) {
        return digits == 0 ? ReadOldTimestamp(reader, out) : ReadMariaDbTimestamp(digits, reader, out);
      });
    case ColumnType::kTime2:
      return ReadAsText(Kind::kTemporal, text, value, [&](std::string* out) { return ReadTime(digits, reader, out); });
    case ColumnType::kDatetime2:
      return ReadAsText(Kind::kTemporal, text, value,
                        [&](std::string* out) { return ReadDatetime(digits, reader, out); });
    case ColumnType::kTimestamp2:
      return ReadAsText(Kind::kTemporal, text, value,
                        [&](std::string* out) { return ReadTimestamp(digits, reader, out); });
    case ColumnType::kVarchar:
    case ColumnType::kVarString: return ReadString(column, StringPrefix(column.metadata), reader, text, value);
    case ColumnType::kString: return ReadFixedString(column, reader, text, value);
    case ColumnType::kTinyBlob:
    case ColumnType::kMediumBlob:
    case ColumnType::kLongBlob:
    case ColumnType::kBlob: return ReadString(column, column.metadata, reader, text, value);
    case ColumnType::kGeometry:
    case ColumnType::kVector: return ReadBytes(column, reader, value);
    case ColumnType::kMariaDbVarcharCompressed:
      return ReadCompressed(column, StringPrefix(column.metadata), reader, text, value);
    case ColumnType::kMariaDbBlobCompressed: return ReadCompressed(column, column.metadata, reader, text, value);
    case ColumnType::kEnum: return ReadEnum(column, reader, value);
    case ColumnType::kSet: return ReadSet(column, reader, text, value);
    case ColumnType::kJson: return ReadJson(column, reader, text, value);
    case ColumnType::kNull: value->kind = Kind::kNull; return absl::OkStatus();
    case ColumnType::kOldDecimal:
    case ColumnType::kTypedArray: break;
  }
  return Malformed("the log does not tell how values of this type are stored");
}

}  // namespace binlogd
