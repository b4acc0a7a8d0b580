#include "archive/log_paths.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "archive/log_file.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "binlog/position.h"

namespace binlogd {
namespace {

namespace fs = std::filesystem;

struct Entry {
  std::string name;
  bool is_folder = false;
};

absl::StatusOr<std::vector<Entry>> ListFolder(const std::string& path) {
  std::vector<Entry> entries;
  std::error_code error;
  for (fs::directory_iterator it(path, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    entries.push_back({it->path().filename().string(), it->is_directory(ignored)});
  }
  if (error) return SystemError(error.value(), absl::StrCat("cannot read ", path));
  return entries;
}

// "binlog" of "binlog.000007.zst"; empty when it is no log's name.
std::string LogBaseName(const std::string& file) {
  constexpr size_t kFewestDigits = 6;
  const std::string name = LogFileName(file);
  const size_t dot = name.rfind('.');
  if (dot == std::string::npos || dot == 0 || name.size() - dot - 1 < kFewestDigits) return "";
  if (!std::all_of(name.begin() + static_cast<std::ptrdiff_t>(dot) + 1, name.end(), absl::ascii_isdigit)) return "";
  return name.substr(0, dot);
}

absl::Status AppendLogs(const std::string& folder, const std::vector<Entry>& entries, std::vector<std::string>* paths) {
  std::vector<std::string> names;
  for (const Entry& entry : entries) {
    const std::string base = LogBaseName(entry.name);
    if (entry.is_folder || base.empty()) continue;
    if (!names.empty() && LogBaseName(names[0]) != base) {
      return MakeError(
          absl::StatusCode::kInvalidArgument, "LOG_FOLDER_AMBIGUOUS",
          absl::StrCat(folder, " has logs of several names (", names[0], ", ", entry.name, "); name the files"));
    }
    names.push_back(entry.name);
  }
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    return std::make_pair(FileSequence(LogFileName(a)), a) < std::make_pair(FileSequence(LogFileName(b)), b);
  });
  for (const std::string& name : names) paths->push_back(absl::StrCat(folder, "/", name));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ExpandLogPath(const std::string& path) {
  std::error_code ignored;
  if (path == "-" || !fs::is_directory(path, ignored)) return std::vector<std::string>{path};
  ASSIGN_OR_RETURN(const std::vector<Entry> entries, ListFolder(path));
  std::vector<std::pair<uint32_t, std::string>> epochs;
  for (const Entry& entry : entries) {
    Epoch epoch;
    if (entry.is_folder && ParseEpochName(entry.name, &epoch)) epochs.emplace_back(epoch.number, entry.name);
  }
  std::sort(epochs.begin(), epochs.end());
  std::vector<std::string> paths;
  RETURN_IF_ERROR(AppendLogs(path, entries, &paths));
  for (const auto& [number, name] : epochs) {
    const std::string folder = absl::StrCat(path, "/", name);
    ASSIGN_OR_RETURN(const std::vector<Entry> files, ListFolder(folder));
    RETURN_IF_ERROR(AppendLogs(folder, files, &paths));
  }
  if (paths.empty()) {
    return absl::NotFoundError(absl::StrCat("folder ", path, " holds no binary log files such as binlog.000001"));
  }
  return paths;
}

}  // namespace binlogd
