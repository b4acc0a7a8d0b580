// Names with wildcards.
#pragma once

#include "absl/strings/string_view.h"

namespace binlogd {

// Whether `text` matches `pattern`, in which `*` stands for any run of bytes and `?` for one byte. Case-sensitive.
// Takes at most pattern × text steps, whatever the pattern.
inline bool GlobMatches(absl::string_view pattern, absl::string_view text) {
  size_t p = 0, t = 0;
  size_t star = absl::string_view::npos, retry = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != absl::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace binlogd
