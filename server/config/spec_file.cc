#include "config/spec_file.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "base/error.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "config/yaml_tree.h"

namespace binlogd {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

constexpr char kBadValue[] = "BAD_VALUE";
constexpr size_t kMostShown = 60;

std::string Shown(absl::string_view text) {
  const std::string escaped = absl::Utf8SafeCEscape(text.substr(0, kMostShown));
  return absl::StrCat("\"", escaped, text.size() > kMostShown ? "…\"" : "\"");
}

// What a node is, for "expected …, found …". A scalar's content is left to the caller: it may be a secret.
absl::string_view KindOf(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::kNull: return "nothing";
    case YamlNode::Kind::kScalar: return "a single value";
    case YamlNode::Kind::kList: return "a list";
    case YamlNode::Kind::kMapping: return "a mapping";
  }
  return "";
}

size_t EditDistance(absl::string_view a, absl::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

// `; did you mean "x"?` for the name nearest to `word`, or ": expected one of …" when none is near.
std::string Suggestion(absl::string_view word, const std::vector<std::string>& names) {
  const auto plain = [](absl::string_view name) {
    return absl::AsciiStrToLower(absl::StrReplaceAll(name, {{"_", ""}, {"-", ""}}));
  };
  const std::string wanted = plain(word.substr(0, kMostShown));
  const std::string* nearest = nullptr;
  // Two slips in a word of some length, one in a short one.
  size_t least = (wanted.size() < 4 ? 1 : std::max<size_t>(2, wanted.size() / 3)) + 1;
  for (const std::string& name : names) {
    const size_t distance = EditDistance(wanted, plain(name));
    if (distance < least) {
      least = distance;
      nearest = &name;
    }
  }
  if (nearest != nullptr) return absl::StrCat("; did you mean \"", *nearest, "\"?");
  return absl::StrCat("; expected one of ", absl::StrJoin(names, ", "));
}

std::vector<std::string> FieldNames(const Descriptor& descriptor) {
  std::vector<std::string> names;
  for (int i = 0; i < descriptor.field_count(); ++i) names.push_back(descriptor.field(i)->name());
  return names;
}

// The number of bytes that a suffix stands for, or 0.
uint64_t UnitBytes(absl::string_view suffix) {
  if (suffix == "KiB") return uint64_t{1} << 10;
  if (suffix == "MiB") return uint64_t{1} << 20;
  if (suffix == "GiB") return uint64_t{1} << 30;
  return 0;
}

// A plain decimal number, with a unit where `units` is set. False when it is none or does not fit into 64 bits.
bool ParseNumber(absl::string_view text, bool units, uint64_t* number) {
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  if (digits == 0 || !absl::SimpleAtoi(text.substr(0, digits), number)) return false;
  const absl::string_view suffix = absl::StripLeadingAsciiWhitespace(text.substr(digits));
  if (suffix.empty()) return digits == text.size();
  const uint64_t unit = units ? UnitBytes(suffix) : 0;
  if (unit == 0 || *number > std::numeric_limits<uint64_t>::max() / unit) return false;
  *number *= unit;
  return true;
}

// Fills messages from YAML nodes. One text, one reader.
class SpecReader {
 public:
  explicit SpecReader(absl::string_view origin) : origin_(origin) {}

  // Each field of a mapping into the field of that name. `path` is empty for the spec itself.
  absl::Status ReadMessage(const YamlNode& node, const std::string& path, Message* message) {
    const Descriptor& descriptor = *message->GetDescriptor();
    if (node.kind != YamlNode::Kind::kMapping) {
      const std::string fields = descriptor.field_count() == 0
                                     ? "an empty mapping, {}"
                                     : absl::StrCat("a mapping with ", absl::StrJoin(FieldNames(descriptor), ", "));
      return Fail(node.line, path, kBadValue, absl::StrCat("expected ", fields, "; found ", KindOf(node)));
    }
    absl::flat_hash_map<const OneofDescriptor*, std::string> chosen;
    for (const YamlNode::Entry& entry : node.entries) {
      const std::string field_path = path.empty() ? entry.key : absl::StrCat(path, ".", entry.key);
      const FieldDescriptor* field = descriptor.FindFieldByName(entry.key);
      if (field == nullptr) {
        const std::string suggestion =
            descriptor.field_count() == 0 ? "; expected none" : Suggestion(entry.key, FieldNames(descriptor));
        return Fail(entry.line, field_path, "UNKNOWN_FIELD", absl::StrCat("unknown field", suggestion));
      }
      if (const OneofDescriptor* oneof = field->real_containing_oneof(); oneof != nullptr) {
        const auto [other, first] = chosen.emplace(oneof, entry.key);
        if (!first) {
          return Fail(entry.line, field_path, "TWO_OF_A_KIND",
                      absl::StrCat("excludes \"", other->second, "\", which is given too; keep one of them"));
        }
      }
      RETURN_IF_ERROR(ReadField(entry.value, field_path, *field, message));
    }
    return absl::OkStatus();
  }

  absl::Status Fail(int line, const std::string& path, absl::string_view reason, absl::string_view message) const {
    const absl::Status status = path.empty() ? MakeError(absl::StatusCode::kInvalidArgument, reason, message)
                                             : InvalidField(path, reason, message);
    return Annotate(status, absl::StrCat(origin_, ":", line));
  }

 private:
  absl::Status ReadField(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
                         Message* message) {
    if (field.is_map()) return ReadMap(node, path, field, message);
    if (field.is_repeated()) {
      if (node.kind == YamlNode::Kind::kNull) return absl::OkStatus();
      if (node.kind != YamlNode::Kind::kList) {
        return Fail(node.line, path, kBadValue, absl::StrCat("expected a list; found ", KindOf(node)));
      }
      for (size_t i = 0; i < node.items.size(); ++i) {
        RETURN_IF_ERROR(ReadValue(node.items[i], absl::StrCat(path, "[", i, "]"), field, message));
      }
      return absl::OkStatus();
    }
    if (node.kind == YamlNode::Kind::kNull && field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      const bool empty = field.message_type()->field_count() == 0;
      if (empty) message->GetReflection()->MutableMessage(message, &field);
      return absl::OkStatus();
    }
    return ReadValue(node, path, field, message);
  }

  absl::Status ReadMap(const YamlNode& node, const std::string& path, const FieldDescriptor& field, Message* message) {
    if (node.kind == YamlNode::Kind::kNull) return absl::OkStatus();
    if (node.kind != YamlNode::Kind::kMapping) {
      return Fail(node.line, path, kBadValue, absl::StrCat("expected a mapping of names; found ", KindOf(node)));
    }
    for (const YamlNode::Entry& entry : node.entries) {
      Message* added = message->GetReflection()->AddMessage(message, &field);
      added->GetReflection()->SetString(added, field.message_type()->map_key(), entry.key);
      RETURN_IF_ERROR(
          ReadValue(entry.value, absl::StrCat(path, ".", entry.key), *field.message_type()->map_value(), added));
    }
    return absl::OkStatus();
  }

  absl::Status ReadValue(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
                         Message* message) {
    const Reflection& reflection = *message->GetReflection();
    const bool add = field.is_repeated();
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      Message* value = add ? reflection.AddMessage(message, &field) : reflection.MutableMessage(message, &field);
      const bool duration = value->GetDescriptor() == google::protobuf::Duration::descriptor();
      return duration ? ReadDuration(node, path, value) : ReadMessage(node, path, value);
    }
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING: {
        RETURN_IF_ERROR(ExpectScalar(node, path, "text"));
        add ? reflection.AddString(message, &field, node.scalar) : reflection.SetString(message, &field, node.scalar);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_BOOL: {
        ASSIGN_OR_RETURN(const bool value, ReadBool(node, path));
        add ? reflection.AddBool(message, &field, value) : reflection.SetBool(message, &field, value);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_ENUM: {
        ASSIGN_OR_RETURN(const EnumValueDescriptor* value, ReadEnum(node, path, *field.enum_type()));
        add ? reflection.AddEnum(message, &field, value) : reflection.SetEnum(message, &field, value);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_UINT32: {
        ASSIGN_OR_RETURN(const uint64_t value, ReadNumber(node, path, field, std::numeric_limits<uint32_t>::max()));
        const uint32_t narrow = static_cast<uint32_t>(value);
        add ? reflection.AddUInt32(message, &field, narrow) : reflection.SetUInt32(message, &field, narrow);
        return absl::OkStatus();
      }
      case FieldDescriptor::CPPTYPE_UINT64: {
        ASSIGN_OR_RETURN(const uint64_t value, ReadNumber(node, path, field, std::numeric_limits<uint64_t>::max()));
        add ? reflection.AddUInt64(message, &field, value) : reflection.SetUInt64(message, &field, value);
        return absl::OkStatus();
      }
      default: return Fail(node.line, path, kBadValue, "cannot be given in a spec file");
    }
  }

  absl::Status ExpectScalar(const YamlNode& node, const std::string& path, absl::string_view expected) {
    if (node.kind == YamlNode::Kind::kScalar) return absl::OkStatus();
    const absl::string_view way_out = node.kind == YamlNode::Kind::kNull ? "; give a value or leave the field out" : "";
    return Fail(node.line, path, kBadValue, absl::StrCat("expected ", expected, "; found ", KindOf(node), way_out));
  }

  absl::StatusOr<bool> ReadBool(const YamlNode& node, const std::string& path) {
    RETURN_IF_ERROR(ExpectScalar(node, path, "true or false"));
    if (!node.quoted && absl::EqualsIgnoreCase(node.scalar, "true")) return true;
    if (!node.quoted && absl::EqualsIgnoreCase(node.scalar, "false")) return false;
    return Fail(node.line, path, kBadValue,
                absl::StrCat("expected true or false; found ", node.quoted ? "the text " : "", Shown(node.scalar)));
  }

  absl::StatusOr<const EnumValueDescriptor*> ReadEnum(const YamlNode& node, const std::string& path,
                                                      const EnumDescriptor& type) {
    std::vector<std::string> names;
    for (int i = 0; i < type.value_count(); ++i) {
      const std::string& name = type.value(i)->name();
      // Stands for "never given", which is said by leaving the field out.
      if (!absl::EndsWith(name, "_UNSPECIFIED")) names.push_back(name);
    }
    RETURN_IF_ERROR(ExpectScalar(node, path, absl::StrCat("one of ", absl::StrJoin(names, ", "))));
    for (const std::string& name : names) {
      if (absl::EqualsIgnoreCase(name, node.scalar)) return type.FindValueByName(name);
    }
    return Fail(node.line, path, kBadValue,
                absl::StrCat("unknown value ", Shown(node.scalar), Suggestion(node.scalar, names)));
  }

  absl::StatusOr<uint64_t> ReadNumber(const YamlNode& node, const std::string& path, const FieldDescriptor& field,
                                      uint64_t most) {
    const bool units = absl::EndsWith(field.name(), "_bytes");
    const std::string expected =
        absl::StrCat("a whole number from 0 to ", most, units ? ", or one with KiB, MiB or GiB" : "");
    RETURN_IF_ERROR(ExpectScalar(node, path, expected));
    uint64_t number = 0;
    if (ParseNumber(node.scalar, units, &number) && number <= most) return number;
    return Fail(node.line, path, kBadValue, absl::StrCat("expected ", expected, "; found ", Shown(node.scalar)));
  }

  absl::Status ReadDuration(const YamlNode& node, const std::string& path, Message* value) {
    constexpr absl::string_view kExpected = "a duration such as \"250ms\", \"5s\", \"1h30m\" or \"30d\"";
    constexpr absl::Duration kMost = absl::Hours(24 * 36500);
    RETURN_IF_ERROR(ExpectScalar(node, path, kExpected));
    absl::Duration duration;
    uint64_t days = 0;
    absl::string_view text = node.scalar;
    const bool in_days = absl::ConsumeSuffix(&text, "d") && ParseNumber(text, /*units=*/false, &days) && days <= 36500;
    if (in_days) duration = absl::Hours(24) * static_cast<int64_t>(days);
    if ((!in_days && !absl::ParseDuration(node.scalar, &duration)) || duration < absl::ZeroDuration() ||
        duration > kMost) {
      return Fail(node.line, path, kBadValue, absl::StrCat("expected ", kExpected, "; found ", Shown(node.scalar)));
    }
    google::protobuf::Duration parsed;
    parsed.set_seconds(absl::IDivDuration(duration, absl::Seconds(1), &duration));
    parsed.set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(duration)));
    value->CopyFrom(parsed);
    return absl::OkStatus();
  }

  const absl::string_view origin_;
};

}  // namespace

