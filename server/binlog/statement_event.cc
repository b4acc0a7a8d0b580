#include "binlog/statement_event.h"

#include <cmath>
#include <cstdint>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "binlog/charset.h"
#include "binlog/decimal.h"
#include "binlog/json_text.h"
#include "binlog/malformed.h"
#include "binlog/utf8.h"

namespace binlogd {
namespace {

absl::Status CutShort(EventType type) {
  return Malformed(absl::StrCat("a ", EventTypeName(type), " event is cut short"));
}

absl::Status DescribeIntvar(absl::string_view body, ExtraFields* extra) {
  ByteReader reader(body);
  uint8_t which = 0;
  uint64_t value = 0;
  if (!reader.ReadU8(&which) || !reader.ReadU64(&value)) return CutShort(EventType::kIntvar);
  if (which != 1 && which != 2) return Malformed(absl::StrCat("an Intvar event is of the unknown variable ", which));
  extra->emplace_back("variable", which == 1 ? "LAST_INSERT_ID" : "INSERT_ID");
  extra->emplace_back("value", absl::StrCat(value));
  return absl::OkStatus();
}

absl::Status DescribeRand(absl::string_view body, ExtraFields* extra) {
  ByteReader reader(body);
  uint64_t first = 0;
  uint64_t second = 0;
  if (!reader.ReadU64(&first) || !reader.ReadU64(&second)) return CutShort(EventType::kRand);
  extra->emplace_back("seed1", absl::StrCat(first));
  extra->emplace_back("seed2", absl::StrCat(second));
  return absl::OkStatus();
}

// A value of a user variable, not NULL.
struct UserValue {
  enum Type : uint8_t { kString = 0, kReal = 1, kInt = 2, kRow = 3, kDecimal = 4 };
  uint8_t type = kString;
  uint32_t collation = 0;
  absl::string_view bytes;
  bool is_unsigned = false;
};

void DescribeString(Flavor flavor, const UserValue& value, ExtraFields* extra) {
  extra->emplace_back("type", "STRING");
  extra->emplace_back("collation", absl::StrCat(value.collation));
  std::string text;
  if (AppendAsUtf8(CharsetOfCollation(flavor, value.collation), value.bytes, &text) && IsUtf8(text)) {
    extra->emplace_back("value", std::move(text));
  } else {
    extra->emplace_back("value_base64", absl::Base64Escape(value.bytes));
  }
}

bool DescribeNumber(const UserValue& value, ExtraFields* extra) {
  ByteReader reader(value.bytes);
  uint64_t bits = 0;
  std::string text;
  switch (value.type) {
    case UserValue::kReal: {
      double number = 0;
      if (!reader.ReadU64(&bits)) return false;
      std::memcpy(&number, &bits, sizeof number);
      if (!std::isfinite(number)) return false;
      AppendJsonNumber(number, &text);
      extra->emplace_back("type", "REAL");
      break;
    }
    case UserValue::kInt:
      if (!reader.ReadU64(&bits)) return false;
      text = value.is_unsigned ? absl::StrCat(bits) : absl::StrCat(static_cast<int64_t>(bits));
      extra->emplace_back("type", "INT");
      break;
    case UserValue::kDecimal: {
      uint8_t precision = 0;
      uint8_t scale = 0;
      if (!reader.ReadU8(&precision) || !reader.ReadU8(&scale) || !ReadDecimal(precision, scale, &reader, &text)) {
        return false;
      }
      extra->emplace_back("type", "DECIMAL");
      break;
    }
    default: return false;
  }
  extra->emplace_back("value", std::move(text));
  return true;
}

absl::Status DescribeUserVar(Flavor flavor, absl::string_view body, ExtraFields* extra) {
  ByteReader reader(body);
  uint32_t name_length = 0;
  uint32_t length = 0;
  uint8_t is_null = 0;
  uint8_t flags = 0;
  absl::string_view name;
  if (!reader.ReadU32(&name_length) || !reader.ReadBytes(name_length, &name) || !reader.ReadU8(&is_null)) {
    return CutShort(EventType::kUserVar);
  }
  extra->emplace_back("variable", absl::StrCat("@", ReplaceInvalidUtf8(name)));
  if (is_null != 0) {
    extra->emplace_back("type", "NULL");
    return absl::OkStatus();
  }
  UserValue value;
  if (!reader.ReadU8(&value.type) || !reader.ReadU32(&value.collation) || !reader.ReadU32(&length) ||
      !reader.ReadBytes(length, &value.bytes)) {
    return CutShort(EventType::kUserVar);
  }
  value.is_unsigned = reader.ReadU8(&flags) && (flags & 1) != 0;
  if (value.type == UserValue::kString) {
    DescribeString(flavor, value, extra);
  } else if (!DescribeNumber(value, extra)) {
    return Malformed(absl::StrCat("a User var event has a malformed value of type ", value.type));
  }
  return absl::OkStatus();
}

absl::Status DescribeFile(EventType type, size_t before, absl::string_view body, ExtraFields* extra) {
  ByteReader reader(body);
  uint32_t file_id = 0;
  if (!reader.Skip(before) || !reader.ReadU32(&file_id)) return CutShort(type);
  extra->emplace_back("file_id", absl::StrCat(file_id));
  return absl::OkStatus();
}

}  // namespace

absl::Status DescribeStatementEvent(Flavor flavor, EventType type, absl::string_view body, ExtraFields* extra) {
  switch (type) {
    case EventType::kIntvar: return DescribeIntvar(body, extra);
    case EventType::kRand: return DescribeRand(body, extra);
    case EventType::kUserVar: return DescribeUserVar(flavor, body, extra);
    case EventType::kBeginLoadQuery:
    case EventType::kAppendBlock:
    case EventType::kDeleteFile:
    case EventType::kExecLoad: return DescribeFile(type, 0, body, extra);
    case EventType::kCreateFile: return DescribeFile(type, 18, body, extra);
    default: return absl::OkStatus();
  }
}

}  // namespace binlogd
