// Which files of a target's folder binlogd began: of what lies behind the durable position only these may be removed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "base/file.h"
#include "codec/key_ring.h"
#include "target/output_file.h"

namespace binlogd {

// FOLDER/.binlogd/begun, an append-only file of names, each durable before its file is made (docs/on-disk.md). Files
// are named by their paths in the folder, and begun in the order in which they are written. Not thread-safe.
class BegunFiles {
 public:
  // Reads the record, or makes it. The folder has its .binlogd, whose names the caller makes durable.
  static absl::StatusOr<BegunFiles> Open(const std::string& folder);

  // Makes STEM with the suffix of the form. Permanent DATA_LOSS (TARGET_DAMAGED), with nothing written, when the folder
  // has a file of the stem in any form: it is not ours. Other errors may pass; the file is not there then. `keys`
  // outlives the file.
  absl::StatusOr<std::unique_ptr<OutputFile>> Create(const std::string& stem, const FileForm& form,
                                                     const KeyRing* keys);
  // Removes the file that was created last.
  absl::Status Withdraw(const std::string& name);

  // Permanent DATA_LOSS (TARGET_DAMAGED) when a directory of the folder ("" for itself) holds a file that `comes_later`
  // than the file `last` and that was not begun after it. Touches nothing. A directory that is gone holds none.
  absl::Status CheckNoForeign(const std::string& directory, absl::string_view last,
                              const std::function<bool(absl::string_view)>& comes_later) const;
  // Removes what was begun after the file `last`: everything that was begun when it is empty, or older than the record.
  absl::Status RemoveAfter(absl::string_view last);
  // A position record says that the file and all before it are data. When the record has grown past 64 KiB these are
  // dropped from it; until then it knows them also for an earlier position, should an older position.log come back.
  absl::Status Cover(absl::string_view last);

 private:
  struct Entry {
    std::string name;
    uint64_t start = 0;  // Of its line.
  };

  BegunFiles(std::string folder, std::string path, FileDescriptor file)
      : folder_(std::move(folder)), path_(std::move(path)), file_(std::move(file)) {}

  std::string PathOf(absl::string_view name) const;
  // The index of the first entry after `last`.
  size_t After(absl::string_view last) const;
  absl::Status Add(const std::string& name);
  // Drops the entries from the index on.
  absl::Status Truncate(size_t index);
  // Drops the name again, if it is the last one, of which there is no file of ours.
  absl::Status Forget(const std::string& name);

  std::string folder_;
  std::string path_;
  FileDescriptor file_;
  uint64_t length_ = 0;  // Of the valid lines.
  std::vector<Entry> entries_;
};

}  // namespace binlogd
