// YAML text as a plain tree with line numbers.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// The most text that is read, in bytes.
inline constexpr size_t kMaxYamlBytes = 1 << 20;
// How many lists and mappings may stand within each other.
inline constexpr size_t kMaxYamlDepth = 32;
// Values in one text at most.
inline constexpr size_t kMaxYamlNodes = 100'000;

// One value. Plain data.
struct YamlNode {
  enum class Kind { kNull, kScalar, kList, kMapping };
  struct Entry;

  Kind kind = Kind::kNull;
  // Counted from 1.
  int line = 0;
  // Of a scalar: its text, and whether it was written as text (in quotes or as a block) and so is no number or word.
  std::string scalar;
  bool quoted = false;
  // Of a list.
  std::vector<YamlNode> items;
  // Of a mapping, in the order of the text; the keys differ.
  std::vector<Entry> entries;
};

struct YamlNode::Entry {
  std::string key;
  int line = 0;
  YamlNode value;
};

// The documents of a YAML or JSON text, empty ones left out. INVALID_ARGUMENT, its message beginning "ORIGIN:LINE: ",
// with the reason YAML_SYNTAX (not YAML, not UTF-8, too large or too deep, an alias or a tag) or DUPLICATE_FIELD.
absl::StatusOr<std::vector<YamlNode>> ParseYaml(absl::string_view text, absl::string_view origin);

}  // namespace binlogd
