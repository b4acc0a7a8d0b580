// A secret in a spec.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// A secret, or where to find it.
struct Secret {
  enum class Kind { kNone, kFile, kEnvironment, kValue };
  static constexpr size_t kMostBytes = 65536;
  Kind kind = Kind::kNone;
  std::string text;  // Path, variable name, or the secret itself.

  // The secret, read anew each time; empty for kNone. FAILED_PRECONDITION (SECRET_UNREADABLE) names the field of the
  // spec and the file or variable, never the content.
  absl::StatusOr<std::string> Resolve(absl::string_view field) const;
  friend bool operator==(const Secret&, const Secret&) = default;
};

}  // namespace binlogd
