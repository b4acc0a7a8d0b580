// What spec files say which streamers there are.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "streamer/spec.h"

namespace binlogd {

struct DeclaredSpec {
  StreamerSpec spec;
  std::string file;  // Where it stands.
};

// What was read, and what could not be. Plain data.
struct Declaration {
  std::vector<DeclaredSpec> specs;  // Their names differ; whether they are good is not checked yet.
  // Each names the file, the line where there is one, and the field. Secrets are never repeated.
  std::vector<absl::Status> refused;
  std::set<std::string> refused_names;  // Of streamers that are declared, but not taken, as far as they are known.
  // Files that do not end with the end of a line, or of a JSON object: a writer, or a full disk, may have cut them.
  std::vector<std::string> cut;
  // Nothing was kept from us, as far as can be told.
  bool is_whole() const { return refused.empty() && cut.empty() && !specs.empty(); }
  std::string digest;  // Of all that was read: another one for another text.
};

// Whether a file of this name in a folder is read: *.yaml, *.yml and *.json, unless it is hidden (".…").
bool IsSpecFileName(absl::string_view name);

// Reads spec files (config/spec_file.h). A path is a file of any name, or a folder, of which the spec files are read
// and its folders are not. A file that is met twice counts once. What is wrong with one spec does not touch the others;
// of a name that is declared twice (DECLARED_TWICE) neither is taken. Blocks as reading files does.
Declaration ReadDeclaration(const std::vector<std::string>& paths);

}  // namespace binlogd
