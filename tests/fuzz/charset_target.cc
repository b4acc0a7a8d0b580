// Text in some character set. Input: 1 character set, the text.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

#include "binlog/charset.h"
#include "binlog/utf8.h"
#include "tests/fuzz/fuzz_events.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace binlogd;
  fuzz::FuzzInput input(data, size);
  const Charset charset = static_cast<Charset>(input.TakeByte() % (static_cast<int>(Charset::kOther) + 1));
  const absl::string_view rest = input.TakeRest();
  const std::unique_ptr<char[]> block(new char[rest.size()]);
  std::memcpy(block.get(), rest.data(), rest.size());
  const absl::string_view text(block.get(), rest.size());
  std::string out = "x";
  const bool converted = AppendAsUtf8(charset, text, &out);
  if (!converted && out != "x") std::abort();
  const bool stays = charset == Charset::kUtf8 || charset == Charset::kNotTold;
  if (converted && !stays && !IsUtf8(out)) std::abort();
  if (converted && IsAsciiKept(charset) && AsciiPrefix(text) == text.size() && out.substr(1) != text) std::abort();
  return 0;
}
