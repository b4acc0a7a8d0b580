// Spelling of the parts of a MySQL GTID.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

constexpr size_t kUuidSize = 16;
constexpr size_t kUuidTextSize = 36;
// The servers' numbers are signed.
constexpr uint64_t kMostGtidNumber = (uint64_t{1} << 63) - 1;

// "3e11fa47-71ca-11e1-9e33-c80aa9429562" for 16 bytes.
std::string UuidText(absl::string_view bytes);

// Whether the text can be a tag: 1 to 32 letters, digits and underscores, not beginning with a digit.
bool IsGtidTag(absl::string_view text);

}  // namespace binlogd
