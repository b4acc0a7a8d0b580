#include "fleet/path_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <limits>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/logging.h"
#include "fleet/declaration.h"

namespace binlogd {
namespace {

namespace fs = std::filesystem;

// All is quiet when nothing has happened for this long; longer than kMostUnquiet is not waited for it.
constexpr absl::Duration kQuiet = absl::Milliseconds(200);
constexpr absl::Duration kMostUnquiet = absl::Seconds(2);

constexpr uint32_t kInFolder = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;
constexpr uint32_t kOfFolder = IN_DELETE_SELF | IN_MOVE_SELF;
// Come without being asked for.
constexpr uint32_t kUnasked = IN_Q_OVERFLOW | IN_UNMOUNT;

}  // namespace

PathWatch::PathWatch(std::vector<std::string> paths)
    : events_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), wake_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  for (const std::string& path : paths) {
    std::error_code error;
    fs::path absolute = fs::absolute(path, error).lexically_normal();
    if (!absolute.has_filename()) absolute = absolute.parent_path();  // "folder/"
    paths_.push_back(absolute.string());
  }
  Arm();
}

void PathWatch::WarnOnce(int error_number) {
  if (std::exchange(warned_, true)) return;
  Log(LogLevel::kWarning, "server",
      absl::StrCat("changes of spec files may not be noticed (inotify: ", std::strerror(error_number),
                   "); send SIGHUP after each, or raise fs.inotify.max_user_watches and max_user_instances"));
}

void PathWatch::Arm() {
  std::map<int, Place> places;
  for (const std::string& path : paths_) {
    // From the root down: what comes to be below a folder that is watched already is not missed.
    fs::path folder;
    for (const fs::path& part : fs::path(path)) {
      if (!folder.empty()) WatchFolder(folder.string(), part.string(), &places);
      folder /= part;
    }
    WatchFolder(path, "", &places);
  }
  for (const auto& [watch, place] : places_) {
    if (places.count(watch) == 0) inotify_rm_watch(events_.get(), watch);
  }
  places_ = std::move(places);
}

void PathWatch::WatchFolder(const std::string& folder, const std::string& name, std::map<int, Place>* places) {
  const int watch = inotify_add_watch(events_.get(), folder.c_str(), kInFolder | kOfFolder | IN_ONLYDIR);
  if (watch < 0) {
    // Not there, not a folder, or not ours to see: the one above tells when that changes.
    const bool usual = errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP;
    if (!usual) WarnOnce(errno);
    return;
  }
  Place& place = (*places)[watch];
  if (name.empty()) {
    place.spec_files = true;
  } else {
    // A single file of a ConfigMap is a link through "..data".
    place.names.insert({name, "..data"});
  }
}

bool PathWatch::Counts(int watch, uint32_t mask, absl::string_view name) const {
  if ((mask & (kOfFolder | kUnasked)) != 0) return true;
  const auto place = places_.find(watch);
  if (place == places_.end()) return false;
  if (place->second.names.count(std::string(name)) != 0) return true;
  return place->second.spec_files && (IsSpecFileName(name) || name == "..data");
}

bool PathWatch::TakeEvents() {
  bool counts = false;
  alignas(inotify_event) char buffer[16 * 1024];
  for (;;) {
    const ssize_t size = read(events_.get(), buffer, sizeof(buffer));
    if (size <= 0) return counts;
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      const absl::string_view name = event->len == 0 ? absl::string_view() : absl::string_view(event->name);
      counts = Counts(event->wd, event->mask, name) || counts;
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
}

bool PathWatch::TakeWake() {
  uint64_t count = 0;
  return read(wake_.get(), &count, sizeof(count)) == sizeof(count);
}

bool PathWatch::AwaitInput(absl::Time deadline) const {
  for (;;) {
    // Rounded up, so that a deadline that is near is waited for.
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now() + absl::Microseconds(999));
    const int timeout = static_cast<int>(std::clamp<int64_t>(left, 0, std::numeric_limits<int>::max()));
    pollfd inputs[] = {{events_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    const int ready = poll(inputs, 2, deadline == absl::InfiniteFuture() ? -1 : timeout);
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

void PathWatch::Wait(absl::Time deadline) {
  bool changed = false;
  absl::Time unquiet = absl::InfiniteFuture();
  while (AwaitInput(changed ? std::min(absl::Now() + kQuiet, unquiet) : deadline)) {
    if (TakeWake()) break;
    if (!TakeEvents()) continue;
    if (!changed) unquiet = absl::Now() + kMostUnquiet;
    changed = true;
  }
  Arm();
}

void PathWatch::Wake() {
  const uint64_t one = 1;
  // Fails only when it is awake already.
  (void)!write(wake_.get(), &one, sizeof(one));
}

}  // namespace binlogd
