// Notices that files and folders change.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "base/event_file.h"
#include "base/file.h"

namespace binlogd {

// Tells when what stands at some paths may have changed: a file that was written and closed, put there, taken away or
// made readable; a folder, or one above it, that comes or goes. Of a folder, spec files count (fleet/declaration.h),
// and the link "..data" by which Kubernetes exchanges a whole ConfigMap. Links are followed, those of spec files in a
// folder too: what they point to counts as what stands in their place, and so does each link on the way.
//
// Not noticed: a file that is written by another of its hard links, and what other machines do to a network folder.
// Used by one thread, but for Wake().
class PathWatch {
 public:
  // Whatever happens from now on is noticed. Where the system has no watch to give, the log says so, and Wait()
  // returns for Wake() and the deadline.
  explicit PathWatch(std::vector<std::string> paths);

  // Waits for a change, and then until all is quiet, so that one exchange of many files is one change; or for Wake(),
  // or until `deadline`.
  void Wait(absl::Time deadline);
  // Has the Wait() that runs, or the next one, return. Thread-safe.
  void Wake();

 private:
  // A folder that is watched.
  struct Place {
    std::set<std::string> names;  // Those in it that count.
    bool spec_files = false;      // And spec files and "..data".
  };
  using Places = std::map<int, Place>;
  // Watches every folder on the way to each path, as far as it is there.
  void Arm();
  // All that leads to `path`: at most `links` links are followed.
  void WatchWay(const std::string& path, int links, Places* places);
  // What leads to the spec files in a folder that are links.
  void WatchLinksIn(const std::string& folder, Places* places);
  void WatchFolder(const std::string& folder, const std::string& name, Places* places);
  // Takes the events that are there; whether one of them counts.
  bool TakeEvents();
  bool Counts(int watch, uint32_t mask, absl::string_view name) const;
  // Waits until there is something to take, or until `deadline` (false).
  bool AwaitInput(absl::Time deadline) const;
  void WarnOnce(int error_number);

  std::vector<std::string> paths_;  // Absolute.
  FileDescriptor events_;
  EventFile wake_;
  Places places_;  // By watch.
  bool warned_ = false;
};

}  // namespace binlogd
