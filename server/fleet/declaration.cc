#include "fleet/declaration.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/regular_file.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "codec/sha256.h"
#include "config/spec_file.h"
#include "config/yaml_tree.h"
#include "rpc/convert.h"

namespace binlogd {
namespace {

namespace fs = std::filesystem;

// The spec files that a path stands for, by name.
absl::StatusOr<std::vector<std::string>> FilesOf(const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error) return SystemError(error.value(), absl::StrCat("cannot read ", path));
  if (fs::is_regular_file(status)) return std::vector<std::string>{path};
  if (!fs::is_directory(status)) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is neither a file nor a folder"));
  }
  std::vector<std::string> files;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
    if (!IsSpecFileName(entry->path().filename().string())) continue;
    // A link to nothing is reported when it is read.
    std::error_code unknown;
    if (entry->is_directory(unknown)) continue;
    files.push_back(entry->path().string());
  }
  if (error) return SystemError(error.value(), absl::StrCat("cannot list ", path));
  std::sort(files.begin(), files.end());
  return files;
}

bool MayBeCut(absl::string_view text) {
  return !text.empty() && text.back() != '\n' && text.back() != '}' && text.back() != ']';
}

class Reader {
 public:
  void ReadPath(const std::string& path) {
    const absl::StatusOr<std::vector<std::string>> files = FilesOf(path);
    if (!files.ok()) return Refuse(files.status());
    for (const std::string& file : *files) {
      std::error_code error;
      const fs::path place = fs::weakly_canonical(file, error);
      if (!error && !seen_.insert(place.string()).second) continue;
      if (const absl::Status read = ReadFile(file); !read.ok()) Refuse(read);
    }
  }

  Declaration Take() {
    for (const auto& [name, files] : files_) {
      if (files.size() == 1) continue;
      Refuse(MakeError(absl::StatusCode::kInvalidArgument, "DECLARED_TWICE",
                       absl::StrCat("streamer ", Shown(name), " is declared more than once, in ",
                                    absl::StrJoin(files, " and "), "; none is taken: keep one")));
      declaration_.refused_names.insert(name);
      std::erase_if(declaration_.specs, [&name](const DeclaredSpec& declared) { return declared.spec.name == name; });
    }
    declaration_.digest = digest_.Finish();
    return std::move(declaration_);
  }

 private:
  void Refuse(const absl::Status& status) { declaration_.refused.push_back(status); }

  absl::Status ReadFile(const std::string& file) {
    ASSIGN_OR_RETURN(const std::string text, ReadRegularFile(file, kMaxYamlBytes));
    digest_.Update(absl::StrCat(file.size(), ":", file, text.size(), ":", text));
    if (MayBeCut(text)) declaration_.cut.push_back(file);
    ASSIGN_OR_RETURN(const std::vector<absl::StatusOr<v1::StreamerSpec>> specs, ParseEachSpec(text, file));
    for (const absl::StatusOr<v1::StreamerSpec>& message : specs) {
      if (!message.ok()) {
        Refuse(message.status());
        continue;
      }
      // Counts also when it is refused: a name that is there twice is in doubt.
      if (!message->name().empty()) files_[message->name()].push_back(file);
      absl::StatusOr<StreamerSpec> spec = FromProto(*message);
      if (spec.ok()) {
        declaration_.specs.push_back(DeclaredSpec{*std::move(spec), file});
      } else {
        declaration_.refused_names.insert(message->name());
        Refuse(Annotate(spec.status(), absl::StrCat(file, ": streamer ", Shown(message->name()))));
      }
    }
    return absl::OkStatus();
  }

  Declaration declaration_;
  Sha256 digest_;
  std::set<std::string> seen_;
  std::map<std::string, std::vector<std::string>> files_;  // By streamer.
};

}  // namespace

bool IsSpecFileName(absl::string_view name) {
  return !absl::StartsWith(name, ".") &&
         (absl::EndsWith(name, ".yaml") || absl::EndsWith(name, ".yml") || absl::EndsWith(name, ".json"));
}

Declaration ReadDeclaration(const std::vector<std::string>& paths) {
  Reader reader;
  for (const std::string& path : paths) reader.ReadPath(path);
  return reader.Take();
}

}  // namespace binlogd
