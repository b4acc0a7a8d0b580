// Whose a target's store is, for as long as a streamer runs.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace binlogd {

// That somebody took a store into sole possession, as the store has it on record. Plain data.
struct StoreTake {
  uint64_t generation = 0;  // Grows by one with each take; 0: nobody's.
  std::string instance;     // The token of the claim with which it was taken.
  std::string host;         // Where that is, and since when (RFC 3339): for people.
  std::string since;
};

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

  // What is to go on record now, in place of the take of `generation`. It counts from now on: a store whose answer is
  // lost may have it.
  StoreTake TakeAfter(uint64_t generation);
  // Whether `take`, which is on record, is another's and came after one of this claim, or may have.
  bool WasTakenBy(const StoreTake& take);

 private:
  const std::string token_;
  bool held_ = false;
  absl::Status lost_;
  // The generation of the first take that was done, or may have been because its answer was lost; 0 when there is none.
  uint64_t first_taken_ = 0;
};

}  // namespace binlogd
