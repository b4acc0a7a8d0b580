#include "streamer/finish_mark.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file.h"
#include "base/status_macros.h"

namespace binlogd {

bool FinishMark::is_set() const { return access(path_.c_str(), F_OK) == 0; }

absl::Status FinishMark::Set() const {
  if (is_set()) return absl::OkStatus();
  RETURN_IF_ERROR(MakeDirectories(std::filesystem::path(path_).parent_path().string(), 0750));
  return ReplaceFile(path_, "{\"version\": 1}\n", 0640);
}

absl::Status FinishMark::Clear() const {
  if (unlink(path_.c_str()) == 0) return SyncDirectory(std::filesystem::path(path_).parent_path().string());
  if (errno == ENOENT) return absl::OkStatus();
  return SystemError(errno, absl::StrCat("cannot remove ", path_));
}

}  // namespace binlogd
