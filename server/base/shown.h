// Names from outside, made fit for a message.
#pragma once

#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// In quotes, control characters and bytes that are not ASCII escaped, cut after 64 bytes.
inline std::string Shown(absl::string_view name) {
  constexpr size_t kMostBytes = 64;
  return absl::StrCat("\"", absl::CHexEscape(name.substr(0, kMostBytes)), name.size() > kMostBytes ? "…\"" : "\"");
}

}  // namespace binlogd
