#include "binlog/gtid_set.h"

#include <algorithm>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlog/gtid_text.h"

namespace binlogd {
namespace {

// Sequence numbers are below 2^63.
constexpr size_t kMostTagLength = 32;

absl::Status BadSet(absl::string_view part, absl::string_view problem) {
  constexpr size_t kShown = 80;
  return MakeError(absl::StatusCode::kInvalidArgument, "GTID_SET_INVALID",
                   absl::StrCat("GTID set: \"", absl::CHexEscape(part.substr(0, kShown)), "\" ", problem));
}

// A number without sign or white space, at most `most`.
bool ParseNumber(absl::string_view text, uint64_t most, uint64_t* number) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isdigit(c); }) &&
         absl::SimpleAtoi(text, number) && *number <= most;
}

bool IsUuid(absl::string_view text) {
  constexpr absl::string_view kShape = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
  if (text.size() != kShape.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (kShape[i] == '-' ? text[i] != '-' : !absl::ascii_isxdigit(text[i])) return false;
  }
  return true;
}

// "5" or "1-5", as first and end (exclusive).
absl::Status ParseInterval(absl::string_view text, uint64_t* first, uint64_t* end) {
  const std::pair<absl::string_view, absl::string_view> ends = absl::StrSplit(text, absl::MaxSplits('-', 1));
  const bool is_single = !absl::StrContains(text, '-');
  uint64_t last = 0;
  if (!ParseNumber(absl::StripAsciiWhitespace(ends.first), kMostGtidNumber, first)) {
    return BadSet(text, "is not an interval of numbers below 2^63");
  }
  if (is_single) {
    last = *first;
  } else if (!ParseNumber(absl::StripAsciiWhitespace(ends.second), kMostGtidNumber, &last)) {
    return BadSet(text, "is not an interval of numbers below 2^63");
  }
  if (*first == 0) return BadSet(text, "begins at 0; numbers begin at 1");
  if (last < *first) return BadSet(text, "ends before it begins");
  *end = last + 1;
  return absl::OkStatus();
}

}  // namespace

bool IsGtidTag(absl::string_view text) {
  if (text.empty() || text.size() > kMostTagLength || absl::ascii_isdigit(text[0])) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isalnum(c) || c == '_'; });
}

std::string Gtid::ToString() const {
  if (flavor == Flavor::kMariaDb) return absl::StrCat(domain, "-", server_id, "-", number);
  return absl::StrCat(source, ":", number);
}

absl::Status GtidSet::ParseSource(absl::string_view text) {
  std::vector<absl::string_view> parts = absl::StrSplit(text, ':');
  for (absl::string_view& part : parts) part = absl::StripAsciiWhitespace(part);
  if (!IsUuid(parts[0])) return BadSet(parts[0], "is not a server's UUID");
  if (parts.size() == 1) return BadSet(text, "has no interval");
  const std::string uuid = absl::AsciiStrToLower(parts[0]);
  std::string source = uuid;
  bool wants_interval = true;
  for (size_t i = 1; i < parts.size(); ++i) {
    if (IsGtidTag(parts[i])) {
      if (wants_interval && i > 1) return BadSet(text, "has a tag without an interval");
      source = absl::StrCat(uuid, ":", absl::AsciiStrToLower(parts[i]));
      wants_interval = true;
      continue;
    }
    uint64_t first = 0;
    uint64_t end = 0;
    RETURN_IF_ERROR(ParseInterval(parts[i], &first, &end));
    AddInterval(source, first, end);
    wants_interval = false;
  }
  return wants_interval ? BadSet(text, "has a tag without an interval") : absl::OkStatus();
}

absl::Status GtidSet::ParseDomain(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '-');
  constexpr uint64_t kMostId = std::numeric_limits<uint32_t>::max();
  uint64_t domain = 0;
  Last last;
  uint64_t server_id = 0;
  if (parts.size() != 3 || !ParseNumber(parts[0], kMostId, &domain) || !ParseNumber(parts[1], kMostId, &server_id) ||
      !ParseNumber(parts[2], std::numeric_limits<uint64_t>::max(), &last.number)) {
    return BadSet(text, "is not domain-server-number");
  }
  last.server_id = static_cast<uint32_t>(server_id);
  if (!domains_.emplace(static_cast<uint32_t>(domain), last).second) {
    return BadSet(text, "names its domain a second time");
  }
  return absl::OkStatus();
}

