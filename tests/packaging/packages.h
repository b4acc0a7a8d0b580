// What the build installs, and the Debian package that it makes.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "tests/harness/subprocess.h"

namespace binlogd::testing {

// Runs a program to its end; its standard output. UNAVAILABLE when this machine has no such program, INTERNAL with what
// it said when it fails.
absl::StatusOr<std::string> OutputOf(const std::vector<std::string>& arguments,
                                     const std::vector<std::string>& environment = {},
                                     absl::Duration timeout = absl::Seconds(60));

// `cmake --install` below the folder `root`.
absl::Status InstallInto(const std::string& root, const std::string& prefix);

// `cpack` of the build into the folder `folder`; the path of the package.
absl::StatusOr<std::string> MakeDeb(const std::string& folder, const std::vector<std::string>& environment = {});

// A field of the package's control file, empty when it has none.
std::string DebField(const std::string& deb, const std::string& field);

// The value of the first line "KEY=VALUE" of a systemd unit; empty when there is none.
std::string UnitSetting(absl::string_view unit, absl::string_view key);

// A file that a test needs; fails the test when it cannot be read.
std::string Contents(const std::string& path);

}  // namespace binlogd::testing
