// A run of events. Input: 1 flavor; for each event 1 type, 2 flags, 2 length of its body, the body.
#include "tests/fuzz/fuzz_events.h"
#include "tests/fuzz/stream_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace binlogd;
  fuzz::FuzzInput input(data, size);
  fuzz::StreamFuzzer fuzzer((input.TakeByte() & 1) == 0 ? Flavor::kMySql : Flavor::kMariaDb);
  while (!input.empty()) {
    const uint8_t type = input.TakeByte();
    const uint16_t flags = input.TakeNumber();
    fuzzer.Feed(fuzz::MakeFuzzEvent(type, flags, input.TakePart()));
  }
  fuzzer.Finish();
  return 0;
}
