// The character sets whose codes have one to four bytes.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "binlog/charset.h"

namespace binlogd {

// AppendAsUtf8() of kBig5 to kEuckr; what was appended before the text proved malformed stays.
bool AppendMultiByte(Charset charset, absl::string_view text, std::string* out);

}  // namespace binlogd
