#include "config/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <cstdint>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "base/utf8.h"

namespace binlogd {
namespace {

constexpr char kSyntax[] = "YAML_SYNTAX";

// What stops the parser from within a callback; caught in ParseYaml().
struct Refusal {
  int line;
  std::string field;
  std::string reason;
  std::string message;
};

int LineOf(const YAML::Mark& mark) { return mark.is_null() ? 1 : mark.line + 1; }

// Builds the tree of one document from the parser's events. An exception leaves it unusable.
class TreeBuilder : public YAML::EventHandler {
 public:
  explicit TreeBuilder(size_t nodes_left) : nodes_left_(nodes_left) {}

  // The document, once HandleNextDocument() has returned.
  YamlNode TakeRoot() { return std::move(root_); }
  size_t nodes_left() const { return nodes_left_; }
  // Where the document begins, in bytes, and its line.
  int start() const { return start_; }
  int line() const { return line_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    start_ = mark.pos;
    line_ = LineOf(mark);
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { Add(MakeNode(YamlNode::Kind::kNull, mark)); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    throw Refusal{LineOf(mark), "", kSyntax, "aliases (*name) are not accepted; write the value out"};
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    const bool text = tag == "!" || tag == "tag:yaml.org,2002:str";
    if (!text) CheckTag(mark, tag);
    YamlNode node = MakeNode(YamlNode::Kind::kScalar, mark);
    node.scalar = value;
    node.quoted = text;
    Add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kList, mark, tag);
  }
  void OnSequenceEnd() override { Close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kMapping, mark, tag);
  }
  void OnMapEnd() override { Close(); }

 private:
  // A list or mapping whose end has not come yet.
  struct OpenNode {
    YamlNode node;
    absl::flat_hash_set<std::string> keys;
    bool has_key = false;
    std::string key;
    int key_line = 0;
  };

  static void CheckTag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    throw Refusal{LineOf(mark), "", kSyntax, "tags (!name) are not accepted"};
  }

  YamlNode MakeNode(YamlNode::Kind kind, const YAML::Mark& mark) {
    if (nodes_left_-- == 0) {
      throw Refusal{LineOf(mark), "", kSyntax, absl::StrCat("holds more than ", kMaxYamlNodes, " values")};
    }
    YamlNode node;
    node.kind = kind;
    node.line = LineOf(mark);
    return node;
  }

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, const std::string& tag) {
    CheckTag(mark, tag);
    if (open_.size() == kMaxYamlDepth) {
      throw Refusal{LineOf(mark), "", kSyntax, absl::StrCat("nested more than ", kMaxYamlDepth, " deep")};
    }
    OpenNode opened;
    opened.node = MakeNode(kind, mark);
    open_.push_back(std::move(opened));
  }

  void Close() {
    YamlNode node = std::move(open_.back().node);
    open_.pop_back();
    Add(std::move(node));
  }

  void Add(YamlNode node) {
    if (open_.empty()) {
      root_ = std::move(node);
    } else if (open_.back().node.kind == YamlNode::Kind::kList) {
      open_.back().node.items.push_back(std::move(node));
    } else if (open_.back().has_key) {
      OpenNode& mapping = open_.back();
      mapping.node.entries.push_back({std::move(mapping.key), mapping.key_line, std::move(node)});
      mapping.has_key = false;
    } else {
      AddKey(std::move(node));
    }
  }

  void AddKey(YamlNode node) {
    if (node.kind != YamlNode::Kind::kScalar) {
      throw Refusal{node.line, "", kSyntax, "a field's name is missing or is not a word"};
    }
    OpenNode& mapping = open_.back();
    if (!mapping.keys.insert(node.scalar).second) {
      throw Refusal{node.line, PathTo(node.scalar), "DUPLICATE_FIELD", "given twice"};
    }
    mapping.key = std::move(node.scalar);
    mapping.key_line = node.line;
    mapping.has_key = true;
  }

  // The path of the field `last` of the innermost mapping.
  std::string PathTo(const std::string& last) const {
    std::string path;
    for (const OpenNode& open : open_) {
      if (open.node.kind == YamlNode::Kind::kList) {
        absl::StrAppend(&path, "[", open.node.items.size(), "]");
      } else {
        absl::StrAppend(&path, path.empty() ? "" : ".", &open == &open_.back() ? last : open.key);
      }
    }
    return path;
  }

  size_t nodes_left_;
  int start_ = -1;
  int line_ = 1;
  YamlNode root_;
  std::vector<OpenNode> open_;
};

absl::Status ErrorAt(absl::string_view origin, int line, const Refusal& refusal) {
  const absl::Status status = refusal.field.empty()
                                  ? MakeError(absl::StatusCode::kInvalidArgument, refusal.reason, refusal.message)
                                  : InvalidField(refusal.field, refusal.reason, refusal.message);
  return Annotate(status, absl::StrCat(origin, ":", line));
}

