// Exact decimal numbers in the servers' binary form.
#pragma once

#include <cstdint>
#include <string>

#include "base/byte_reader.h"

namespace binlogd {

// Reads a DECIMAL of `precision` digits, `scale` of them after the point, and appends it with all digits of its scale:
// "-12.340". False, with `out` untouched, when it is cut short, its precision and scale contradict each other or its
// bytes are no digits.
bool ReadDecimal(int precision, int scale, ByteReader* reader, std::string* out);

}  // namespace binlogd
