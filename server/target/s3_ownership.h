// Whose the prefix of an S3 target is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "s3/object_store.h"
#include "target/position_record.h"
#include "target/store_claim.h"

namespace binlogd {

// A log file in which delivery stood when a prefix was taken, once or again.
struct S3Take {
  std::string place;      // EPOCH/FILE.
  uint64_t offset = 0;    // The least at which an object of an earlier owner that arrives late can begin.
  int64_t last_time = 0;  // When it was taken there last; seconds since 1970.
};

// PREFIX/.binlogd/owner.json (docs/s3.md): who delivers below the prefix, and the base from which on objects count. It
// is only ever replaced on the condition that it is what was read or written last, so of two who believe that they own
// the prefix one fails at its next change. Each time it is taken its generation grows by one, and objects carry the
// generation of whoever put them. Not thread-safe.
class S3Ownership {
 public:
  // What goes on record: with the last take,
  struct Record : StoreTake {
    std::string owner;  // the streamer and target.
    std::string format;
    // What is durable, with `output_file` EPOCH/FILE, the log file whose objects come next, and `output_length`, the
    // offset at which they do. Null until the first epoch begins. Objects that begin there or later and were put by
    // owners before `base_generation` do not count.
    std::optional<PositionRecord> base;
    uint64_t base_generation = 0;
    std::string file_gtid_set;    // Where that log file begins.
    uint64_t finished_files = 0;  // Of the epoch, before that log file; each has a manifest.
    // What is durable once there is an object of the key, whose own metadata has no room for it.
    std::optional<PositionRecord> next;
    std::string next_key;
    // Where the prefix was taken lately, each log file once: what earlier owners sent may still arrive there.
    std::vector<S3Take> takes;
  };

  // `store` outlives it.
  S3Ownership(ObjectStore* store, std::string key, std::string owner, std::string format);

  // Reads the record. NOT_FOUND when nobody owns the prefix yet. FAILED_PRECONDITION, permanent: it is another owner's,
  // or another took it after the claim did (TARGET_IN_USE, with its name), or it is of another format
  // (TARGET_FORMAT_MISMATCH); DATA_LOSS, permanent (TARGET_DAMAGED): somebody edited it.
  absl::Status Read(StoreClaim& claim);
  // Whether a prefix above `prefix`, which is empty or ends with '/', is owned ("" and "a/" are above "a/b/"):
  // FAILED_PRECONDITION, permanent (TARGET_PREFIX_IN_USE, with the owner's name), for that owner would find what is not
  // his. One that may not be looked at is taken for nobody's.
  absl::Status CheckAbove(const std::string& prefix) const;
  // Becomes the owner, in a new generation. ABORTED when another took it at the same moment.
  absl::Status Take(StoreClaim& claim);
  const Record& record() const { return record_; }

  // These change the record; they and Check fail with FAILED_PRECONDITION (TARGET_IN_USE), permanent, when another has
  // taken the prefix, which only the record itself tells; ABORTED (OBJECT_CHANGED) when it is this owner's and yet not
  // as written last, because a request whose answer was lost was done later.
  absl::Status SetBase(const PositionRecord& base, const std::string& file_gtid_set, uint64_t finished_files);
  absl::Status Announce(const PositionRecord& base, const PositionRecord& next, const std::string& next_key);
  // Asks whether the record still stands as written last.
  absl::Status Check();
  // Leaves takes before `time` out of the record, with its next change.
  void ForgetTakes(absl::Time time);

 private:
  static absl::Status Parse(const std::string& key, const Object& object, Record* record);
  // Reads a record, again when it seems to be damaged.
  absl::StatusOr<Object> Fetch(const std::string& key, Record* record) const;
  absl::Status Write(Record record);
  // The record was found under another etag, or so it was said: OK, with the etag noted, when it is as written last.
  absl::Status Settle(const Object& object, const Record& found);
  absl::Status TakenBy(const Record& other) const;

  ObjectStore* const store_;
  const std::string key_;
  const std::string owner_;
  const std::string format_;
  Record record_;
  std::string etag_;  // Of the record; empty while there is none.
  std::string text_;  // The record as it was read or written last.
};

}  // namespace binlogd
