#include "target/log_file_name.h"

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "binlog/position.h"

namespace binlogd {

absl::Status CheckLogFileName(const std::string& name) {
  if (!name.empty() && name.find('/') == std::string::npos && name[0] != '.' && FileSequence(name) != 0) {
    return absl::OkStatus();
  }
  return Permanent(MakeError(absl::StatusCode::kDataLoss, "SOURCE_SENT_BAD_FILE_NAME",
                             absl::StrCat("the source names its log file \"", name, "\", which is not NAME.NUMBER")));
}

}  // namespace binlogd
