// Whose a target's store is, for as long as a streamer runs.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace binlogd {

// What must be remembered of a store while the Target objects that use it come and go, one after the other. A store
// that was lost to another process stays lost until the streamer is started anew. Not thread-safe.
class StoreClaim {
 public:
  StoreClaim();

  // Random: tells what was written with this claim.
  const std::string& token() const { return token_; }
  // OK, or the error with which the store was lost.
  const absl::Status& lost() const { return lost_; }
  // The store was opened.
  void NoteHeld() { held_ = true; }
  // An operation on the store ended so: TARGET_IN_USE, permanent, after it was held loses it.
  void Note(const absl::Status& status);

  // S3: the generation of the first take that was done, or may have been because its answer was lost; 0 when there is
  // none.
  uint64_t first_taken = 0;

 private:
  const std::string token_;
  bool held_ = false;
  absl::Status lost_;
};

}  // namespace binlogd
