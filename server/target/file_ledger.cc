#include "target/file_ledger.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "binlog/event_header.h"
#include "target/file_folder.h"
#include "target/output_file.h"

namespace binlogd {
namespace {

constexpr char kManifest[] = "manifest.json";
constexpr size_t kMostManifestBytes = 1 << 30;

// -1 when there is no such file.
int64_t SizeOf(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode) ? static_cast<int64_t>(info.st_size) : -1;
}

// Of a file that is gone there is nothing to keep.
absl::Time ModifiedAt(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) == 0) return absl::TimeFromTimespec(info.st_mtim);
  return errno == ENOENT ? absl::InfinitePast() : absl::InfiniteFuture();
}

}  // namespace

void EventTimes::Add(const EventTimes& later) {
  if (first == 0) first = later.first;
  last = std::max(last, later.last);
}

EventTimes TimesOf(const Block& block) {
  EventTimes times;
  for (const BlockEvent& event : block.events) {
    if (times.first != 0) break;
    const absl::StatusOr<EventHeader> header = ParseEventHeader(block.event(event));
    if (header.ok()) times.first = header->timestamp;
  }
  times.last = block.last_timestamp;
  return times;
}

absl::StatusOr<FileLedger> FileLedger::Load(Options options) {
  FileLedger ledger(std::move(options));
  ASSIGN_OR_RETURN(const bool read, ledger.ReadManifest());
  if (const absl::Status finished = ledger.FinishDeletions(); !finished.ok()) {
    Log(LogLevel::kWarning, ledger.options_.owner, absl::StrCat("retention: ", finished.message()));
  }
  RETURN_IF_ERROR(read ? ledger.Compare() : ledger.ListFiles());
  return ledger;
}

std::string FileLedger::PathOf(const std::string& name) const { return absl::StrCat(options_.directory, "/", name); }

absl::StatusOr<bool> FileLedger::ReadManifest() {
  const std::string path = PathOf(kManifest);
  const absl::StatusOr<std::string> text = ReadWholeFile(path, kMostManifestBytes);
  if (absl::IsNotFound(text.status())) {
    Log(LogLevel::kWarning, options_.owner, absl::StrCat(path, " is missing; it is made anew from the files"));
    return false;
  }
  if (!text.ok() && !absl::IsInvalidArgument(text.status())) return text.status();
  if (text.ok() && ParseManifest(*text, &manifest_) && IsOurs()) {
    changed_ = manifest_.folder != options_.folder;
    return true;
  }
  manifest_ = Manifest();
  const std::string aside = absl::StrCat(path, ".edited");
  if (rename(path.c_str(), aside.c_str()) != 0) return SystemError(errno, absl::StrCat("cannot rename ", path));
  Log(LogLevel::kWarning, options_.owner,
      absl::StrCat(path, " is not as binlogd wrote it for this folder; it was moved to ", aside,
                   " and is made anew from the files"));
  return false;
}

bool FileLedger::IsOurs() const {
  // Manifests of earlier versions do not say it.
  const bool is_of_folder = manifest_.folder.empty() || manifest_.folder == options_.folder;
  return manifest_.format == options_.format && is_of_folder &&
         std::all_of(manifest_.files.begin(), manifest_.files.end(),
                     [this](const ManifestFile& file) { return options_.is_name(file.name); });
}

absl::Status FileLedger::ListFiles() {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(options_.directory));
  for (const std::string& name : names) {
    const int64_t size = SizeOf(PathOf(name));
    if (options_.sequence_of(name) == 0 || size < 0) continue;
    ManifestFile file;
    file.name = name;
    file.state = ManifestFile::State::kClosed;
    absl::string_view stem = name;
    file.compression = TakeFileForm(&stem).compression;
    file.stored_bytes = static_cast<uint64_t>(size);
    manifest_.files.push_back(std::move(file));
  }
  std::stable_sort(manifest_.files.begin(), manifest_.files.end(), [this](const auto& a, const auto& b) {
    return options_.sequence_of(a.name) < options_.sequence_of(b.name);
  });
  return absl::OkStatus();
}

absl::Status FileLedger::Compare() const {
  std::set<std::string> listed;
  for (const ManifestFile& file : manifest_.files) {
    listed.insert(file.name);
    if (SizeOf(PathOf(file.name)) >= 0) continue;
    Log(LogLevel::kWarning, options_.owner, absl::StrCat(PathOf(file.name), " is in the manifest, but it is gone"));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> names, ListDirectory(options_.directory));
  for (const std::string& name : names) {
    if (options_.sequence_of(name) == 0 || listed.count(name) > 0) continue;
    Log(LogLevel::kWarning, options_.owner, absl::StrCat(PathOf(name), " is not binlogd's; it is left alone"));
  }
  return absl::OkStatus();
}

absl::Status FileLedger::FinishDeletions() {
  bool removed = false;
  for (const ManifestFile& file : manifest_.files) {
    if (file.state != ManifestFile::State::kDeleted) continue;
    if (const absl::Status same = CheckSize(file); !same.ok()) {
      Log(LogLevel::kWarning, options_.owner, absl::StrCat("retention: ", same.message()));
    } else if (unlink(PathOf(file.name).c_str()) != 0 && errno != ENOENT) {
      return SystemError(errno, absl::StrCat("cannot remove ", PathOf(file.name)));
    }
    removed = true;
  }
  if (!removed) return absl::OkStatus();
  RETURN_IF_ERROR(SyncDirectory(options_.directory));
  std::vector<ManifestFile>& files = manifest_.files;
  const auto is_deleted = [](const ManifestFile& file) { return file.state == ManifestFile::State::kDeleted; };
  for (const ManifestFile& file : files) {
    if (!is_deleted(file)) continue;
    AddDeletions(ManifestDeletions{1, file.stored_bytes, file.name, file.to, file.last_event_time});
  }
  files.erase(std::remove_if(files.begin(), files.end(), is_deleted), files.end());
  return absl::OkStatus();
}

