// Requests that were answered lately, so that they may be sent again.
#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/cancellation.h"

namespace binlogd {

// What tells one request from another.
struct RequestKey {
  std::string id;      // Chosen by the caller; empty: the request is one of its own each time it is sent.
  std::string digest;  // Of the whole request.
  std::string user;    // Each has ids of its own.
};

// The key of a request that has the field `request_id`. INVALID_ARGUMENT when that is more than 128 bytes, or has
// others than printable ASCII.
absl::StatusOr<RequestKey> KeyOf(const google::protobuf::Message& request, absl::string_view id,
                                 absl::string_view user);

// Remembers the answers of requests that went well, the newest 4096 and 16 MiB, for ten minutes. One that failed is
// forgotten: it has changed nothing. Thread-safe.
class RequestLog {
 public:
  // Made anew, the request does its `work`; `accepted`: an earlier try was told that its change goes on
  // (CHANGE_GOES_ON), which has to be awaited then, not done once more.
  using Work = std::function<absl::Status(bool accepted)>;

  explicit RequestLog(std::function<absl::Time()> now);

  // Does `work`, which writes `response`; or, when a request of this id was answered lately, gives that answer. Of
  // several at once one works and the others wait for it. INVALID_ARGUMENT (REQUEST_ID_REUSED) when the id came with
  // another request; CHANGE_NOT_BEGUN when the caller's patience ended in the wait.
  absl::Status Run(const RequestKey& key, const Cancellation& caller, google::protobuf::Message* response,
                   const Work& work);

 private:
  static constexpr size_t kMostEntries = 4096;
  static constexpr size_t kMostBytes = 16 << 20;

  enum class State { kWorking, kAccepted, kAnswered };
  struct Entry {
    std::string id;  // Of the user and the request.
    std::string digest;
    State state = State::kWorking;
    std::string answer;
    absl::Time expires = absl::InfiniteFuture();
  };
  // The answer that is there already (OK), or nothing: the caller is to work, `*accepted` saying how. Else an error.
  absl::StatusOr<bool> Enter(const RequestKey& key, const Cancellation& caller, google::protobuf::Message* response,
                             bool* accepted);
  void Leave(const RequestKey& key, bool accepted, const absl::Status& status,
             const google::protobuf::Message& response);
  void Forget(std::list<Entry>::iterator entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetOld() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::function<absl::Time()> now_;
  absl::Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // The oldest first.
  std::unordered_map<std::string, std::list<Entry>::iterator> by_id_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // Of the answers.
};

}  // namespace binlogd
