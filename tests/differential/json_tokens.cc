#include "tests/differential/json_tokens.h"

#include <cstdlib>
#include <string>

#include "tests/differential/decoded_value.h"

namespace binlogd::testing {
namespace {

bool IsNumberByte(char c) { return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'; }

// Takes a token off the front: a string, a run of the bytes that numbers have, or any other byte.
absl::string_view TakeToken(absl::string_view* text) {
  size_t size = 1;
  if (text->front() == '"') {
    while (size < text->size() && (*text)[size] != '"') size += (*text)[size] == '\\' ? 2 : 1;
    size = std::min(size + 1, text->size());
  } else if (IsNumberByte(text->front())) {
    while (size < text->size() && IsNumberByte((*text)[size])) ++size;
  }
  const absl::string_view token = text->substr(0, size);
  text->remove_prefix(size);
  return token;
}

bool IsFraction(absl::string_view token) {
  return IsNumberByte(token.front()) && token.find_first_of("0123456789") != absl::string_view::npos &&
         token.find_first_of(".eE") != absl::string_view::npos;
}

bool SameToken(absl::string_view a, absl::string_view b) {
  if (a == b) return true;
  if (!IsFraction(a) || !IsFraction(b)) return false;
  return BitsText(std::strtod(std::string(a).c_str(), nullptr)) ==
         BitsText(std::strtod(std::string(b).c_str(), nullptr));
}

}  // namespace

bool SameJsonTokens(absl::string_view a, absl::string_view b) {
  while (!a.empty() && !b.empty()) {
    if (!SameToken(TakeToken(&a), TakeToken(&b))) return false;
  }
  return a.empty() && b.empty();
}

}  // namespace binlogd::testing
