#include "binlog/json_diff.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "base/status_macros.h"
#include "binlog/json_binary.h"
#include "binlog/json_container.h"
#include "binlog/json_path.h"
#include "binlog/json_text.h"

namespace binlogd {
namespace {

struct Difference {
  enum Operation : uint8_t { kReplace = 0, kInsert = 1, kRemove = 2 };
  uint8_t operation = kReplace;
  absl::string_view path;
  JsonView value;
};

absl::Status ReadDifference(ByteReader* reader, Difference* difference) {
  uint64_t length = 0;
  absl::string_view value;
  if (!reader->ReadU8(&difference->operation) || !reader->ReadLengthEncoded(&length) ||
      !reader->ReadBytes(length, &difference->path)) {
    return BadJson("a difference is cut short");
  }
  if (difference->operation > Difference::kRemove) {
    return BadJson(absl::StrCat("unknown operation ", difference->operation));
  }
  if (difference->operation == Difference::kRemove) return absl::OkStatus();
  if (!reader->ReadLengthEncoded(&length) || !reader->ReadBytes(length, &value) ||
      !ParseJsonDocument(value, &difference->value)) {
    return BadJson("a difference is cut short");
  }
  return absl::OkStatus();
}

struct Member;

// A value as it was logged, or, once something inside it has changed, a container of members of its own.
struct Node {
  JsonView view;
  bool opened = false;
  std::vector<Member> members;
};

struct Member {
  absl::string_view key;  // In an object.
  JsonView view;          // Unless there is a node.
  std::unique_ptr<Node> node;
};

// The servers' order of an object's keys.
bool KeyBefore(absl::string_view a, absl::string_view b) { return a.size() != b.size() ? a.size() < b.size() : a < b; }

// A document that differences are applied to. Only containers on the way to a change are taken apart.
class PatchedDocument {
 public:
  PatchedDocument(const JsonView& document, size_t input_bytes) : most_members_(input_bytes) { root_.view = document; }

  absl::Status Apply(const Difference& difference) {
    std::vector<JsonPathLeg> legs;
    if (!ParseJsonPath(difference.path, &legs) || legs.empty()) return DoesNotFit(difference);
    Node* parent = &root_;
    RETURN_IF_ERROR(OpenNode(parent));
    for (size_t i = 0; i + 1 < legs.size(); ++i) {
      Member* const member = parent->opened ? Find(parent, legs[i]) : nullptr;
      if (member == nullptr) return DoesNotFit(difference);
      if (member->node == nullptr) {
        member->node = std::make_unique<Node>();
        member->node->view = member->view;
      }
      parent = member->node.get();
      RETURN_IF_ERROR(OpenNode(parent));
    }
    if (!parent->opened || parent->view.is_object() == legs.back().is_index) return DoesNotFit(difference);
    moved_ += parent->members.size();
    if (moved_ > kMostMoved) return BadJson("differences of too large arrays");
    return Change(difference, legs.back(), parent) ? absl::OkStatus() : DoesNotFit(difference);
  }

  absl::Status Print(size_t most_size, std::string* out) const { return PrintNode(root_, 0, most_size, out); }

 private:
  // What a difference does to an array takes time in proportion to the array.
  static constexpr uint64_t kMostMoved = uint64_t{1} << 28;

  static absl::Status DoesNotFit(const Difference& difference) {
    return BadJson(absl::StrCat("a difference does not fit the document: operation ", difference.operation));
  }

  // Takes a container apart; leaves what is none alone.
  absl::Status OpenNode(Node* node) {
    if (node->opened || !node->view.is_container()) return absl::OkStatus();
    JsonContainer container;
    RETURN_IF_ERROR(container.Open(node->view));
    members_ += container.size();
    if (members_ > most_members_) return BadJson("parts of the document overlap");
    node->members.resize(container.size());
    for (Member& member : node->members) RETURN_IF_ERROR(container.Next(&member.key, &member.view));
    node->opened = true;
    return absl::OkStatus();
  }

  static std::vector<Member>::iterator PlaceOf(Node* object, absl::string_view key) {
    return std::lower_bound(object->members.begin(), object->members.end(), key,
                            [](const Member& member, absl::string_view k) { return KeyBefore(member.key, k); });
  }

