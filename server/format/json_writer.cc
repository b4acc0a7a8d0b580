#include "format/json_writer.h"

#include <array>
#include <charconv>
#include <cmath>

#include "binlog/json_text.h"
#include "binlog/utf8.h"
#include "format/base64.h"

namespace binlogd {
namespace {

template <typename T>
void AppendDigits(T value, std::string* out) {
  std::array<char, 24> buffer;
  const std::to_chars_result result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out->append(buffer.data(), static_cast<size_t>(result.ptr - buffer.data()));
}

template <typename T>
void AppendFinite(T value, std::string* out) {
  if (!std::isfinite(value)) {
    out->append("null", 4);
  } else if (value == 0 && std::signbit(value)) {
    out->append("-0.0", 4);  // A reader takes -0 for an integer, which has no sign at zero.
  } else {
    AppendJsonNumber(value, out);
  }
}

void AppendIfNotEmpty(absl::string_view name, absl::string_view text, std::string* out) {
  if (text.empty()) return;
  AppendJsonNextMember(name, out);
  AppendJsonText(text, out);
}

}  // namespace

void AppendJsonEventHead(const JsonEventHead& head, std::string* out) {
  out->append("{\"type\":\"", 9);
  out->append(head.type.data(), head.type.size());
  out->push_back('"');
  AppendJsonNextMember("timestamp", out);
  AppendDigits(head.timestamp, out);
  AppendIfNotEmpty("database", head.database, out);
  AppendIfNotEmpty("table", head.table, out);
  AppendJsonNextMember("position", out);
  out->append("{\"file\":", 8);
  AppendJsonText(head.file, out);
  AppendJsonNextMember("position", out);
  AppendDigits(head.end_offset, out);
  AppendIfNotEmpty("gtid", head.gtid, out);
  out->push_back('}');
  AppendIfNotEmpty("gtid", head.gtid, out);
  AppendIfNotEmpty("query", head.query, out);
}

void AppendJsonEventEnd(std::string* out) { out->append("}\n", 2); }

void AppendJsonNextMember(absl::string_view name, std::string* out) {
  out->append(",\"", 2);
  out->append(name.data(), name.size());
  out->append("\":", 2);
}

void AppendJsonExtra(absl::string_view name, absl::string_view value, bool first, std::string* out) {
  if (!first) out->push_back(',');
  AppendJsonText(name, out);
  out->push_back(':');
  AppendJsonText(value, out);
}

void AppendJsonColumnKey(absl::string_view name, size_t index, std::string* out) {
  if (name.empty()) {
    out->append("\"@", 2);
    AppendDigits(index + 1, out);
    out->append("\":", 2);
  } else {
    AppendJsonText(name, out);
    out->push_back(':');
  }
}

void AppendJsonInteger(int64_t value, std::string* out) { AppendDigits(value, out); }
void AppendJsonInteger(uint64_t value, std::string* out) { AppendDigits(value, out); }
void AppendJsonFloat(float value, std::string* out) { AppendFinite(value, out); }
void AppendJsonDouble(double value, std::string* out) { AppendFinite(value, out); }

void AppendJsonText(absl::string_view text, std::string* out) {
  if (!AppendJsonString(text, out)) AppendJsonBinary(text, out);
}

void AppendJsonDiff(absl::string_view differences, std::string* out) {
  out->append("{\"json_diff\":", 13);
  out->append(differences.data(), differences.size());
  out->push_back('}');
}

void AppendJsonBinary(absl::string_view bytes, std::string* out) {
  out->append("{\"base64\":", 10);
  AppendJsonBase64(bytes, out);
  out->push_back('}');
}

void AppendJsonBase64(absl::string_view bytes, std::string* out) {
  out->push_back('"');
  AppendBase64(bytes, out);
  out->push_back('"');
}

void AppendJsonBytes(absl::string_view bytes, std::string* out) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) AppendUtf8(static_cast<uint8_t>(c), &text);
  AppendJsonString(text, out);
}

}  // namespace binlogd
