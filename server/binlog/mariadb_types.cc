#include "binlog/mariadb_types.h"

#include <array>
#include <cstddef>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace binlogd {
namespace {

constexpr size_t kMostBytes = 16;
using Bytes = std::array<uint8_t, kMostBytes>;

// The bytes in the order of the text, though the server's storage engines may hold them in another.
void AppendUuid(const Bytes& bytes, std::string* out) {
  const std::string digits =
      absl::BytesToHexString(absl::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  const absl::string_view text = digits;
  absl::StrAppend(out, text.substr(0, 8), "-", text.substr(8, 4), "-", text.substr(12, 4), "-", text.substr(16, 4));
  absl::StrAppend(out, "-", text.substr(20));
}

void AppendInet4(const uint8_t* bytes, std::string* out) {
  absl::StrAppend(out, bytes[0], ".", bytes[1], ".", bytes[2], ".", bytes[3]);
}

// The longest run of zero words, the first of several that are as long; it is written "::".
struct Gap {
  size_t begin = 0;
  size_t size = 0;
};

Gap LongestGap(const std::array<uint16_t, 8>& words) {
  Gap longest;
  Gap gap;
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] != 0) {
      gap.size = 0;
      continue;
    }
    if (gap.size++ == 0) gap.begin = i;
    if (gap.size > longest.size) longest = gap;
  }
  return longest;
}

void AppendInet6(const Bytes& bytes, std::string* out) {
  std::array<uint16_t, 8> words;
  for (size_t i = 0; i < words.size(); ++i) words[i] = static_cast<uint16_t>(bytes[2 * i] << 8 | bytes[2 * i + 1]);
  const Gap gap = LongestGap(words);
  // Addresses of IPv4 in IPv6: compatible and mapped.
  const bool is_inet4 = gap.begin == 0 && (gap.size == 6 || (gap.size == 5 && words[5] == 0xffff));
  const size_t count = is_inet4 ? 6 : words.size();
  bool separate = false;
  for (size_t i = 0; i < count; ++i) {
    if (gap.size > 0 && i == gap.begin) {
      out->append("::");
      separate = false;
      i += gap.size - 1;
      continue;
    }
    absl::StrAppend(out, separate ? ":" : "", absl::Hex(words[i]));
    separate = true;
  }
  if (!is_inet4) return;
  if (separate) out->push_back(':');
  AppendInet4(bytes.data() + 12, out);
}

}  // namespace

bool AppendFixedBinary(FixedBinaryType type, absl::string_view bytes, std::string* out) {
  const size_t size = type == FixedBinaryType::kInet4 ? 4 : kMostBytes;
  if (bytes.size() > size) return false;
  Bytes whole{};
  std::memcpy(whole.data(), bytes.data(), bytes.size());
  switch (type) {
    case FixedBinaryType::kUuid: AppendUuid(whole, out); return true;
    case FixedBinaryType::kInet6: AppendInet6(whole, out); return true;
    case FixedBinaryType::kInet4: AppendInet4(whole.data(), out); return true;
    case FixedBinaryType::kNotTold: break;
  }
  return false;
}

}  // namespace binlogd