absl::StatusOr<std::vector<absl::StatusOr<v1::StreamerSpec>>> ParseEachSpec(absl::string_view text,
                                                                            absl::string_view origin) {
  ASSIGN_OR_RETURN(const std::vector<YamlNode> documents, ParseYaml(text, origin));
  SpecReader reader(origin);
  std::vector<absl::StatusOr<v1::StreamerSpec>> specs;
  const auto read = [&reader, &specs](const YamlNode& node, const std::string& path) {
    v1::StreamerSpec spec;
    const absl::Status status = reader.ReadMessage(node, path, &spec);
    specs.push_back(status.ok() ? absl::StatusOr<v1::StreamerSpec>(std::move(spec)) : status);
  };
  for (const YamlNode& document : documents) {
    if (document.kind != YamlNode::Kind::kList) {
      read(document, "");
      continue;
    }
    for (size_t i = 0; i < document.items.size(); ++i) read(document.items[i], absl::StrCat("[", i, "]"));
  }
  if (specs.empty()) return reader.Fail(1, "", "YAML_SYNTAX", "holds no streamer spec");
  return specs;
}

absl::Status ParseMessage(absl::string_view text, absl::string_view origin, Message* message) {
  ASSIGN_OR_RETURN(const std::vector<YamlNode> documents, ParseYaml(text, origin));
  SpecReader reader(origin);
  if (documents.size() > 1) return reader.Fail(documents[1].line, "", "YAML_SYNTAX", "holds more than one document");
  return documents.empty() ? absl::OkStatus() : reader.ReadMessage(documents[0], "", message);
}

absl::StatusOr<std::vector<v1::StreamerSpec>> ParseSpecs(absl::string_view text, absl::string_view origin) {
  ASSIGN_OR_RETURN(std::vector<absl::StatusOr<v1::StreamerSpec>> each, ParseEachSpec(text, origin));
  std::vector<v1::StreamerSpec> specs;
  for (absl::StatusOr<v1::StreamerSpec>& parsed : each) {
    ASSIGN_OR_RETURN(v1::StreamerSpec spec, std::move(parsed));
    specs.push_back(std::move(spec));
  }
  return specs;
}

absl::StatusOr<std::string> ReadSpecText(const std::string& path) { return ReadWholeFile(path, kMaxYamlBytes); }

}  // namespace binlogd
