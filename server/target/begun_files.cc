#include "target/begun_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "target/checked_line.h"
#include "target/file_folder.h"

namespace binlogd {
namespace {

constexpr uint64_t kRewriteAt = 64 << 10;

bool Exists(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0;
}

std::string DirectoryOf(const std::string& path) { return std::filesystem::path(path).parent_path().string(); }

std::string Line(absl::string_view name) { return CheckedLine(name) + "\n"; }

absl::Status NotOurs(const std::string& path) {
  return Permanent(MakeError(
      absl::StatusCode::kDataLoss, "TARGET_DAMAGED",
      absl::StrCat(path,
                   " is there already and is not known to be ours; nothing is removed or written over: move it "
                   "away, out of the target's folder")));
}

}  // namespace

absl::StatusOr<BegunFiles> BegunFiles::Open(const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/.binlogd/begun");
  const absl::StatusOr<std::string> bytes = ReadWholeFile(path);
  if (!bytes.ok() && !absl::IsNotFound(bytes.status())) return bytes.status();
  ASSIGN_OR_RETURN(FileDescriptor file, OpenFile(path, O_RDWR | O_CREAT, 0640));
  BegunFiles begun(folder, path, std::move(file));
  if (!bytes.ok()) return begun;
  absl::string_view rest = *bytes;
  // What follows a line that is not valid is not believed: a file is refused then rather than removed.
  for (size_t end = rest.find('\n'); end != absl::string_view::npos; end = rest.find('\n')) {
    absl::string_view name;
    if (!ParseCheckedLine(rest.substr(0, end), &name)) break;
    begun.entries_.push_back({std::string(name), begun.length_});
    begun.length_ += end + 1;
    rest.remove_prefix(end + 1);
  }
  if (!rest.empty() && ftruncate(begun.file_.get(), static_cast<off_t>(begun.length_)) != 0) {
    return SystemError(errno, absl::StrCat("cannot truncate ", path));
  }
  return begun;
}

std::string BegunFiles::PathOf(absl::string_view name) const { return absl::StrCat(folder_, "/", name); }

size_t BegunFiles::After(absl::string_view last) const {
  size_t index = entries_.size();
  while (index > 0 && entries_[index - 1].name != last) --index;
  return index;
}

absl::StatusOr<std::unique_ptr<OutputFile>> BegunFiles::Create(const std::string& stem, const FileForm& form,
                                                               const KeyRing* keys) {
  const std::string name = absl::StrCat(stem, form.suffix());
  for (const FileForm& any : AllFileForms()) {
    const std::string path = PathOf(absl::StrCat(stem, any.suffix()));
    if (!Exists(path)) continue;
    // An earlier try may have left the name.
    RETURN_IF_ERROR(Forget(name));
    return NotOurs(path);
  }
  RETURN_IF_ERROR(Add(name));
  absl::StatusOr<std::unique_ptr<OutputFile>> file = OutputFile::Create(PathOf(name), form, keys);
  if (file.ok()) return file;
  // Where this fails too, the next try makes the file under the name that is known already.
  Forget(name).IgnoreError();
  return absl::IsAlreadyExists(file.status()) ? NotOurs(PathOf(name)) : file.status();
}

absl::Status BegunFiles::Withdraw(const std::string& name) {
  if (unlink(PathOf(name).c_str()) != 0) return SystemError(errno, absl::StrCat("cannot remove ", PathOf(name)));
  return Forget(name);
}

absl::Status BegunFiles::CheckNoForeign(const std::string& directory, absl::string_view last,
                                        const std::function<bool(absl::string_view)>& comes_later) const {
  std::set<std::string> begun;
  for (size_t i = After(last); i < entries_.size(); ++i) begun.insert(PathOf(entries_[i].name));
  const std::string path = directory.empty() ? folder_ : PathOf(directory);
  const absl::StatusOr<std::vector<std::string>> names = ListDirectory(path);
  if (absl::IsNotFound(names.status())) return absl::OkStatus();
  RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    const std::string found = absl::StrCat(path, "/", name);
    if (comes_later(name) && !begun.contains(found)) return NotOurs(found);
  }
  return absl::OkStatus();
}

absl::Status BegunFiles::RemoveAfter(absl::string_view last) {
  const size_t first = After(last);
  std::set<std::string> directories;
  for (size_t i = first; i < entries_.size(); ++i) {
    const std::string path = PathOf(entries_[i].name);
    if (unlink(path.c_str()) != 0 && errno != ENOENT) return SystemError(errno, absl::StrCat("cannot remove ", path));
    directories.insert(DirectoryOf(path));
  }
  // Before they are forgotten.
  for (const std::string& directory : directories) {
    if (absl::Status synced = SyncDirectory(directory); !synced.ok() && !absl::IsNotFound(synced)) return synced;
  }
  return Truncate(first);
}

absl::Status BegunFiles::Cover(absl::string_view last) {
  const size_t first = After(last);
  if (length_ <= kRewriteAt || first == 0) return absl::OkStatus();
  std::vector<Entry> kept;
  std::string lines;
  // With the last one, so that it is known which come after it.
  for (size_t i = first - 1; i < entries_.size(); ++i) {
    kept.push_back({entries_[i].name, lines.size()});
    lines.append(Line(entries_[i].name));
  }
  RETURN_IF_ERROR(ReplaceFile(path_, lines, 0640));
  ASSIGN_OR_RETURN(file_, OpenFile(path_, O_RDWR));
  length_ = lines.size();
  entries_ = std::move(kept);
  return absl::OkStatus();
}

absl::Status BegunFiles::Add(const std::string& name) {
  if (!entries_.empty() && entries_.back().name == name) return absl::OkStatus();
  const std::string line = Line(name);
  absl::Status added = WriteAt(file_, line, length_, path_);
  if (added.ok()) added = SyncFile(file_, path_);
  if (!added.ok()) {
    // No file will be made of the name.
    if (ftruncate(file_.get(), static_cast<off_t>(length_)) == 0) return added;
    return SystemError(errno, absl::StrCat("cannot truncate ", path_));
  }
  entries_.push_back({name, length_});
  length_ += line.size();
  return absl::OkStatus();
}

absl::Status BegunFiles::Truncate(size_t index) {
  if (index == entries_.size()) return absl::OkStatus();
  if (ftruncate(file_.get(), static_cast<off_t>(entries_[index].start)) != 0) {
    return SystemError(errno, absl::StrCat("cannot truncate ", path_));
  }
  RETURN_IF_ERROR(SyncFile(file_, path_));
  length_ = entries_[index].start;
  entries_.resize(index);
  return absl::OkStatus();
}

absl::Status BegunFiles::Forget(const std::string& name) {
  if (entries_.empty() || entries_.back().name != name) return absl::OkStatus();
  // A file that was made and removed must not come back with a power loss when nobody knows any more that it is ours.
  RETURN_IF_ERROR(SyncDirectory(DirectoryOf(PathOf(name))));
  return Truncate(entries_.size() - 1);
}

}  // namespace binlogd