absl::StatusOr<GtidSet> GtidSet::Parse(Flavor flavor, absl::string_view text) {
  GtidSet set(flavor);
  for (absl::string_view element : absl::StrSplit(text, ',')) {
    element = absl::StripAsciiWhitespace(element);
    if (element.empty()) continue;  // The servers take "a,,b" and a comma at the end too.
    RETURN_IF_ERROR(flavor == Flavor::kMySql ? set.ParseSource(element) : set.ParseDomain(element));
  }
  return set;
}

void GtidSet::AddInterval(const std::string& source, uint64_t first, uint64_t end) {
  std::map<uint64_t, uint64_t>& intervals = intervals_[source];
  auto next = intervals.upper_bound(first);
  if (next != intervals.begin()) {
    const auto previous = std::prev(next);
    if (previous->second >= first) {
      if (previous->second >= end) return;
      first = previous->first;
      next = previous;
    }
  }
  while (next != intervals.end() && next->first <= end) {
    end = std::max(end, next->second);
    next = next->first == first ? std::next(next) : intervals.erase(next);
  }
  intervals[first] = end;
}

void GtidSet::Add(const Gtid& gtid) {
  if (gtid.flavor != flavor_ || gtid.number == 0) return;
  if (flavor_ == Flavor::kMariaDb) {
    domains_[gtid.domain] = Last{gtid.server_id, gtid.number};
  } else {
    AddInterval(gtid.source, gtid.number, gtid.number + 1);
  }
}

void GtidSet::Add(const GtidSet& other) {
  if (other.flavor_ != flavor_) return;
  for (const auto& [domain, last] : other.domains_) domains_[domain] = last;
  for (const auto& [source, intervals] : other.intervals_) {
    for (const auto& [first, end] : intervals) AddInterval(source, first, end);
  }
}

bool GtidSet::Contains(const Gtid& gtid) const {
  if (gtid.flavor != flavor_) return false;
  if (flavor_ == Flavor::kMariaDb) {
    const auto last = domains_.find(gtid.domain);
    return last != domains_.end() && gtid.number <= last->second.number;
  }
  return ContainsInterval(gtid.source, gtid.number, gtid.number + 1);
}

bool GtidSet::ContainsInterval(const std::string& source, uint64_t first, uint64_t end) const {
  const auto found = intervals_.find(source);
  if (found == intervals_.end()) return false;
  auto interval = found->second.upper_bound(first);
  return interval != found->second.begin() && std::prev(interval)->second >= end;
}

uint64_t GtidSet::CountMissingFrom(const GtidSet& other) const {
  uint64_t missing = 0;
  for (const auto& [domain, last] : domains_) {
    const auto theirs = other.domains_.find(domain);
    const uint64_t held = theirs == other.domains_.end() ? 0 : theirs->second.number;
    missing += last.number - std::min(last.number, held);
  }
  for (const auto& [source, intervals] : intervals_) {
    const auto theirs = other.intervals_.find(source);
    for (const auto& [first, end] : intervals) {
      missing += end - first;
      if (theirs == other.intervals_.end()) continue;
      auto held = theirs->second.upper_bound(first);
      if (held != theirs->second.begin()) --held;
      for (; held != theirs->second.end() && held->first < end; ++held) {
        const uint64_t from = std::max(first, held->first);
        missing -= std::max(from, std::min(end, held->second)) - from;
      }
    }
  }
  return missing;
}

bool GtidSet::Contains(const GtidSet& other) const {
  if (other.empty()) return true;
  if (other.flavor_ != flavor_) return false;
  for (const auto& [domain, last] : other.domains_) {
    const auto mine = domains_.find(domain);
    if (mine == domains_.end() || mine->second.number < last.number) return false;
  }
  for (const auto& [source, intervals] : other.intervals_) {
    for (const auto& [first, end] : intervals) {
      if (!ContainsInterval(source, first, end)) return false;
    }
  }
  return true;
}

std::string GtidSet::ToString() const {
  std::string text;
  for (const auto& [domain, last] : domains_) {
    absl::StrAppend(&text, text.empty() ? "" : ",", domain, "-", last.server_id, "-", last.number);
  }
  absl::string_view uuid;
  for (const auto& [source, intervals] : intervals_) {
    // The map's order keeps the tags of one UUID together, after its untagged part.
    const absl::string_view whole = source;
    if (whole.substr(0, kUuidTextSize) == uuid) {
      text.append(source, kUuidTextSize);
    } else {
      uuid = whole.substr(0, kUuidTextSize);
      absl::StrAppend(&text, text.empty() ? "" : ",", source);
    }
    for (const auto& [first, end] : intervals) {
      absl::StrAppend(&text, ":", first);
      if (end - first > 1) absl::StrAppend(&text, "-", end - 1);
    }
  }
  return text;
}

}  // namespace binlogd
