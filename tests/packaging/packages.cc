#include "tests/packaging/packages.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "tests/harness/provide.h"

namespace binlogd::testing {
namespace {

// Packing compresses some ten megabytes.
constexpr absl::Duration kPackTimeout = absl::Minutes(5);

}  // namespace

absl::StatusOr<std::string> OutputOf(const std::vector<std::string>& arguments,
                                     const std::vector<std::string>& environment, absl::Duration timeout) {
  SubprocessOptions options;
  // The machine's language is not to change what programs say.
  options.arguments = {"env", "LC_ALL=C.UTF-8"};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  options.environment = environment;
  ASSIGN_OR_RETURN(const CommandResult result, RunCommand(options, timeout));
  // As env and the shell have it.
  if (result.exit_code == 127) return absl::UnavailableError(absl::StrCat("this machine has no ", arguments[0]));
  if (result.exit_code != 0) {
    return absl::InternalError(absl::StrCat(absl::StrJoin(arguments, " "), ": exit code ", result.exit_code, "\n",
                                            LastLines(result.output, 20), "\n", LastLines(result.error_output, 20)));
  }
  return result.output;
}

absl::Status InstallInto(const std::string& root, const std::string& prefix) {
  return OutputOf({CMAKE_PROGRAM, "--install", BUILD_FOLDER, "--prefix", prefix}, {"DESTDIR=" + root}).status();
}

absl::StatusOr<std::string> MakeDeb(const std::string& folder, const std::vector<std::string>& environment) {
  RETURN_IF_ERROR(OutputOf({CPACK_PROGRAM, "-G", "DEB", "-B", folder, "--config", BUILD_FOLDER "/CPackConfig.cmake"},
                           environment, kPackTimeout)
                      .status());
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".deb") return entry.path().string();
  }
  return absl::NotFoundError("cpack made no package");
}

std::string DebField(const std::string& deb, const std::string& field) {
  const absl::StatusOr<std::string> text = OutputOf({"dpkg-deb", "--field", deb, field});
  EXPECT_TRUE(text.ok()) << text.status();
  return std::string(absl::StripAsciiWhitespace(text.value_or("")));
}

std::string UnitSetting(absl::string_view unit, absl::string_view key) {
  for (absl::string_view line : absl::StrSplit(unit, '\n')) {
    if (absl::ConsumePrefix(&line, key) && absl::ConsumePrefix(&line, "=")) return std::string(line);
  }
  return "";
}

std::string Contents(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadWholeFile(path);
  EXPECT_TRUE(text.ok()) << text.status();
  return text.value_or("");
}

}  // namespace binlogd::testing
