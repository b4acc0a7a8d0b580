// What a prefix holds, for people and programs that read it without listing all of it.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "s3/object_store.h"
#include "target/manifest.h"
#include "target/s3_layout.h"
#include "target/s3_object_tags.h"
#include "target/s3_run.h"

namespace binlogd {

// PREFIX/EPOCH/FILE/manifest.json, with the objects of a finished log file, and PREFIX/EPOCH/manifest-00000001.json, …,
// with a thousand finished log files each (docs/s3.md). Never the truth: one that is lost or was edited is made anew
// from the objects, and the edited one is kept aside, below PREFIX/.binlogd/edited/. Not thread-safe.
class S3Manifests {
 public:
  struct FinishedFile {
    std::string epoch;
    std::string file;
    uint64_t number = 0;        // Log files of the epoch finished before it.
    std::string from_gtid_set;  // Where it begins.
    DurablePosition to;         // Where it ends; without an epoch when that is to be found.
  };

  // Both outlive it. `about` names the target to the log's reader.
  S3Manifests(ObjectStore* store, const S3Layout* layout, std::string about);

  // Delivery goes on in `file`, before which `finished` of the epoch are finished: looks whether the newest manifests
  // are as they were put, and mends them.
  absl::Status Open(const std::string& epoch, const std::string& file, uint64_t finished);
  // An object was put; saves to ask for its tags later.
  void Note(const std::string& key, const S3ObjectTags& tags);
  // No more objects come into the file. `base` is where this owner's objects in it begin.
  absl::Status Finish(const FinishedFile& finished, const S3RunBase& base);

 private:
  std::string FileKey(const std::string& epoch, const std::string& file) const;
  std::string IndexKey(const std::string& epoch, uint64_t number) const;
  // Reads the newest index; whether it and the manifest of the last file in it are as they were put.
  absl::StatusOr<bool> ReadIndex(const std::string& epoch, const std::string& file, uint64_t finished);
  // False when there is none of the key, or one that somebody edited.
  absl::StatusOr<bool> Read(const std::string& key, Manifest* manifest);
  absl::Status RebuildIndex(const std::string& epoch, const std::string& file, uint64_t finished);
  // The manifest of a log file's objects, from the listing and their tags.
  absl::StatusOr<Manifest> MakeManifest(const FinishedFile& finished, const S3RunBase& base);
  // The line of a log file in the index.
  static ManifestFile Line(const std::string& file, const Manifest& manifest);
  // Puts a manifest; another that is in its place is kept aside.
  absl::Status Put(const std::string& key, const std::string& text);
  absl::Status KeepAside(const std::string& key, const Object& edited);

  ObjectStore* const store_;
  const S3Layout* const layout_;
  const std::string about_;
  std::map<std::string, S3ObjectTags> noted_;  // By key; of the current file.
  Manifest index_;                             // The one that the next finished file is added to.
};

}  // namespace binlogd
