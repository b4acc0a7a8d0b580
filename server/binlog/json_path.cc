#include "binlog/json_path.h"

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"
#include "binlog/json_container.h"
#include "binlog/utf8.h"

namespace binlogd {
namespace {

// Four hexadecimal digits.
bool ConsumeCodeUnit(absl::string_view* text, uint32_t* unit) {
  if (text->size() < 4) return false;
  *unit = 0;
  for (const char c : text->substr(0, 4)) {
    if (!absl::ascii_isxdigit(c)) return false;
    *unit = *unit * 16 + static_cast<uint32_t>(absl::ascii_isdigit(c) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10);
  }
  text->remove_prefix(4);
  return true;
}

// What follows a "\u".
bool ConsumeCodePoint(absl::string_view* text, std::string* out) {
  uint32_t unit = 0;
  if (!ConsumeCodeUnit(text, &unit)) return false;
  if (unit >= 0xd800 && unit < 0xe000) {
    uint32_t low = 0;
    if (unit >= 0xdc00 || !absl::ConsumePrefix(text, "\\u") || !ConsumeCodeUnit(text, &low) || low < 0xdc00 ||
        low >= 0xe000) {
      return false;
    }
    unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  }
  AppendUtf8(unit, out);
  return true;
}

// What follows a backslash.
bool ConsumeEscape(absl::string_view* text, std::string* out) {
  if (text->empty()) return false;
  const char c = text->front();
  text->remove_prefix(1);
  switch (c) {
    case '"':
    case '\\':
    case '/': out->push_back(c); return true;
    case 'b': out->push_back('\b'); return true;
    case 'f': out->push_back('\f'); return true;
    case 'n': out->push_back('\n'); return true;
    case 'r': out->push_back('\r'); return true;
    case 't': out->push_back('\t'); return true;
    case 'u': return ConsumeCodePoint(text, out);
    default: return false;
  }
}

// A JSON string, whose opening quote is gone.
bool ConsumeQuoted(absl::string_view* text, std::string* out) {
  for (;;) {
    const size_t plain = text->find_first_of("\"\\");
    if (plain == absl::string_view::npos) return false;
    out->append(text->data(), plain);
    const bool ends = (*text)[plain] == '"';
    text->remove_prefix(plain + 1);
    if (ends) return true;
    if (!ConsumeEscape(text, out)) return false;
  }
}

bool ConsumeMember(absl::string_view* text, JsonPathLeg* leg) {
  if (absl::ConsumePrefix(text, "\"")) return ConsumeQuoted(text, &leg->member);
  const absl::string_view name = text->substr(0, text->find_first_of(".["));
  if (name.empty() || name.find('*') != absl::string_view::npos) return false;
  leg->member = std::string(name);
  text->remove_prefix(name.size());
  return true;
}

// "3]", "last]" or "last-3]".
bool ConsumeIndex(absl::string_view* text, JsonPathLeg* leg) {
  leg->is_index = true;
  leg->from_end = absl::ConsumePrefix(text, "last");
  if (leg->from_end) {
    if (absl::ConsumePrefix(text, "]")) return true;
    if (!absl::ConsumePrefix(text, "-")) return false;
  }
  const size_t end = text->find(']');
  if (end == absl::string_view::npos || end == 0 || !absl::ascii_isdigit(text->front()) ||
      !absl::SimpleAtoi(text->substr(0, end), &leg->index)) {
    return false;
  }
  text->remove_prefix(end + 1);
  return true;
}

}  // namespace

bool ParseJsonPath(absl::string_view text, std::vector<JsonPathLeg>* legs) {
  legs->clear();
  if (!absl::ConsumePrefix(&text, "$")) return false;
  while (!text.empty()) {
    JsonPathLeg leg;
    const char kind = text.front();
    text.remove_prefix(1);
    if (kind == '.' ? !ConsumeMember(&text, &leg) : kind != '[' || !ConsumeIndex(&text, &leg)) return false;
    legs->push_back(std::move(leg));
    if (legs->size() > kMostJsonDepth) return false;
  }
  return true;
}

}  // namespace binlogd
