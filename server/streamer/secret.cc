#include "streamer/secret.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/file.h"

namespace binlogd {

absl::StatusOr<std::string> Secret::Resolve(absl::string_view field) const {
  const auto unreadable = [field](absl::string_view what) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "SECRET_UNREADABLE", absl::StrCat(field, ": ", what));
  };
  switch (kind) {
    case Kind::kNone: return std::string();
    case Kind::kValue: return text;
    case Kind::kEnvironment: {
      const char* value = std::getenv(text.c_str());
      if (value == nullptr) return unreadable(absl::StrCat("binlogd's environment has no variable ", text));
      return std::string(value);
    }
    case Kind::kFile: {
      const absl::StatusOr<std::string> bytes = ReadWholeFile(text, kMostBytes);
      if (!bytes.ok()) return unreadable(bytes.status().message());
      absl::string_view secret = *bytes;
      absl::ConsumeSuffix(&secret, "\n");
      absl::ConsumeSuffix(&secret, "\r");
      return std::string(secret);
    }
  }
  return std::string();
}

}  // namespace binlogd
