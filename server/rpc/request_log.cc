#include "rpc/request_log.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <iterator>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "codec/sha256.h"

namespace binlogd {
namespace {

constexpr size_t kMostIdBytes = 128;
constexpr absl::Duration kKept = absl::Minutes(10);

// The same bytes for the same message, whatever the order of its maps was.
std::string Serialize(const google::protobuf::Message& message) {
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return bytes;
}

// An id has no blanks.
std::string Named(const RequestKey& key) { return absl::StrCat(key.id, " ", key.user); }

}  // namespace

absl::StatusOr<RequestKey> KeyOf(const google::protobuf::Message& request, absl::string_view id,
                                 absl::string_view user) {
  if (id.empty()) return RequestKey();
  bool good = id.size() <= kMostIdBytes;
  for (const char c : id) good = good && absl::ascii_isgraph(static_cast<unsigned char>(c));
  if (!good) {
    return InvalidField("request_id", "BAD_VALUE",
                        absl::StrCat("it has at most ", kMostIdBytes, " printable characters, no blanks; take a UUID"));
  }
  Sha256 digest;
  digest.Update(request.GetTypeName());
  digest.Update("\n");
  digest.Update(Serialize(request));
  return RequestKey{std::string(id), digest.Finish(), std::string(user)};
}

RequestLog::RequestLog(std::function<absl::Time()> now) : now_(std::move(now)) {}

absl::Status RequestLog::Run(const RequestKey& key, const Cancellation& caller, google::protobuf::Message* response,
                             const Work& work) {
  if (key.id.empty()) return work(/*accepted=*/false);
  bool accepted = false;
  ASSIGN_OR_RETURN(const bool answered, Enter(key, caller, response, &accepted));
  if (answered) return absl::OkStatus();
  const absl::Status status = work(accepted);
  Leave(key, accepted, status, *response);
  return status;
}

absl::StatusOr<bool> RequestLog::Enter(const RequestKey& key, const Cancellation& caller,
                                       google::protobuf::Message* response, bool* accepted) {
  // Whoever lets go of the lock has the condition looked at again.
  const std::string id = Named(key);
  const Cancellation::Listener wake(caller, [this] { absl::MutexLock lock(&mutex_); });
  absl::MutexLock lock(&mutex_);
  ForgetOld();
  const auto over = [this, &id, &caller]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) {
    const auto found = by_id_.find(id);
    return found == by_id_.end() || found->second->state != State::kWorking || caller.cancelled();
  };
  const bool in_time = mutex_.AwaitWithDeadline(absl::Condition(&over), caller.deadline());
  const auto found = by_id_.find(id);
  if (found == by_id_.end()) {
    Entry& added = entries_.emplace_back();
    added.id = id;
    added.digest = key.digest;
    by_id_[id] = std::prev(entries_.end());
    return false;
  }
  Entry& entry = *found->second;
  if (entry.digest != key.digest) {
    return InvalidField("request_id", "REQUEST_ID_REUSED",
                        absl::StrCat(Shown(key.id), " came with another request; give each request an id of its own"));
  }
  if (!in_time || entry.state == State::kWorking) {
    return MakeError(caller.cancelled() ? absl::StatusCode::kCancelled : absl::StatusCode::kDeadlineExceeded,
                     "CHANGE_NOT_BEGUN", "the same request is being worked on already; ask again for its answer");
  }
  if (entry.state == State::kAnswered) {
    response->ParseFromString(entry.answer);
    return true;
  }
  *accepted = true;
  entry.state = State::kWorking;
  return false;
}

void RequestLog::Leave(const RequestKey& key, bool accepted, const absl::Status& status,
                       const google::protobuf::Message& response) {
  std::string answer = status.ok() ? response.SerializeAsString() : std::string();
  // A failed wait for what was accepted leaves it accepted.
  const bool goes_on =
      ErrorReason(status) == "CHANGE_GOES_ON" || (accepted && ErrorReason(status) == "CHANGE_NOT_BEGUN");
  absl::MutexLock lock(&mutex_);
  const auto entry = by_id_.find(Named(key))->second;
  if (!status.ok() && !goes_on) {
    Forget(entry);
    return;
  }
  entry->state = status.ok() ? State::kAnswered : State::kAccepted;
  bytes_ += answer.size();
  entry->answer = std::move(answer);
  entry->expires = now_() + kKept;
  // The order is that of the ends.
  entries_.splice(entries_.end(), entries_, entry);
  ForgetOld();
}

void RequestLog::Forget(std::list<Entry>::iterator entry) {
  bytes_ -= entry->answer.size();
  by_id_.erase(entry->id);
  entries_.erase(entry);
}

void RequestLog::ForgetOld() {
  const absl::Time now = now_();
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto next = std::next(entry);
    const bool much = entries_.size() > kMostEntries || bytes_ > kMostBytes;
    // Requests that are worked on are bounded by their calls.
    if (entry->state != State::kWorking) {
      if (entry->expires > now && !much) return;
      Forget(entry);
    }
    entry = next;
  }
}

}  // namespace binlogd
