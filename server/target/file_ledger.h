// The manifest of a folder, as a target keeps it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binlog/block.h"
#include "target/manifest.h"
#include "target/retention.h"

namespace binlogd {

// When events happened: the source's clock, seconds since 1970; 0 when not known.
struct EventTimes {
  uint32_t first = 0;
  uint32_t last = 0;

  // Of these events, and later ones.
  void Add(const EventTimes& later);
};
EventTimes TimesOf(const Block& block);

// The files of one folder, oldest first, and DIRECTORY/manifest.json. What is durable is told by the position record,
// never by the manifest: one that was edited, or is that of another folder, is moved aside and made anew. Not
// thread-safe.
class FileLedger {
 public:
  struct Options {
    std::string directory;
    std::string format;  // "RAW" or EventFormatName().
    std::string owner;   // Whom lines of the log are about.
    std::string folder;  // Manifest::folder.
    // Whether binlogd gives its files such names, in this folder or an earlier epoch of it. None leads elsewhere.
    std::function<bool(absl::string_view)> is_name;
    // The number of one of our files in the folder, by name; 0 for a name that is none. Files are written in its order.
    std::function<uint64_t(absl::string_view)> sequence_of;
  };

  // A folder without files.
  explicit FileLedger(Options options) : options_(std::move(options)) {}
  // Reads the manifest and finishes what it says was deleted. Where there is none that can be believed it is made anew,
  // as far as names and sizes of the files tell.
  static absl::StatusOr<FileLedger> Load(Options options);

  // `name` is the file that is written; empty for none. What comes after it is not data.
  void Resume(const std::string& name, const std::string& key_id);
  // A new file is written from now on.
  void Begin(ManifestFile file);
  // The file that is written; there must be one.
  ManifestFile& current() { return manifest_.files.back(); }
  bool has_current() const {
    return !manifest_.files.empty() && manifest_.files.back().state == ManifestFile::State::kOpen;
  }
  // Events with these times are in it.
  void NoteTimes(const EventTimes& times);
  // It is written no more.
  void Close(uint64_t stored_bytes, uint64_t content_bytes, std::string sha256);
  // Where closed files end whose end was not known.
  void EndAt(const ManifestPlace& place);

  // Replaces the manifest if something has changed in it. Durable when it returns.
  absl::Status Save();
  bool changed() const { return changed_; }

  const std::vector<ManifestFile>& files() const { return manifest_.files; }
  const std::string& directory() const { return options_.directory; }
  // The closed files, for retention; `is_needed` says which must stay.
  std::vector<RetainedFile> Retained(const std::function<bool(const ManifestFile&)>& is_needed) const;
  // Deletes the first `count` of the closed files: the manifest says so before they are gone. FAILED_PRECONDITION when
  // one of them has not the size with which it was closed; it stays, and those behind it.
  absl::Status Delete(size_t count);
  // Takes over the summary of a folder that is removed.
  void AddDeletions(const ManifestDeletions& deletions);
  const ManifestDeletions& deletions() const { return manifest_.deleted; }

 private:
  std::string PathOf(const std::string& name) const;
  // False when there is none that can be believed.
  absl::StatusOr<bool> ReadManifest();
  // Whether the manifest that was read was written for this folder.
  bool IsOurs() const;
  // Adds the files that the folder has.
  absl::Status ListFiles();
  // Says which files are gone, or not ours.
  absl::Status Compare() const;
  // FAILED_PRECONDITION when it is there with another size than that with which it was closed.
  absl::Status CheckSize(const ManifestFile& file) const;
  // Removes files that the manifest says are deleted, and forgets them.
  absl::Status FinishDeletions();

  Options options_;
  Manifest manifest_;
  bool changed_ = true;
};

}  // namespace binlogd
