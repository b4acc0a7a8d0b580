#include "streamer/spec_bounds.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

// PATH_MAX and NAME_MAX of Linux; the former counts a closing zero.
constexpr size_t kMostPathBytes = 4095;
constexpr size_t kMostNameBytes = 255;
constexpr size_t kMostFolderBytes = kMostPathBytes - kMostNameBytes;
constexpr size_t kMostVariableBytes = 255;

absl::Status BadValue(absl::string_view field, absl::string_view message) {
  return InvalidField(field, "BAD_VALUE", message);
}

// Absolute or not.
absl::Status CheckPathText(absl::string_view field, absl::string_view path, size_t most) {
  RETURN_IF_ERROR(CheckText(field, path, most));
  for (const absl::string_view name : absl::StrSplit(path, '/')) {
    if (name.size() > kMostNameBytes) {
      return BadValue(field, absl::StrCat("no name in a path has more than ", kMostNameBytes, " bytes"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckAbsolute(absl::string_view field, absl::string_view path, size_t most) {
  if (path.empty() || path[0] != '/') return BadValue(field, "it must be an absolute path");
  return CheckPathText(field, path, most);
}

}  // namespace

absl::Status CheckText(absl::string_view field, absl::string_view text, size_t most) {
  if (text.size() > most) return BadValue(field, absl::StrCat("it has ", text.size(), " bytes; at most ", most));
  const auto is_control = [](char c) { return absl::ascii_iscntrl(static_cast<unsigned char>(c)); };
  if (std::none_of(text.begin(), text.end(), is_control)) return absl::OkStatus();
  return BadValue(field, "it has a control character");
}

absl::Status CheckPath(absl::string_view field, absl::string_view path) {
  return CheckAbsolute(field, path, kMostPathBytes);
}

absl::Status CheckFolder(absl::string_view field, absl::string_view path) {
  return CheckAbsolute(field, path, kMostFolderBytes);
}

absl::Status CheckOptionalPath(absl::string_view field, absl::string_view path) {
  return CheckPathText(field, path, kMostPathBytes);
}

absl::Status CheckSecret(absl::string_view field, const Secret& secret) {
  switch (secret.kind) {
    case Secret::Kind::kNone: return absl::OkStatus();
    case Secret::Kind::kFile: return CheckOptionalPath(absl::StrCat(field, ".file"), secret.text);
    case Secret::Kind::kEnvironment: return CheckText(absl::StrCat(field, ".env"), secret.text, kMostVariableBytes);
    case Secret::Kind::kValue: break;
  }
  if (secret.text.size() <= Secret::kMostBytes) return absl::OkStatus();
  return BadValue(absl::StrCat(field, ".value"), absl::StrCat("at most ", Secret::kMostBytes, " bytes"));
}

}  // namespace binlogd
