// A compressed transaction. Input: 1 what follows; 0: the event's body as it is; 1: events as in the stream target,
// which are packed without compression.
#include <string>

#include "tests/fuzz/fuzz_events.h"
#include "tests/fuzz/stream_fuzz.h"

namespace binlogd::fuzz {
namespace {

// Layout: fields, each code, length and value as length-encoded numbers (1 size, 2 compression); 0; the payload.
std::string PackEvents(absl::string_view events) {
  constexpr char kNoCompression[] = "\x02\x03\xfc\xff";
  std::string body(kNoCompression, 4);
  body.push_back('\0');
  body += "\x01\x09\xfe";
  AppendLittle(events.size(), 8, &body);
  body.push_back('\0');
  body.append(events.data(), events.size());
  return body;
}

}  // namespace
}  // namespace binlogd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace binlogd;
  fuzz::FuzzInput input(data, size);
  const bool packs = (input.TakeByte() & 1) != 0;
  std::string body(packs ? "" : input.TakeRest());
  if (packs) {
    std::string events;
    while (!input.empty()) {
      const uint8_t type = input.TakeByte();
      const uint16_t flags = input.TakeNumber();
      events += fuzz::MakeFuzzEvent(type, flags, input.TakePart());
    }
    body = fuzz::PackEvents(events);
  }
  fuzz::StreamFuzzer fuzzer(Flavor::kMySql);
  fuzzer.Feed(fuzz::MakeFuzzEvent(static_cast<uint8_t>(EventType::kTransactionPayload), 0, body));
  fuzzer.Finish();
  return 0;
}
