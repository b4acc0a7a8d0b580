#include "target/kafka_topic_names.h"

#include <libdeflate.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"

namespace binlogd {
namespace {

constexpr size_t kMostBytes = 249;
constexpr size_t kSuffixBytes = 9;

// A name as a part of the topic's.
std::string Part(absl::string_view name) {
  std::string part(name.empty() ? "_" : name);
  for (char& c : part) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '_' && c != '-') c = '_';
  }
  return part;
}

}  // namespace

std::string KafkaTopicName(absl::string_view topic_template, absl::string_view streamer, absl::string_view database,
                           absl::string_view table) {
  std::string name = absl::StrReplaceAll(topic_template, {{"{streamer}", streamer}});
  std::string told;  // Of the names that the template asks for, those that the topic's name may not tell apart.
  bool changed = false;
  for (const auto& [placeholder, value] : {std::pair{"{database}", database}, std::pair{"{table}", table}}) {
    const std::string part = Part(value);
    if (absl::StrReplaceAll({{placeholder, part}}, &name) == 0) continue;
    changed = changed || (!value.empty() && part != value);
    absl::StrAppend(&told, value, absl::string_view("\0", 1));
  }
  if (!changed && name.size() <= kMostBytes) return name;
  name.resize(std::min(name.size(), kMostBytes - kSuffixBytes));
  return absl::StrFormat("%s-%08x", name, libdeflate_crc32(0, told.data(), told.size()));
}

}  // namespace binlogd
