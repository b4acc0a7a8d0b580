// What streamers there are and what is wanted of them, on disk.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/file.h"
#include "streamer/spec.h"

namespace binlogd {

// The written form of a spec (JSON of binlogd.v1.StreamerSpec); this folder knows no protobuf, so it is given.
class SpecCodec {
 public:
  virtual ~SpecCodec() = default;
  virtual std::string Encode(const StreamerSpec& spec) const = 0;
  virtual absl::StatusOr<StreamerSpec> Decode(absl::string_view text) const = 0;
};

// What made a streamer: a request, `id` being empty when it had none, or a spec file.
struct Creation {
  std::string id;
  std::string digest = "";       // Tells it from other requests.
  std::string declared_in = "";  // The spec file; empty when a request made it.
  friend bool operator==(const Creation&, const Creation&) = default;
};

// One streamer as it is stored.
struct StreamerRecord {
  StreamerSpec spec;
  bool desired_running = false;
  uint64_t generation = 1;  // Counts the changes of the spec.
  absl::Time created;
  Creation creation = {};
};

// STATE_DIR/streamers/NAME/streamer.json, mode 0600, one for each streamer (docs/on-disk.md). Not thread-safe for one
// name; different names may be used at the same time.
class Store {
 public:
  // Makes the directory, and locks it against another binlogd: FAILED_PRECONDITION (STATE_DIR_IN_USE).
  // FAILED_PRECONDITION (STATE_DIR_TOO_NEW) when a newer version wrote it. STATE_DIR_UNUSABLE when the system does not
  // let it be used, or it holds no version that can be read; one without any is of version 1. `codec` outlives the
  // store.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& state_dir, const SpecCodec* codec);

  // All records. One that cannot be read is reported in the log and left alone; its name and what is wrong with it go
  // into `left_out`, if that is given.
  absl::StatusOr<std::vector<StreamerRecord>> Load(std::map<std::string, absl::Status>* left_out = nullptr) const;
  // Durable when it returns.
  absl::Status Put(const StreamerRecord& record) const;
  // Forgets the streamer and its checkpoint.
  absl::Status Remove(const std::string& name) const;
  std::string CheckpointPath(const std::string& name) const;
  // The state directory.
  const std::string& directory() const { return state_dir_; }
  // Where the records and checkpoints are: nobody else's files belong there.
  std::string streamers_directory() const;

 private:
  Store(std::string state_dir, const SpecCodec* codec, FileLock lock)
      : state_dir_(std::move(state_dir)), codec_(codec), lock_(std::move(lock)) {}
  std::string Directory(const std::string& name) const;
  absl::StatusOr<StreamerRecord> Read(const std::string& name) const;

  const std::string state_dir_;
  const SpecCodec* const codec_;
  FileLock lock_;
};

}  // namespace binlogd
