#include "tests/differential/json_tokens.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "absl/strings/str_cat.h"
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

bool HasExponent(absl::string_view number) { return number.find_first_of("eE") != absl::string_view::npos; }

bool IsFraction(absl::string_view token) {
  return IsNumberByte(token.front()) && token.find_first_of("0123456789") != absl::string_view::npos &&
         token.find_first_of(".eE") != absl::string_view::npos;
}

// The digits from the first to the last that is not zero.
std::string SignificantDigits(absl::string_view number) {
  std::string digits;
  for (const char c : number.substr(0, number.find_first_of("eE"))) {
    if (c >= '0' && c <= '9' && (c != '0' || !digits.empty())) digits.push_back(c);
  }
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  return digits;
}

bool SameToken(absl::string_view ours, absl::string_view server) {
  if (ours == server) return true;
  if (!IsFraction(ours) || !IsFraction(server) || (!HasExponent(ours) && !HasExponent(server))) return false;
  const auto bits = [](absl::string_view number) {
    return BitsText(std::strtod(std::string(number).c_str(), nullptr));
  };
  return bits(ours) == bits(server) && (HasExponent(server) || SignificantDigits(ours) == SignificantDigits(server));
}

}  // namespace

bool SameJsonTokens(absl::string_view ours, absl::string_view server) {
  return FirstJsonDifference(ours, server).empty();
}

std::string FirstJsonDifference(absl::string_view ours, absl::string_view server) {
  constexpr size_t kBefore = 20;
  constexpr size_t kShown = 80;
  absl::string_view our_rest = ours;
  absl::string_view server_rest = server;
  while (!our_rest.empty() && !server_rest.empty()) {
    const size_t our_place = ours.size() - our_rest.size();
    const size_t server_place = server.size() - server_rest.size();
    const absl::string_view our_token = TakeToken(&our_rest);
    if (SameToken(our_token, TakeToken(&server_rest))) continue;
    return absl::StrCat(server.substr(std::max(server_place, kBefore) - kBefore, kShown), " / ",
                        ours.substr(std::max(our_place, kBefore) - kBefore, kShown));
  }
  return our_rest.empty() && server_rest.empty() ? "" : "one goes on where the other ends";
}

}  // namespace binlogd::testing
