#include "fleet/path_watch.h"

#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <iterator>
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

// As many as the system follows.
constexpr int kMostLinks = 40;

constexpr uint32_t kInFolder = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;
constexpr uint32_t kOfFolder = IN_DELETE_SELF | IN_MOVE_SELF;
// Come without being asked for.
constexpr uint32_t kUnasked = IN_Q_OVERFLOW | IN_UNMOUNT;

}  // namespace

PathWatch::PathWatch(std::vector<std::string> paths) : events_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
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
  Places places;
  for (const std::string& path : paths_) {
    WatchWay(path, kMostLinks, &places);
    WatchFolder(path, "", &places);
    WatchLinksIn(path, &places);
  }
  for (const auto& [watch, place] : places_) {
    if (places.count(watch) == 0) inotify_rm_watch(events_.get(), watch);
  }
  places_ = std::move(places);
}

void PathWatch::WatchWay(const std::string& path, int links, Places* places) {
  // From the root down: what comes to be below a folder that is watched already is not missed.
  fs::path folder;
  const fs::path whole(path);
  for (auto part = whole.begin(); part != whole.end(); ++part) {
    if (part->empty()) continue;  // Behind a last '/'.
    if (!folder.empty()) WatchFolder(folder.string(), part->string(), places);
    const fs::path here = folder / *part;
    std::error_code error;
    const fs::path to = fs::read_symlink(here, error);
    if (!error && links > 0) {
      // An absolute one begins anew. Not made normal: behind a link ".." is the folder above what it points to.
      fs::path way = folder / to;
      for (auto rest = std::next(part); rest != whole.end(); ++rest) way /= *rest;
      return WatchWay(way.string(), links - 1, places);
    }
    folder = here;
  }
}

void PathWatch::WatchLinksIn(const std::string& folder, Places* places) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code unknown;
    if (!IsSpecFileName(entry->path().filename().string()) || !entry->is_symlink(unknown)) continue;
    WatchWay(entry->path().string(), kMostLinks, places);
  }
}

void PathWatch::WatchFolder(const std::string& folder, const std::string& name, Places* places) {
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
    place.names.insert(name);
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

bool PathWatch::AwaitInput(absl::Time deadline) const {
  for (;;) {
    // Rounded up, so that a deadline that is near is waited for.
    const int64_t left = absl::ToInt64Milliseconds(deadline - absl::Now() + absl::Microseconds(999));
    const int timeout = static_cast<int>(std::clamp<int64_t>(left, 0, std::numeric_limits<int>::max()));
    pollfd inputs[] = {{events_.get(), POLLIN, 0}, {wake_.descriptor(), POLLIN, 0}};
    const int ready = poll(inputs, 2, deadline == absl::InfiniteFuture() ? -1 : timeout);
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

void PathWatch::Wait(absl::Time deadline) {
  bool changed = false;
  absl::Time unquiet = absl::InfiniteFuture();
  while (AwaitInput(changed ? std::min(absl::Now() + kQuiet, unquiet) : deadline)) {
    if (wake_.Take()) break;
    if (!TakeEvents()) continue;
    if (!changed) unquiet = absl::Now() + kMostUnquiet;
    changed = true;
  }
  Arm();
}

void PathWatch::Wake() { wake_.Raise(); }

}  // namespace binlogd