// The parser would guess an encoding, replace bad bytes, and take 0x04 for the end: refuse what it would misread.
absl::Status CheckText(absl::string_view text, absl::string_view origin) {
  if (text.size() > kMaxYamlBytes) {
    return ErrorAt(origin, 1, {1, "", kSyntax, absl::StrCat("larger than ", kMaxYamlBytes, " bytes")});
  }
  int line = 1;
  while (!text.empty()) {
    const char first = text[0];
    const size_t length = Utf8CharacterLength(text);
    if (length == 0) return ErrorAt(origin, line, {line, "", kSyntax, "not UTF-8 text"});
    if (absl::ascii_iscntrl(first) && first != '\n' && first != '\r' && first != '\t') {
      return ErrorAt(origin, line, {line, "", kSyntax, "holds a control character"});
    }
    if (first == '\n') ++line;
    text.remove_prefix(length);
  }
  return absl::OkStatus();
}

// The code unit that an escape, "\u" and four digits, at the beginning stands for, if it is a surrogate.
std::optional<uint32_t> SurrogateAt(absl::string_view text) {
  uint32_t unit = 0;
  if (!absl::StartsWith(text, "\\u") || text.size() < 6) return std::nullopt;
  const absl::string_view digits = text.substr(2, 4);
  if (!std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit)) return std::nullopt;
  if (!absl::SimpleHexAtoi(digits, &unit) || unit < 0xd800 || unit > 0xdfff) return std::nullopt;
  return unit;
}

void AppendBeyondBmp(uint32_t high, uint32_t low, std::string* out) {
  const uint32_t code_point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
  for (const int shift : {18, 12, 6, 0}) {
    const uint32_t lead = shift == 18 ? 0xf0 : 0x80;
    out->push_back(static_cast<char>(lead | ((code_point >> shift) & 0x3f)));
  }
}

// JSON may write a character beyond U+FFFF as two escapes (RFC 8259, section 7), which YAML does not know: the text
// with such characters themselves. A text that is not JSON stays as it is. Fails for half a character.
absl::StatusOr<std::string> JoinSurrogates(absl::string_view text, absl::string_view origin) {
  if (!absl::StrContains(text, "\\ud") && !absl::StrContains(text, "\\uD")) return std::string(text);
  std::string joined;
  absl::Status half;
  int line = 1;
  for (absl::string_view rest = text; !rest.empty();) {
    size_t taken = rest[0] == '\\' ? std::min<size_t>(2, rest.size()) : 1;
    if (rest[0] == '\n') ++line;
    const std::optional<uint32_t> unit = SurrogateAt(rest);
    const std::optional<uint32_t> next = unit ? SurrogateAt(rest.substr(6)) : std::nullopt;
    if (!unit) {
      absl::StrAppend(&joined, rest.substr(0, taken));
    } else if (*unit < 0xdc00 && next && *next >= 0xdc00) {
      AppendBeyondBmp(*unit, *next, &joined);
      taken = 12;
    } else {
      if (half.ok()) {
        half = ErrorAt(origin, line,
                       {line, "", kSyntax,
                        absl::StrCat(rest.substr(0, 6),
                                     " is half a character; write both halves, the high one first, "
                                     "or the character itself")});
      }
      joined.push_back('?');
      taken = 6;
    }
    rest.remove_prefix(taken);
  }
  if (joined.size() == text.size() || !nlohmann::json::accept(joined)) return std::string(text);
  if (!half.ok()) return half;
  return joined;
}

}  // namespace

absl::StatusOr<std::vector<YamlNode>> ParseYaml(absl::string_view text, absl::string_view origin) {
  RETURN_IF_ERROR(CheckText(text, origin));
  ASSIGN_OR_RETURN(std::string joined, JoinSurrogates(text, origin));
  std::vector<YamlNode> documents;
  try {
    std::istringstream stream{std::move(joined)};
    YAML::Parser parser(stream);
    size_t nodes_left = kMaxYamlNodes;
    int start = -1;
    while (true) {
      TreeBuilder builder(nodes_left);
      if (!parser.HandleNextDocument(builder)) return documents;
      // Where the parser meets text that can begin nothing, it reports empty documents at one place for ever.
      if (builder.start() == start) throw Refusal{builder.line(), "", kSyntax, "not valid YAML: unexpected text"};
      start = builder.start();
      nodes_left = builder.nodes_left();
      YamlNode root = builder.TakeRoot();
      if (root.kind != YamlNode::Kind::kNull) documents.push_back(std::move(root));
    }
  } catch (const Refusal& refusal) {
    return ErrorAt(origin, refusal.line, refusal);
  } catch (const YAML::Exception& e) {
    return ErrorAt(origin, LineOf(e.mark), {0, "", kSyntax, absl::StrCat("not valid YAML: ", e.msg)});
  } catch (const std::exception& e) {
    return ErrorAt(origin, 1, {0, "", kSyntax, absl::StrCat("not valid YAML: ", e.what())});
  }
}

}  // namespace binlogd
