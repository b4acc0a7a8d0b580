#include "target/kafka_topic_names.h"

#include <libdeflate.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
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

// How a template's {database} and {table} are kept apart.
enum class Separation {
  kSure,      // By a '.', which no part has; or there is only one of the two.
  kByDashes,  // By a '-', as long as no name has one.
  kNone
};

Separation SeparationOf(absl::string_view topic_template) {
  Separation least = Separation::kSure;
  absl::string_view last;
  size_t last_end = 0;
  for (size_t i = 0; i < topic_template.size(); ++i) {
    for (const absl::string_view placeholder : {absl::string_view("{database}"), absl::string_view("{table}")}) {
      if (!absl::StartsWith(topic_template.substr(i), placeholder)) continue;
      const absl::string_view between = topic_template.substr(last_end, i - last_end);
      if (!last.empty() && last != placeholder && !absl::StrContains(between, ".")) {
        least = std::max(least, absl::StrContains(between, "-") ? Separation::kByDashes : Separation::kNone);
      }
      last = placeholder;
      last_end = i + placeholder.size();
    }
  }
  return least;
}

}  // namespace

bool KafkaTopicTellsTablesApart(absl::string_view topic_template, absl::string_view streamer) {
  return SeparationOf(absl::StrReplaceAll(topic_template, {{"{streamer}", streamer}})) != Separation::kNone;
}

std::string KafkaTopicName(absl::string_view topic_template, absl::string_view streamer, absl::string_view database,
                           absl::string_view table) {
  std::string name = absl::StrReplaceAll(topic_template, {{"{streamer}", streamer}});
  std::string told;  // Of the names that the template asks for, those that the topic's name may not tell apart.
  bool changed = false;
  const bool needs_dashes = SeparationOf(name) == Separation::kByDashes;
  for (const auto& [placeholder, value] : {std::pair{"{database}", database}, std::pair{"{table}", table}}) {
    const std::string part = Part(value);
    if (absl::StrReplaceAll({{placeholder, part}}, &name) == 0) continue;
    changed = changed || (!value.empty() && part != value) || (needs_dashes && absl::StrContains(value, "-"));
    absl::StrAppend(&told, value, absl::string_view("\0", 1));
  }
  if (!changed && name.size() <= kMostBytes) return name;
  name.resize(std::min(name.size(), kMostBytes - kSuffixBytes));
  return absl::StrFormat("%s-%08x", name, libdeflate_crc32(0, told.data(), told.size()));
}

}  // namespace binlogd
