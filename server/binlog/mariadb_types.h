// MariaDB's types that the log shows as BINARY.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

// What a column is by its definition where the log does not tell it.
enum class FixedBinaryType : uint8_t { kNotTold, kUuid, kInet6, kInet4 };

// Appends a value as SELECT prints it: "01234567-89ab-cdef-0123-456789abcdef", "2001:db8::1", "::ffff:192.0.2.1",
// "192.0.2.1". `bytes` is what the log has, which leaves out zeros at the end. False, with `out` untouched, for more
// bytes than the type has, and for kNotTold.
bool AppendFixedBinary(FixedBinaryType type, absl::string_view bytes, std::string* out);

}  // namespace binlogd
