#include "binlog/json_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/utf8.h"

namespace binlogd {
namespace {

// Length of the longest beginning that stands in a JSON string as it is: ASCII without controls, quotes and
// backslashes.
size_t PlainPrefix(absl::string_view text) {
  constexpr uint64_t kOnes = 0x0101010101010101u;
  constexpr uint64_t kHighs = 0x8080808080808080u;
  // A byte of the result is nonzero if (and, but for bytes above a hit, only if) that byte of `word` is zero.
  const auto zero_bytes = [](uint64_t word) { return (word - kOnes) & ~word & kHighs; };
  size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + i, 8);
    const uint64_t special = (word & kHighs) | zero_bytes(word ^ (kOnes * '"')) | zero_bytes(word ^ (kOnes * '\\')) |
                             ((word - kOnes * 0x20) & ~word & kHighs);
    if (special != 0) break;
  }
  while (i < text.size() && static_cast<uint8_t>(text[i]) >= 0x20 && (text[i] & 0x80) == 0 && text[i] != '"' &&
         text[i] != '\\') {
    ++i;
  }
  return i;
}

void AppendEscape(char c, std::string* out) {
  constexpr char kDigits[] = "0123456789abcdef";
  switch (c) {
    case '"': out->append("\\\"", 2); return;
    case '\\': out->append("\\\\", 2); return;
    case '\b': out->append("\\b", 2); return;
    case '\f': out->append("\\f", 2); return;
    case '\n': out->append("\\n", 2); return;
    case '\r': out->append("\\r", 2); return;
    case '\t': out->append("\\t", 2); return;
    default:
      out->append("\\u00", 4);
      out->push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
      out->push_back(kDigits[c & 0x0f]);
  }
}

template <typename T>
void AppendShortest(T value, std::string* out) {
  // "-0" is a number too, but one that readers take for the integer 0.
  if (value == 0 && std::signbit(value)) {
    out->append("-0.0");
    return;
  }
  std::array<char, 32> buffer;
  const std::to_chars_result result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  out->append(buffer.data(), static_cast<size_t>(result.ptr - buffer.data()));
}

}  // namespace

bool AppendJsonString(absl::string_view text, std::string* out) {
  const size_t before = out->size();
  out->push_back('"');
  for (;;) {
    const size_t plain = PlainPrefix(text);
    out->append(text.data(), plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const size_t length = Utf8CharacterLength(text);
    if (length == 0) {
      out->resize(before);
      return false;
    }
    if (length == 1) {
      AppendEscape(text[0], out);
    } else {
      out->append(text.data(), length);
    }
    text.remove_prefix(length);
  }
  out->push_back('"');
  return true;
}

void AppendJsonNumber(double value, std::string* out) { AppendShortest(value, out); }
void AppendJsonNumber(float value, std::string* out) { AppendShortest(value, out); }

}  // namespace binlogd
