// GTID sets: their text and their binary forms. Input: 1 form, the set.
#include <cstdlib>

#include "binlog/gtid_set.h"
#include "tests/fuzz/fuzz_events.h"

namespace binlogd::fuzz {
namespace {

// What was read is written and read again as the same set.
void CheckSet(const GtidSet& set) {
  const auto again = GtidSet::Parse(set.flavor(), set.ToString());
  if (!again.ok() || !(*again == set) || !set.Contains(*again)) std::abort();
  if (set.flavor() == Flavor::kMySql) {
    const auto decoded = GtidSet::ParsePreviousGtids(set.Encode());
    if (!decoded.ok() || !(*decoded == set)) std::abort();
  }
  GtidSet sum = set;
  sum.Add(*again);
  if (!(sum == set)) std::abort();
}

absl::StatusOr<GtidSet> ParseForm(uint8_t form, absl::string_view bytes) {
  switch (form & 3) {
    case 0: return GtidSet::Parse(Flavor::kMySql, bytes);
    case 1: return GtidSet::Parse(Flavor::kMariaDb, bytes);
    case 2: return GtidSet::ParsePreviousGtids(bytes);
    default: return GtidSet::ParseGtidList(bytes);
  }
}

}  // namespace
}  // namespace binlogd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  binlogd::fuzz::FuzzInput input(data, size);
  const uint8_t form = input.TakeByte();
  const auto set = binlogd::fuzz::ParseForm(form, input.TakeRest());
  if (set.ok()) binlogd::fuzz::CheckSet(*set);
  return 0;
}
