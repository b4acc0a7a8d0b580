// A disk that can be full.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace binlogd::testing {

// A file system in memory, mounted on a directory that only this process and those that it starts from now on see, and
// that goes with them. Make it on the thread that starts the others. Not thread-safe.
class SmallDisk {
 public:
  // `directory` must be there. UNAVAILABLE with the reason when this machine lets nobody do that.
  static absl::StatusOr<std::unique_ptr<SmallDisk>> Mount(const std::string& directory, uint64_t bytes);
  ~SmallDisk();

  // Takes this share of what is free, and at least a page.
  absl::Status Take(double share);
  // Leaves no byte free.
  absl::Status Fill();
  // Frees them again.
  void Free();

 private:
  explicit SmallDisk(std::string directory) : directory_(std::move(directory)) {}
  std::string Ballast() const { return directory_ + "/ballast"; }

  const std::string directory_;
};

}  // namespace binlogd::testing
