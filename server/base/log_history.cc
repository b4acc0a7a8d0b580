#include "base/log_history.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/utf8.h"

namespace binlogd {
namespace {

// Those of all subjects. Who made one owns it.
struct Registry {
  absl::Mutex mutex;
  std::map<std::string, std::weak_ptr<LogHistory>, std::less<>> histories ABSL_GUARDED_BY(mutex);
};

Registry& TheRegistry() {
  static Registry& registry = *new Registry;
  return registry;
}

// On one line, valid UTF-8 as messages need it, and not longer than a history takes.
std::string LineText(absl::string_view text) {
  std::string line;
  while (!text.empty()) {
    const size_t length = Utf8CharacterLength(text);
    const absl::string_view character = text.substr(0, std::max<size_t>(length, 1));
    text.remove_prefix(character.size());
    if (line.size() + character.size() > LogHistory::kMostLineBytes) return absl::StrCat(line, "…");
    if (length == 0) {
      absl::StrAppend(&line, "?");
    } else {
      absl::StrAppend(&line, character == "\n" || character == "\r" ? " " : character);
    }
  }
  return line;
}

}  // namespace

std::shared_ptr<LogHistory> LogHistory::Find(absl::string_view subject) {
  Registry& registry = TheRegistry();
  absl::MutexLock lock(&registry.mutex);
  const auto found = registry.histories.find(std::string(subject));
  return found == registry.histories.end() ? nullptr : found->second.lock();
}

std::shared_ptr<LogHistory> LogHistory::Of(absl::string_view subject) {
  Registry& registry = TheRegistry();
  absl::MutexLock lock(&registry.mutex);
  std::erase_if(registry.histories, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<LogHistory>& place = registry.histories[std::string(subject)];
  std::shared_ptr<LogHistory> history = place.lock();
  // A history's own lock is always the inner one.
  if (history != nullptr && history->closed().ok()) return history;
  history = std::make_shared<LogHistory>();
  place = history;
  return history;
}

LogHistory::LogHistory() : next_number_(static_cast<uint64_t>(absl::ToUnixMicros(absl::Now()))) {}

void LogHistory::Add(LogLevel level, absl::string_view text) {
  {
    absl::MutexLock lock(&mutex_);
    if (!closed_.ok()) return;
    lines_.push_back(LogLine{next_number_++, absl::Now(), level, LineText(text), file_, offset_});
    bytes_ += lines_.back().text.size();
    while (lines_.size() > kMostLines || bytes_ > kMostBytes) {
      bytes_ -= lines_.front().text.size();
      lines_.pop_front();
    }
  }
  WakeAll();
}

void LogHistory::SetPlace(absl::string_view file, uint64_t offset) {
  absl::MutexLock lock(&mutex_);
  file_.assign(file.data(), file.size());
  offset_ = offset;
}

void LogHistory::GetPlace(std::string* file, uint64_t* offset) const {
  absl::MutexLock lock(&mutex_);
  *file = file_;
  *offset = offset_;
}

std::vector<LogLine> LogHistory::Lines(uint64_t after, size_t most) const {
  absl::MutexLock lock(&mutex_);
  auto first = std::find_if(lines_.begin(), lines_.end(), [after](const LogLine& line) { return line.number > after; });
  const auto there = static_cast<size_t>(lines_.end() - first);
  if (there > most) first += static_cast<std::ptrdiff_t>(there - most);
  return std::vector<LogLine>(first, lines_.end());
}

absl::StatusOr<std::shared_ptr<LogHistory::Follower>> LogHistory::Follow(std::function<void()> wake) {
  absl::MutexLock lock(&mutex_);
  std::erase_if(followers_, [](const auto& follower) { return follower.expired(); });
  if (followers_.size() >= kMostFollowers) {
    return MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_FOLLOWERS",
                     absl::StrCat(kMostFollowers, " calls follow its log already: end one"));
  }
  auto follower = std::make_shared<Follower>(std::move(wake));
  followers_.push_back(follower);
  return follower;
}

void LogHistory::Close(const absl::Status& why) {
  {
    absl::MutexLock lock(&mutex_);
    if (!closed_.ok()) return;
    closed_ = why;
  }
  WakeAll();
}

absl::Status LogHistory::closed() const {
  absl::MutexLock lock(&mutex_);
  return closed_;
}

void LogHistory::WakeAll() {
  std::vector<std::shared_ptr<Follower>> followers;
  {
    absl::MutexLock lock(&mutex_);
    for (const std::weak_ptr<Follower>& weak : followers_) {
      if (auto follower = weak.lock()) followers.push_back(std::move(follower));
    }
  }
  for (const auto& follower : followers) follower->Wake();
}

}  // namespace binlogd
