// How much the texts of a spec may hold. Each check is an InvalidField(`field`, BAD_VALUE) that does not repeat the
// text.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "streamer/secret.h"

namespace binlogd {

// At most `most` bytes, no control character.
absl::Status CheckText(absl::string_view field, absl::string_view text, size_t most);

// An absolute path that the system can take: at most 4095 bytes, each name in it at most 255, no control character.
absl::Status CheckPath(absl::string_view field, absl::string_view path);
// Of a folder, in which files of names that binlogd chooses fit as well: at most 3840 bytes.
absl::Status CheckFolder(absl::string_view field, absl::string_view path);
// None, which is empty, or as CheckPath, but that it may be relative.
absl::Status CheckOptionalPath(absl::string_view field, absl::string_view path);

// `field` is the path of the secret, for example "source.password".
absl::Status CheckSecret(absl::string_view field, const Secret& secret);

}  // namespace binlogd
