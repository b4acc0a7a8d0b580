#include "binlog/position.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace binlogd {

namespace {

size_t BeginOfNumber(absl::string_view file) {
  size_t begin = file.size();
  while (begin > 0 && absl::ascii_isdigit(file[begin - 1])) --begin;
  return begin;
}

}  // namespace

uint64_t FileSequence(absl::string_view file) {
  uint64_t sequence = 0;
  return absl::SimpleAtoi(file.substr(BeginOfNumber(file)), &sequence) ? sequence : 0;
}

bool IsOlderFile(absl::string_view file, absl::string_view oldest) {
  const absl::string_view name = file.substr(0, BeginOfNumber(file));
  return name == oldest.substr(0, BeginOfNumber(oldest)) && FileSequence(file) > 0 &&
         FileSequence(file) < FileSequence(oldest);
}

int ComparePositions(const Position& a, const Position& b) {
  // Names of one length are ordered as their numbers are; this is asked for every event.
  if (a.file.size() == b.file.size()) {
    if (const int order = a.file.compare(b.file); order != 0) return order < 0 ? -1 : 1;
  } else {
    const uint64_t sequence_a = FileSequence(a.file);
    const uint64_t sequence_b = FileSequence(b.file);
    if (sequence_a != sequence_b) return sequence_a < sequence_b ? -1 : 1;
  }
  if (a.offset != b.offset) return a.offset < b.offset ? -1 : 1;
  return 0;
}

std::string ToString(const Position& position) { return absl::StrCat(position.file, ":", position.offset); }

std::string Epoch::name() const { return absl::StrFormat("%04u-%s", number, identity); }

bool ParseEpochName(absl::string_view name, Epoch* epoch) {
  constexpr size_t kIdentityLength = 8;
  constexpr size_t kLeastDigits = 4;
  if (name.size() < kLeastDigits + 1 + kIdentityLength) return false;
  const absl::string_view identity = name.substr(name.size() - kIdentityLength);
  const absl::string_view digits = name.substr(0, name.size() - kIdentityLength - 1);
  const auto is_hexadecimal = [](char c) { return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f'); };
  if (name[digits.size()] != '-' || !std::all_of(identity.begin(), identity.end(), is_hexadecimal) ||
      !std::all_of(digits.begin(), digits.end(), [](char c) { return absl::ascii_isdigit(c); })) {
    return false;
  }
  Epoch parsed;
  if (!absl::SimpleAtoi(digits, &parsed.number) || parsed.number == 0) return false;
  parsed.identity = std::string(identity);
  if (parsed.name() != name) return false;
  *epoch = std::move(parsed);
  return true;
}

}  // namespace binlogd
