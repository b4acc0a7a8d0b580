// The binary forms of GTID sets.
#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "binlog/gtid_set.h"
#include "binlog/gtid_text.h"
#include "binlog/malformed.h"
#include "binlog/serialization.h"

namespace binlogd {
namespace {

constexpr uint64_t kTaggedFormat = 1;

void AppendU64(uint64_t value, std::string* out) {
  for (int shift = 0; shift < 64; shift += 8) out->push_back(static_cast<char>(value >> shift));
}

}  // namespace

std::string UuidText(absl::string_view bytes) {
  const std::string digits = absl::BytesToHexString(bytes);
  const absl::string_view view = digits;
  return absl::StrCat(view.substr(0, 8), "-", view.substr(8, 4), "-", view.substr(12, 4), "-", view.substr(16, 4), "-",
                      view.substr(20));
}

// Layout, integers of 8 bytes little-endian:
//   number of sources; with tags (MySQL 8.3+): 1 in the lowest and in the highest byte, and the number between them
//   for each source: 16 UUID; with tags: length of the tag as a variable-length integer, tag; number of intervals;
//   for each interval: first, end (exclusive)
absl::StatusOr<GtidSet> GtidSet::ParsePreviousGtids(absl::string_view body) {
  GtidSet set(Flavor::kMySql);
  ByteReader reader(body);
  uint64_t count = 0;
  if (!reader.ReadU64(&count)) return Malformed("a GTID set is cut short");
  const uint64_t format = count >> 56;
  if (format > kTaggedFormat || (format == kTaggedFormat && (count & 0xff) != kTaggedFormat)) {
    return Malformed("a GTID set is in an unknown format");
  }
  if (format == kTaggedFormat) count = (count << 8) >> 16;
  for (uint64_t i = 0; i < count; ++i) {
    absl::string_view uuid;
    absl::string_view tag;
    uint64_t tag_length = 0;
    uint64_t intervals = 0;
    if (!reader.ReadBytes(kUuidSize, &uuid) ||
        (format == kTaggedFormat &&
         (!ReadVariableLength(&reader, &tag_length) || !reader.ReadBytes(tag_length, &tag))) ||
        !reader.ReadU64(&intervals)) {
      return Malformed("a GTID set is cut short");
    }
    if (!tag.empty() && !IsGtidTag(tag)) return Malformed("a GTID set has a malformed tag");
    const std::string source =
        tag.empty() ? UuidText(uuid) : absl::StrCat(UuidText(uuid), ":", absl::AsciiStrToLower(tag));
    for (uint64_t j = 0; j < intervals; ++j) {
      uint64_t first = 0;
      uint64_t end = 0;
      if (!reader.ReadU64(&first) || !reader.ReadU64(&end)) return Malformed("a GTID set is cut short");
      if (first == 0 || end <= first) return Malformed("a GTID set has an empty interval");
      if (end - 1 > kMostGtidNumber) return Malformed("a GTID set has an interval that ends beyond 2^63 - 1");
      set.AddInterval(source, first, end);
    }
  }
  if (!reader.empty()) return Malformed("a GTID set has bytes after its end");
  return set;
}

std::string GtidSet::Encode() const {
  bool tagged = false;
  for (const auto& source : intervals_) tagged = tagged || source.first.size() > kUuidTextSize;
  std::string out;
  const uint64_t count = intervals_.size();
  AppendU64(tagged ? kTaggedFormat << 56 | count << 8 | kTaggedFormat : count, &out);
  for (const auto& [source, intervals] : intervals_) {
    std::string digits = source.substr(0, kUuidTextSize);
    digits.erase(std::remove(digits.begin(), digits.end(), '-'), digits.end());
    out += absl::HexStringToBytes(digits);
    if (tagged) {
      const std::string tag = source.size() > kUuidTextSize ? source.substr(kUuidTextSize + 1) : "";
      out.push_back(static_cast<char>(tag.size() << 1));  // A variable-length integer below 128.
      out += tag;
    }
    AppendU64(intervals.size(), &out);
    for (const auto& [first, end] : intervals) {
      AppendU64(first, &out);
      AppendU64(end, &out);
    }
  }
  return out;
}

// Layout: 4 number of entries (upper 4 bits: flags); each entry 4 domain, 4 server id, 8 number. A domain may come more
// than once, once for each server that wrote to it; its last entry is its last transaction.
absl::StatusOr<GtidSet> GtidSet::ParseGtidList(absl::string_view body) {
  constexpr uint32_t kCountMask = 0x0fffffff;
  GtidSet set(Flavor::kMariaDb);
  ByteReader reader(body);
  uint32_t count = 0;
  if (!reader.ReadU32(&count)) return Malformed("a Gtid_list event is cut short");
  for (uint32_t i = 0; i < (count & kCountMask); ++i) {
    uint32_t domain = 0;
    Last last;
    if (!reader.ReadU32(&domain) || !reader.ReadU32(&last.server_id) || !reader.ReadU64(&last.number)) {
      return Malformed("a Gtid_list event is cut short");
    }
    set.domains_[domain] = last;
  }
  return set;
}

}  // namespace binlogd
