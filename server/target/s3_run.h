// The objects of one log file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "s3/object_store.h"
#include "target/s3_layout.h"
#include "target/s3_object_tags.h"

namespace binlogd {

// One object, by what its key and the listing tell.
struct S3Piece {
  std::string key;
  std::string name;  // The key without its folder.
  uint64_t start = 0;
  uint64_t end = 0;
  uint64_t size = 0;
};

// Where objects count from: those that begin at `offset` or later and were put by owners before `generation` do not,
// because whoever owned the prefix in that generation did not find them when it began at `offset`.
struct S3RunBase {
  uint64_t offset = 0;
  uint64_t generation = 0;
};

// The objects of a log file, in order, each beginning where the one before ends; those before the first may have
// expired. Objects that do not count, put by an owner that had lost the prefix without knowing it, are deleted; `about`
// names the target to the log's reader. With `ahead`, those that lie where the next objects come are left, and it tells
// whether there are any: one of the same key is replaced when it is put, and a DELETE of the key that the network held
// would delete what was put. DATA_LOSS, permanent (TARGET_DAMAGED): one is missing, overlaps another, has
// another size, or is not ours.
absl::StatusOr<std::vector<S3Piece>> AdoptRun(ObjectStore& store, const S3Layout& layout, const std::string& folder,
                                              const S3RunBase& base, const std::string& about, bool* ahead = nullptr);

// Deletes, of a log file's objects that begin at `from` or later, those that overlap one of a later owner: they arrived
// late, and the later owner had put the same stretch of the log by then. What is not ours, or is gone meanwhile, is
// left alone, whatever else is wrong too. `about` as above.
absl::Status DeleteLateArrivals(ObjectStore& store, const S3Layout& layout, const std::string& folder, uint64_t from,
                                const std::string& about);

// Deletes an object of an owner before `generation`, which does not count, and says so in the log. UNAVAILABLE when the
// object, asked again, is not of one.
absl::Status DeleteSuperseded(ObjectStore& store, const std::string& key, uint64_t generation,
                              const std::string& about);

}  // namespace binlogd
