// All streamers of a server, by name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/cancellation.h"
#include "base/thread_pool.h"
#include "streamer/spec.h"
#include "streamer/status.h"
#include "streamer/store.h"
#include "streamer/streamer.h"
#include "streamer/streamer_filter.h"
#include "streamer/surroundings.h"

namespace binlogd {

// A streamer as it stands.
struct StreamerView {
  StreamerSpec spec;
  std::string etag;
  absl::Time created = absl::InfinitePast();  // In a preview of one that is not there yet.
  StreamerSnapshot snapshot;
  std::string declared_in;  // The spec file that made it; empty when a request did.
};

// Thread-safe. Every change is durable before it is answered. Errors name the streamer; NOT_FOUND (STREAMER_NOT_FOUND)
// when there is none, with the reason when its record could not be read at the start.
//
// Changes of one streamer come one after the other. When `caller` waits no longer (DEADLINE_EXCEEDED, CANCELLED), the
// change is either not begun (CHANGE_NOT_BEGUN: another one is under way), or stored and goes on by itself
// (CHANGE_GOES_ON: the streamer takes its time to stop).
class Manager {
 public:
  // `store` is owned. At most `most_connecting` streamers connect to one source at a time.
  explicit Manager(std::unique_ptr<Store> store, int most_connecting = ConnectGate::kDefaultMost);
  ~Manager();  // Shutdown.

  // From now until Load() is done streamers are neither told of nor changed: UNAVAILABLE (STREAMERS_LOADING). To be
  // called, if at all, before others may call.
  void ExpectLoad();
  // Starts every streamer whose desired state is RUNNING. Called once.
  absl::Status Load();
  // What ExpectLoad says; OK without it, and after Load().
  absl::Status CheckLoaded() const;

  // ALREADY_EXISTS; INVALID_ARGUMENT for a bad spec or one that clashes with another streamer's. Waits for nobody.
  // When the same `creation`, which is kept with the streamer, has made it already, it is answered as it stands.
  absl::StatusOr<StreamerView> Create(const StreamerSpec& spec, bool start, const Creation& creation = {});
  absl::StatusOr<StreamerView> Get(absl::string_view name) const;
  std::vector<StreamerView> List() const;
  // The streamers whose records could not be read at the start, and why, but for those made anew since.
  std::map<std::string, absl::Status> LeftOut() const;
  // The first `most` of those that pass the filter and whose names come after `after`, by name.
  std::vector<StreamerView> List(const StreamerFilter& filter, absl::string_view after, size_t most) const;
  // A password by value that is left out is kept. ABORTED (STALE_ETAG) unless `etag` is empty or current. The same spec
  // again changes nothing, other labels restart nothing; else a running streamer is stopped and started with the new
  // one.
  absl::StatusOr<StreamerView> Update(StreamerSpec spec, absl::string_view etag,
                                      const Cancellation& caller = Cancellation::Never());
  // kRestarted: updated, and started again for that.
  enum class Outcome { kCreated, kUpdated, kRestarted, kUnchanged };
  struct Applied {
    Outcome outcome = Outcome::kUnchanged;
    StreamerSpec before;  // The spec that is replaced, with its secrets; empty with kCreated.
  };
  absl::StatusOr<StreamerView> Apply(const StreamerSpec& spec, bool start, Applied* applied,
                                     const Cancellation& caller = Cancellation::Never());
  // What Apply would do; changes nothing. The view has the spec and the desired state as they would be.
  absl::StatusOr<StreamerView> Preview(StreamerSpec spec, bool start, Applied* applied) const;
  absl::Status Delete(absl::string_view name, absl::string_view etag,
                      const Cancellation& caller = Cancellation::Never());
  absl::StatusOr<StreamerView> Start(absl::string_view name, const Cancellation& caller = Cancellation::Never());
  // Returns when it has stopped, or when the caller waits no longer (the stop goes on).
  absl::StatusOr<StreamerView> Stop(absl::string_view name, const Cancellation& caller = Cancellation::Never());
  // The streamer after the change that is under way; CHANGE_NOT_BEGUN when the caller's patience ended before.
  absl::StatusOr<StreamerView> Settle(absl::string_view name, const Cancellation& caller);
  // The streamer itself, for taps and its history; kept alive by the caller, though it may be deleted meanwhile.
  absl::StatusOr<std::shared_ptr<Streamer>> Find(absl::string_view name) const;
  // On which every streamer whose state or spec changes is noted, and one that is deleted.
  const std::shared_ptr<ChangeBoard>& board() const { return shared_.board; }
  // Whether the spec would be taken: CheckSpec, and no clash with others.
  absl::Status Check(const StreamerSpec& spec) const;

