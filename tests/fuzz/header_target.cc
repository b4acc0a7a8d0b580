// A file's bytes as they are: headers that lie, checksums, events that are cut off.
#include <algorithm>

#include "tests/fuzz/fuzz_events.h"
#include "tests/fuzz/stream_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace binlogd;
  fuzz::FuzzInput input(data, size);
  fuzz::StreamFuzzer fuzzer((input.TakeByte() & 1) == 0 ? Flavor::kMySql : Flavor::kMariaDb);
  absl::string_view rest = input.TakeRest();
  while (!rest.empty()) {
    const auto header = ParseEventHeader(rest);
    const size_t length = header.ok() ? std::min<size_t>(header->size, rest.size()) : rest.size();
    fuzzer.Feed(rest.substr(0, length));
    rest.remove_prefix(std::max<size_t>(length, 1));
  }
  fuzzer.Finish();
  return 0;
}
