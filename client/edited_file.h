// A text that a person changes with an editor of theirs.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// A file of our own, readable by nobody else, for $VISUAL, $EDITOR or vi. Movable; not thread-safe.
class EditedFile {
 public:
  // `name` is a part of the file's name.
  static absl::StatusOr<EditedFile> Make(absl::string_view name);
  // Removes the file, unless it is kept.
  ~EditedFile();
  EditedFile(EditedFile&& other) noexcept;
  EditedFile& operator=(EditedFile&&) = delete;

  // Opens the editor on `text` and returns what it is afterwards. FAILED_PRECONDITION (EDITOR_FAILED) when there is no
  // such editor, or it ends with an error.
  absl::StatusOr<std::string> Edit(absl::string_view text);

  // The file outlives this. False when there is none: the editor took it away.
  bool Keep();
  // Whether the file still has exactly this text.
  bool Holds(absl::string_view text) const;
  const std::string& path() const { return path_; }

 private:
  explicit EditedFile(std::string path) : path_(std::move(path)) {}

  std::string path_;
  bool kept_ = false;
};

}  // namespace binlogd