absl::Status FileLedger::CheckSize(const ManifestFile& file) const {
  const int64_t size = SizeOf(PathOf(file.name));
  if (size < 0 || static_cast<uint64_t>(size) == file.stored_bytes) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(PathOf(file.name), " has ", size, " bytes and not ",
                                                    file.stored_bytes, ", as when it was closed: it is kept"));
}

void FileLedger::AddDeletions(const ManifestDeletions& deletions) {
  if (deletions.files == 0) return;
  ManifestDeletions sum = deletions;
  sum.files += manifest_.deleted.files;
  sum.bytes += manifest_.deleted.bytes;
  manifest_.deleted = std::move(sum);
  changed_ = true;
}

void FileLedger::Resume(const std::string& name, const std::string& key_id) {
  std::vector<ManifestFile>& files = manifest_.files;
  const uint64_t last = name.empty() ? 0 : options_.sequence_of(name);
  const auto after = [this, last](const ManifestFile& file) { return options_.sequence_of(file.name) > last; };
  const size_t before = files.size();
  files.erase(std::remove_if(files.begin(), files.end(), after), files.end());
  changed_ = changed_ || files.size() != before;
  for (ManifestFile& file : files) {
    if (file.name == name || file.state != ManifestFile::State::kOpen) continue;
    file.state = ManifestFile::State::kClosed;
    file.stored_bytes = static_cast<uint64_t>(std::max<int64_t>(SizeOf(PathOf(file.name)), 0));
    changed_ = true;
  }
  if (name.empty()) return;
  if (files.empty() || files.back().name != name) {
    ManifestFile file;
    file.name = name;
    absl::string_view stem = name;
    file.compression = TakeFileForm(&stem).compression;
    files.push_back(std::move(file));
    changed_ = true;
  }
  ManifestFile& file = current();
  if (file.state != ManifestFile::State::kOpen) changed_ = true;
  file.state = ManifestFile::State::kOpen;
  file.to.reset();
  file.stored_bytes = file.content_bytes = 0;
  file.sha256.clear();
  if (key_id.empty() || (!file.key_ids.empty() && file.key_ids.back() == key_id)) return;
  file.key_ids.push_back(key_id);
  changed_ = true;
}

void FileLedger::Begin(ManifestFile file) {
  manifest_.files.push_back(std::move(file));
  changed_ = true;
}

void FileLedger::NoteTimes(const EventTimes& times) {
  ManifestFile& file = current();
  EventTimes all{file.first_event_time, file.last_event_time};
  all.Add(times);
  // A file that is opened again goes on with it.
  changed_ = changed_ || file.first_event_time != all.first;
  file.first_event_time = all.first;
  file.last_event_time = all.last;
}

void FileLedger::Close(uint64_t stored_bytes, uint64_t content_bytes, std::string sha256) {
  ManifestFile& file = current();
  file.state = ManifestFile::State::kClosed;
  file.stored_bytes = stored_bytes;
  file.content_bytes = content_bytes;
  file.sha256 = std::move(sha256);
  changed_ = true;
}

void FileLedger::EndAt(const ManifestPlace& place) {
  for (auto file = manifest_.files.rbegin(); file != manifest_.files.rend(); ++file) {
    if (file->state == ManifestFile::State::kOpen) continue;
    if (file->to || !file->from) return;  // Of what was made anew from the files the end stays unknown.
    file->to = place;
    changed_ = true;
  }
}

absl::Status FileLedger::Save() {
  if (!changed_) return absl::OkStatus();
  manifest_.format = options_.format;
  manifest_.folder = options_.folder;
  RETURN_IF_ERROR(ReplaceFile(PathOf(kManifest), ManifestJson(manifest_), 0640));
  changed_ = false;
  return absl::OkStatus();
}

std::vector<RetainedFile> FileLedger::Retained(const std::function<bool(const ManifestFile&)>& is_needed) const {
  std::vector<RetainedFile> retained;
  for (const ManifestFile& file : manifest_.files) {
    if (file.state != ManifestFile::State::kClosed) continue;  // To be removed still, or the one that is written.
    RetainedFile& next = retained.emplace_back();
    next.bytes = file.stored_bytes;
    if (file.last_event_time != 0) next.newest = absl::FromUnixSeconds(file.last_event_time);
    next.written = ModifiedAt(PathOf(file.name));
    next.needed = is_needed(file);
  }
  return retained;
}

absl::Status FileLedger::Delete(size_t count) {
  RETURN_IF_ERROR(FinishDeletions());  // Of earlier calls that failed.
  absl::Status status;
  size_t deleted = 0;
  for (; deleted < count; ++deleted) {
    ManifestFile& file = manifest_.files[deleted];
    status = CheckSize(file);
    if (!status.ok()) break;
    file.state = ManifestFile::State::kDeleted;
    Log(LogLevel::kInfo, options_.owner, absl::StrCat("retention deletes ", PathOf(file.name)));
  }
  if (deleted == 0) return status;
  changed_ = true;
  RETURN_IF_ERROR(Save());
  RETURN_IF_ERROR(FinishDeletions());
  return status;
}

}  // namespace binlogd