  // Null when there is no such member.
  static Member* Find(Node* node, const JsonPathLeg& leg) {
    if (leg.is_index == node->view.is_object()) return nullptr;
    if (leg.is_index) {
      if (leg.index >= node->members.size()) return nullptr;
      return &node->members[leg.from_end ? node->members.size() - 1 - leg.index : leg.index];
    }
    const auto place = PlaceOf(node, leg.member);
    return place != node->members.end() && place->key == leg.member ? &*place : nullptr;
  }

  bool Change(const Difference& difference, const JsonPathLeg& leg, Node* parent) {
    Member* const found = Find(parent, leg);
    if (difference.operation == Difference::kInsert) {
      if (!leg.is_index && found != nullptr) return false;
      // Beyond an array's end is its end, and before its first cell, counted from the last, its beginning.
      auto place = leg.from_end ? parent->members.begin() : parent->members.end();
      if (!leg.is_index) {
        place = PlaceOf(parent, leg.member);
      } else if (found != nullptr) {
        place = parent->members.begin() + (found - parent->members.data());
      }
      Member inserted;
      inserted.view = difference.value;
      if (!leg.is_index) inserted.key = keys_.emplace_back(leg.member);
      parent->members.insert(place, std::move(inserted));
      return true;
    }
    if (found == nullptr) return false;
    if (difference.operation == Difference::kRemove) {
      parent->members.erase(parent->members.begin() + (found - parent->members.data()));
    } else {
      found->view = difference.value;
      found->node.reset();
    }
    return true;
  }

  static absl::Status PrintNode(const Node& node, int depth, size_t most_size, std::string* out) {
    if (!node.opened) return AppendJsonView(node.view, depth, most_size, out);
    if (depth >= kMostJsonDepth) return BadJson("nested more than 100 deep");
    const bool is_object = node.view.is_object();
    out->push_back(is_object ? '{' : '[');
    for (const Member& member : node.members) {
      if (&member != node.members.data()) out->append(", ", 2);
      if (is_object) RETURN_IF_ERROR(AppendJsonKey(member.key, out));
      RETURN_IF_ERROR(member.node != nullptr ? PrintNode(*member.node, depth + 1, most_size, out)
                                             : AppendJsonView(member.view, depth + 1, most_size, out));
    }
    out->push_back(is_object ? '}' : ']');
    return absl::OkStatus();
  }

  Node root_;
  std::deque<std::string> keys_;  // Of inserted members.
  const uint64_t most_members_;
  uint64_t members_ = 0;
  uint64_t moved_ = 0;
};

}  // namespace

absl::Status AppendPatchedJson(absl::string_view document, absl::string_view differences, std::string* out) {
  JsonView view;
  if (!ParseJsonDocument(document, &view)) return BadJson("differences of an empty document");
  const size_t input_bytes = document.size() + differences.size();
  PatchedDocument patched(view, input_bytes);
  ByteReader reader(differences);
  while (!reader.empty()) {
    Difference difference;
    RETURN_IF_ERROR(ReadDifference(&reader, &difference));
    RETURN_IF_ERROR(patched.Apply(difference));
  }
  return patched.Print(out->size() + MostJsonText(input_bytes), out);
}

absl::Status AppendJsonDifferences(absl::string_view differences, std::string* out) {
  constexpr absl::string_view kOperations[] = {"replace", "insert", "remove"};
  const size_t most_size = out->size() + MostJsonText(differences.size());
  ByteReader reader(differences);
  out->push_back('[');
  while (!reader.empty()) {
    Difference difference;
    RETURN_IF_ERROR(ReadDifference(&reader, &difference));
    if (out->back() == '}') out->append(", ", 2);
    absl::StrAppend(out, R"({"op": ")", kOperations[difference.operation], R"(", "path": )");
    if (!AppendJsonString(difference.path, out)) return BadJson("a path is not UTF-8");
    if (difference.operation != Difference::kRemove) {
      out->append(R"(, "value": )");
      RETURN_IF_ERROR(AppendJsonView(difference.value, 0, most_size, out));
    }
    out->push_back('}');
  }
  out->push_back(']');
  return absl::OkStatus();
}

}  // namespace binlogd
