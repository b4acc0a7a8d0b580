#include "tests/harness/provide.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "base/status_macros.h"
#include "tests/harness/subprocess.h"

namespace binlogd::testing {
namespace {

constexpr absl::Duration kProvideTimeout = absl::Minutes(10);

// The line that the script prints is "NAME PATH" or "NAME - REASON".
absl::StatusOr<std::string> AskProvide(const std::string& name) {
  ASSIGN_OR_RETURN(const CommandResult result,
                   RunCommand({{"bash", BINLOGD_PROVIDE, name}, {}, {}, {}, {}}, kProvideTimeout));
  const absl::string_view line = absl::StripTrailingAsciiWhitespace(result.output);
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(line, absl::MaxSplits(' ', 1));
  if (result.exit_code == 0 && parts.first == name && absl::StartsWith(parts.second, "/"))
    return std::string(parts.second);
  return absl::UnavailableError(absl::StrCat("this machine cannot get ", name, ": ", line,
                                             line.empty() ? LastLines(result.error_output, 3) : ""));
}

absl::Mutex provided_mutex(absl::kConstInit);

}  // namespace

absl::StatusOr<std::string> Provide(const std::string& name) {
  static auto* const provided = new std::map<std::string, absl::StatusOr<std::string>>;
  absl::MutexLock lock(&provided_mutex);
  const auto found = provided->find(name);
  if (found != provided->end()) return found->second;
  return provided->emplace(name, AskProvide(name)).first->second;
}

std::string LastLines(absl::string_view text, size_t count) {
  std::vector<absl::string_view> lines = absl::StrSplit(absl::StripTrailingAsciiWhitespace(text), '\n');
  if (lines.size() > count) lines.erase(lines.begin(), lines.end() - static_cast<std::ptrdiff_t>(count));
  return absl::StrJoin(lines, "\n");
}

}  // namespace binlogd::testing
