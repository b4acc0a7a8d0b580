// MariaDB's own compression of statements, row images and columns.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// Appends what `compressed` holds. DATA_LOSS, with `out` untouched, when it cannot be uncompressed or says that it
// holds more than 1 GiB or more than it can.
absl::Status UncompressMariaDb(absl::string_view compressed, std::string* out);

}  // namespace binlogd
