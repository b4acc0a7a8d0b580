// All streamers of a server, by name.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "streamer/spec.h"
#include "streamer/status.h"
#include "streamer/store.h"
#include "streamer/streamer.h"

namespace binlogd {

// A streamer as it stands.
struct StreamerView {
  StreamerSpec spec;
  std::string etag;
  absl::Time created;
  StreamerSnapshot snapshot;
};

// Thread-safe. Every change is durable before it is answered. Errors name the streamer; NOT_FOUND (STREAMER_NOT_FOUND)
// when there is none.
class Manager {
 public:
  // Loads the store and starts what should run. `store` is owned.
  explicit Manager(std::unique_ptr<Store> store);
  ~Manager();  // Shutdown.

  // Starts every streamer whose desired state is RUNNING. Called once.
  absl::Status Load();

  // ALREADY_EXISTS; INVALID_ARGUMENT for a bad spec or one that clashes with another streamer's.
  absl::StatusOr<StreamerView> Create(const StreamerSpec& spec, bool start);
  absl::StatusOr<StreamerView> Get(absl::string_view name) const;
  std::vector<StreamerView> List() const;
  // A password by value that is left out is kept. ABORTED (STALE_ETAG) unless `etag` is empty or current. The same spec
  // again changes nothing; else a running streamer is stopped and started with the new one.
  absl::StatusOr<StreamerView> Update(StreamerSpec spec, absl::string_view etag);
  enum class Outcome { kCreated, kUpdated, kUnchanged };
  absl::StatusOr<StreamerView> Apply(const StreamerSpec& spec, bool start, Outcome* outcome);
  absl::Status Delete(absl::string_view name, absl::string_view etag);
  absl::StatusOr<StreamerView> Start(absl::string_view name);
  // Returns when it has stopped, or at `deadline` (the stop goes on).
  absl::StatusOr<StreamerView> Stop(absl::string_view name, absl::Time deadline);
  // The streamer itself, for taps; kept alive by the caller, though it may be deleted meanwhile.
  absl::StatusOr<std::shared_ptr<Streamer>> Find(absl::string_view name) const;
  // Whether the spec would be taken: CheckSpec, and no clash with others.
  absl::Status Check(const StreamerSpec& spec) const;

  // Stops all streamers, at the same time, and waits; taps end with UNAVAILABLE (SHUTTING_DOWN). Desired states stay.
  // Changes are refused from now on.
  void Shutdown();

 private:
  struct Entry {
    absl::Mutex change_mutex;  // Held through a change; never needed to look.
    mutable absl::Mutex mutex;
    StreamerRecord record ABSL_GUARDED_BY(mutex);
    std::shared_ptr<Streamer> streamer ABSL_GUARDED_BY(mutex);
    // A spec that was found to clash with no other and is about to take the record's place.
    std::optional<StreamerSpec> coming ABSL_GUARDED_BY(mutex);
  };
  absl::StatusOr<std::shared_ptr<Entry>> FindEntry(absl::string_view name) const;
  // UNAVAILABLE while shutting down; NOT_FOUND when `entry` is no longer the streamer of that name.
  absl::Status CheckAlive(absl::string_view name, const std::shared_ptr<Entry>& entry) const;
  static StreamerView View(const Entry& entry);
  static StreamerRecord RecordOf(const Entry& entry);
  static std::shared_ptr<Streamer> StreamerOf(const Entry& entry);
  absl::Status CheckClash(const StreamerSpec& spec) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // CheckClash, and from now on others are checked against it as well.
  absl::Status Claim(Entry& entry, const StreamerSpec& spec);
  static void SetComing(Entry& entry, std::optional<StreamerSpec> spec);
  absl::Status Replace(Entry& entry, const StreamerSpec& spec) ABSL_EXCLUSIVE_LOCKS_REQUIRED(entry.change_mutex);
  absl::Status SetDesired(Entry& entry, bool running) ABSL_EXCLUSIVE_LOCKS_REQUIRED(entry.change_mutex);
  std::shared_ptr<Entry> MakeEntry(const StreamerRecord& record) const;

  const std::unique_ptr<Store> store_;
  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_ ABSL_GUARDED_BY(mutex_);
  bool shutting_down_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace binlogd
