#include "target/log_file_name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "binlog/position.h"

namespace binlogd {

absl::Status CheckLogFileName(const std::string& name) {
  const bool is_plain =
      std::none_of(name.begin(), name.end(), [](unsigned char c) { return c == '/' || absl::ascii_iscntrl(c); });
  if (!name.empty() && is_plain && name[0] != '.' && FileSequence(name) != 0) {
    return absl::OkStatus();
  }
  return Permanent(MakeError(absl::StatusCode::kDataLoss, "SOURCE_SENT_BAD_FILE_NAME",
                             absl::StrCat("the source names its log file \"", absl::Utf8SafeCHexEscape(name),
                                          "\", which is not NAME.NUMBER")));
}

}  // namespace binlogd
