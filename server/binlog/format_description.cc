#include "binlog/format_description.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "base/status_macros.h"
#include "binlog/malformed.h"

namespace binlogd {
namespace {

constexpr uint16_t kBinlogVersion = 4;
constexpr size_t kServerVersionSize = 50;

// Whether servers of this version write the checksum algorithm: MySQL from 5.6.1 on, MariaDB from 5.3 on.
bool KnowsChecksums(absl::string_view version) {
  std::array<int, 3> numbers = {0, 0, 0};
  size_t at = 0;
  for (int& number : numbers) {
    while (at < version.size() && absl::ascii_isdigit(version[at]) && number < 1000) {
      number = number * 10 + (version[at++] - '0');
    }
    if (at >= version.size() || version[at] != '.') break;
    ++at;
  }
  return numbers >= (absl::StrContains(version, "MariaDB") ? std::array<int, 3>{5, 3, 0} : std::array<int, 3>{5, 6, 1});
}

}  // namespace

uint8_t FormatDescription::PostHeaderLength(EventType type, uint8_t fallback) const {
  const size_t number = static_cast<size_t>(type);
  return number == 0 || number > post_header_lengths.size() ? fallback : post_header_lengths[number - 1];
}

absl::StatusOr<FormatDescription> ParseFormatDescription(absl::string_view event) {
  ASSIGN_OR_RETURN(const EventHeader header, ParseEventHeader(event));
  if (header.type != EventType::kFormatDescription) {
    return Malformed(absl::StrCat("a ", EventTypeName(header.type), " event stands where a Format_desc event must"));
  }
  ByteReader reader(event.substr(kEventHeaderSize));
  uint16_t version = 0;
  uint32_t created = 0;
  uint8_t header_length = 0;
  absl::string_view server_version;
  if (!reader.ReadU16(&version) || !reader.ReadBytes(kServerVersionSize, &server_version) ||
      !reader.ReadU32(&created) || !reader.ReadU8(&header_length)) {
    return Malformed("a Format_desc event is cut short");
  }
  if (version != kBinlogVersion || header_length != kEventHeaderSize) {
    return Malformed(absl::StrCat("a Format_desc event has version ", version, " and headers of ", header_length,
                                  " bytes; only version 4 with headers of 19 bytes is known"));
  }
  FormatDescription format;
  format.server_version = std::string(server_version.substr(0, server_version.find('\0')));
  format.created = header.timestamp;
  format.server_id = header.server_id;
  absl::string_view lengths = reader.rest();
  if (KnowsChecksums(format.server_version)) {
    if (lengths.size() < 1 + kChecksumSize) return Malformed("a Format_desc event lacks its checksum algorithm");
    lengths.remove_suffix(kChecksumSize);
    const uint8_t algorithm = static_cast<uint8_t>(lengths.back());
    lengths.remove_suffix(1);
    if (algorithm > static_cast<uint8_t>(ChecksumAlgorithm::kCrc32)) {
      return Malformed(absl::StrCat("a Format_desc event names the unknown checksum algorithm ", algorithm));
    }
    format.checksum = static_cast<ChecksumAlgorithm>(algorithm);
  }
  format.post_header_lengths.assign(lengths.begin(), lengths.end());
  return format;
}

}  // namespace binlogd