  // Stops all streamers, at the same time, and waits; taps end with UNAVAILABLE (SHUTTING_DOWN). Desired states stay.
  // Changes are refused from now on.
  void Shutdown();

 private:
  static constexpr int kFinishers = 32;
  struct Entry {
    mutable absl::Mutex mutex;
    bool changing ABSL_GUARDED_BY(mutex) = false;  // A Change of it lives.
    StreamerRecord record ABSL_GUARDED_BY(mutex);
    std::shared_ptr<Streamer> streamer ABSL_GUARDED_BY(mutex);
    // Beside the record's: the spec that is about to take its place, or the one that is about to leave it.
    std::optional<StreamerSpec> other_spec ABSL_GUARDED_BY(mutex);

    bool unchanging() const ABSL_SHARED_LOCKS_REQUIRED(mutex) { return !changing; }
  };
  // The right to change an entry; one at a time has it, and gives it back by its end. Never needed to look.
  class Change {
   public:
    explicit Change(std::shared_ptr<Entry> entry) : entry_(std::move(entry)) {}
    ~Change();
    Change(Change&&) = default;
    Change& operator=(Change&&) = delete;
    // Null once moved from.
    const std::shared_ptr<Entry>& entry() const { return entry_; }

   private:
    std::shared_ptr<Entry> entry_;
  };
  absl::StatusOr<std::shared_ptr<Entry>> FindEntry(absl::string_view name) const;
  absl::Status LoadedStatus() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Waits for the change that is under way. UNAVAILABLE while shutting down; NOT_FOUND when there is none of that name.
  absl::StatusOr<Change> BeginChange(absl::string_view name, const Cancellation& caller);
  // Null when the caller's patience ended first.
  static std::optional<Change> TakeChange(const std::shared_ptr<Entry>& entry, const Cancellation& caller);
  absl::Status CheckAlive(absl::string_view name, const Entry& entry) const;
  // Stops the streamer, `why` being what its taps are told, and then does `rest`: here, or when the caller's patience
  // ends first (CHANGE_GOES_ON) on a thread of finishers_, `change` then being moved from.
  absl::Status StopAndThen(Change& change, const absl::Status& why, std::function<absl::Status(Entry&)> rest,
                           const Cancellation& caller);
  static StreamerView View(const Entry& entry);
  static StreamerRecord RecordOf(const Entry& entry);
  static std::shared_ptr<Streamer> StreamerOf(const Entry& entry);
  absl::Status CheckClash(const StreamerSpec& spec) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // CheckClash, and from now on others are checked against it as well.
  absl::Status Claim(Entry& entry, const StreamerSpec& spec);
  static void SetOtherSpec(Entry& entry, std::optional<StreamerSpec> spec);
  // These are called by who has the Change of the entry.
  absl::Status Replace(Change& change, const StreamerSpec& spec, const Cancellation& caller);
  absl::Status PutNewStreamer(Entry& entry);
  absl::Status Forget(Entry& entry);
  absl::Status SetDesired(Entry& entry, bool running);
  // One try of Apply, which others may overtake: STREAMER_EXISTS, STREAMER_NOT_FOUND.
  absl::StatusOr<StreamerView> ApplyOnce(const StreamerSpec& spec, bool start, Applied* applied,
                                         const Cancellation& caller);
  // Update, which tells what it has done.
  absl::StatusOr<StreamerView> Update(StreamerSpec spec, absl::string_view etag, Applied* applied,
                                      const Cancellation& caller);
  std::shared_ptr<Streamer> MakeStreamer(const StreamerSpec& spec) const;
  std::shared_ptr<Entry> MakeEntry(const StreamerRecord& record) const;

  const std::unique_ptr<Store> store_;
  Surroundings shared_;  // Of the streamers; constant.
  mutable absl::Mutex mutex_;
  std::map<std::string, std::shared_ptr<Entry>, std::less<>> entries_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, absl::Status> left_out_ ABSL_GUARDED_BY(mutex_);  // Whose records could not be read, and why.
  bool loading_ ABSL_GUARDED_BY(mutex_) = false;
  bool shutting_down_ ABSL_GUARDED_BY(mutex_) = false;
  ThreadPool finishers_{"finish", kFinishers};  // Go on with changes that their callers no longer wait for.
};

}  // namespace binlogd
