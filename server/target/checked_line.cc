#include "target/checked_line.h"

#include <libdeflate.h>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"

namespace binlogd {

std::string CheckedLine(absl::string_view text) {
  return absl::StrFormat("%08x %s", libdeflate_crc32(0, text.data(), text.size()), text);
}

bool ParseCheckedLine(absl::string_view line, absl::string_view* text) {
  uint32_t stated = 0;
  if (line.size() < 10 || line[8] != ' ' || !absl::SimpleHexAtoi(line.substr(0, 8), &stated)) return false;
  *text = line.substr(9);
  return libdeflate_crc32(0, text->data(), text->size()) == stated;
}

}  // namespace binlogd
