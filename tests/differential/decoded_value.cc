#include "tests/differential/decoded_value.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "binlog/utf8.h"

namespace binlogd::testing {
namespace {

using Kind = ColumnValue::Kind;

const char* KindName(Kind kind) {
  switch (kind) {
    case Kind::kAbsent: return "ABSENT";
    case Kind::kNull: return "NULL";
    case Kind::kInt: return "INT";
    case Kind::kUint: return "UINT";
    case Kind::kFloat: return "FLOAT";
    case Kind::kDouble: return "DOUBLE";
    case Kind::kDecimal: return "DECIMAL";
    case Kind::kText: return "TEXT";
    case Kind::kBinary: return "BINARY";
    case Kind::kTemporal: return "TEMPORAL";
    case Kind::kJson: return "JSON";
    case Kind::kJsonDiff: return "differences of JSON";
  }
  return "another kind";
}

std::string TextOf(const ColumnValue& value) {
  switch (value.kind) {
    case Kind::kAbsent:
    case Kind::kNull: return "";
    case Kind::kInt: return absl::StrCat(value.int_value);
    case Kind::kUint: return absl::StrCat(value.uint_value);
    case Kind::kFloat: return BitsText(value.float_value);
    case Kind::kDouble: return BitsText(value.double_value);
    default: return std::string(value.text);
  }
}

bool IsBase64Of(const nlohmann::json& json, const std::string& bytes) {
  if (!json.is_object() || json.size() != 1 || !json.contains("base64") || !json["base64"].is_string()) return false;
  return json["base64"].get<std::string>() == absl::Base64Escape(bytes);
}

}  // namespace

DecodedValue KeepValue(const ColumnValue& value, RowMetadata metadata, bool is_defined) {
  return DecodedValue{value.kind, metadata, is_defined, TextOf(value), false};
}

std::string Describe(absl::string_view text) {
  constexpr size_t kMost = 200;
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isprint(c); });
  const std::string shown = printable ? absl::StrCat("'", text, "'") : absl::StrCat("x'", UpperHex(text), "'");
  if (shown.size() <= kMost) return shown;
  return absl::StrCat(shown.substr(0, kMost), "… (", text.size(), " bytes)");
}

std::string Describe(const DecodedValue& value) {
  return absl::StrCat(KindName(value.kind), " ", Describe(value.text));
}

bool JsonAgrees(const nlohmann::json& json, const DecodedValue& value) {
  switch (value.kind) {
    case Kind::kAbsent: return false;
    case Kind::kNull: return json.is_null();
    case Kind::kInt: return json.is_number_integer() && absl::StrCat(json.get<int64_t>()) == value.text;
    case Kind::kUint: return json.is_number_unsigned() && absl::StrCat(json.get<uint64_t>()) == value.text;
    case Kind::kFloat: return json.is_number() && BitsText(json.get<float>()) == value.text;
    case Kind::kDouble: return json.is_number() && BitsText(json.get<double>()) == value.text;
    case Kind::kDecimal:
    case Kind::kTemporal: return json.is_string() && json.get_ref<const std::string&>() == value.text;
    case Kind::kText:
      if (!IsUtf8(value.text)) return IsBase64Of(json, value.text);
      return json.is_string() && json.get_ref<const std::string&>() == value.text;
    case Kind::kBinary: return IsBase64Of(json, value.text);
    case Kind::kJson: return json == nlohmann::json::parse(value.text, nullptr, false);
    case Kind::kJsonDiff:
      return json.is_object() && json.size() == 1 && json.contains("json_diff") &&
             json["json_diff"] == nlohmann::json::parse(value.text, nullptr, false);
  }
  return false;
}

std::string UpperHex(absl::string_view bytes) { return absl::AsciiStrToUpper(absl::BytesToHexString(bytes)); }

std::string BitsText(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return absl::AsciiStrToUpper(absl::StrCat(absl::Hex(bits, absl::kZeroPad8)));
}

std::string BitsText(double value) {
  uint64_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return absl::AsciiStrToUpper(absl::StrCat(absl::Hex(bits, absl::kZeroPad16)));
}

}  // namespace binlogd::testing
