#include "tests/differential/json_patch.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/strip.h"

namespace binlogd::testing {
namespace {

using Json = nlohmann::json;

// A step of a path: a member's name as a string, or an index as a number.
bool TakeStep(absl::string_view* path, Json* step) {
  if (absl::ConsumePrefix(path, "[")) {
    const size_t end = path->find(']');
    uint64_t index = 0;
    if (end == absl::string_view::npos || !absl::SimpleAtoi(path->substr(0, end), &index)) return false;
    path->remove_prefix(end + 1);
    *step = index;
    return true;
  }
  if (!absl::ConsumePrefix(path, ".") || path->empty()) return false;
  size_t size = 0;
  if (path->front() == '"') {
    for (size = 1; size < path->size() && (*path)[size] != '"'; ++size) size += (*path)[size] == '\\' ? 1 : 0;
    if (size >= path->size()) return false;
    ++size;
    *step = Json::parse(path->substr(0, size), nullptr, false);
  } else {
    while (size < path->size() && (*path)[size] != '.' && (*path)[size] != '[') ++size;
    *step = std::string(path->substr(0, size));
  }
  path->remove_prefix(size);
  return step->is_string();
}

// The value that a step leads to; null when there is none.
Json* Follow(const Json& step, Json* container) {
  if (step.is_string()) {
    if (!container->is_object()) return nullptr;
    const auto member = container->find(step.get_ref<const std::string&>());
    return member == container->end() ? nullptr : &*member;
  }
  const size_t index = step.get<size_t>();
  return container->is_array() && index < container->size() ? &(*container)[index] : nullptr;
}

bool Remove(const Json& step, Json* container) {
  if (Follow(step, container) == nullptr) return false;
  if (step.is_string()) {
    container->erase(step.get_ref<const std::string&>());
  } else {
    container->erase(step.get<size_t>());
  }
  return true;
}

bool Insert(const Json& step, const Json& value, Json* container) {
  if (step.is_string()) {
    return container->is_object() && container->emplace(step.get_ref<const std::string&>(), value).second;
  }
  if (!container->is_array()) return false;
  const size_t index = std::min(step.get<size_t>(), container->size());
  container->insert(container->begin() + static_cast<std::ptrdiff_t>(index), value);
  return true;
}

bool Apply(const Json& difference, Json* document) {
  if (!difference.is_object() || !difference.contains("op") || !difference.contains("path")) return false;
  const std::string op = difference["op"].get<std::string>();
  const std::string path_text = difference["path"].get<std::string>();
  absl::string_view path = path_text;
  if (!absl::ConsumePrefix(&path, "$") || (op != "remove" && !difference.contains("value"))) return false;
  if (path.empty()) {
    if (op != "replace") return false;
    *document = difference["value"];
    return true;
  }
  Json* container = document;
  Json step;
  if (!TakeStep(&path, &step)) return false;
  while (!path.empty()) {
    container = Follow(step, container);
    if (container == nullptr || !TakeStep(&path, &step)) return false;
  }
  if (op == "remove") return Remove(step, container);
  if (op == "insert") return Insert(step, difference["value"], container);
  Json* const place = Follow(step, container);
  if (op != "replace" || place == nullptr) return false;
  *place = difference["value"];
  return true;
}

}  // namespace

bool ApplyJsonDifferences(absl::string_view differences, std::string* document) {
  const Json list = Json::parse(differences, nullptr, false);
  Json changed = Json::parse(*document, nullptr, false);
  if (!list.is_array() || changed.is_discarded()) return false;
  for (const Json& difference : list) {
    if (!Apply(difference, &changed)) return false;
  }
  *document = changed.dump();
  return true;
}

bool SameJsonDocument(absl::string_view a, absl::string_view b) {
  const Json one = Json::parse(a, nullptr, false);
  return !one.is_discarded() && one == Json::parse(b, nullptr, false);
}

}  // namespace binlogd::testing
