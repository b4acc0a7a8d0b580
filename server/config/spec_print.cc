#include "config/spec_print.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace binlogd {
namespace {

using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;

// A value on its way from message to text. The two renderers below share it.
struct Value {
  enum class Kind { kWord, kText, kList, kMapping };
  struct Entry;

  Kind kind = Kind::kWord;
  // kWord: printed as it is (numbers, true, false); kText: quoted where the language asks for it.
  std::string text;
  std::vector<Value> items;
  std::vector<Entry> entries;
};

struct Value::Entry {
  std::string key;
  Value value;
};

Value Word(std::string text) { return {Value::Kind::kWord, std::move(text), {}, {}}; }
Value Text(std::string text) { return {Value::Kind::kText, std::move(text), {}, {}}; }

// The shortest text that reads back to the same bits; JSON knows neither infinity nor NaN, so those are null.
template <typename Float>
std::string NumberText(Float number) {
  if (!std::isfinite(number)) return "null";
  char text[64];
  return std::string(text, std::to_chars(text, text + sizeof(text), number).ptr);
}

Value FromMessage(const Message& message, UnsetFields unset);

// Element `index` of a repeated field, or the field itself when `index` is negative.
Value FromField(const Message& message, const FieldDescriptor& field, int index, UnsetFields unset) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = index >= 0;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return Word(absl::StrCat(repeated ? reflection.GetRepeatedInt32(message, &field, index)
                                        : reflection.GetInt32(message, &field)));
    case FieldDescriptor::CPPTYPE_INT64:
      return Word(absl::StrCat(repeated ? reflection.GetRepeatedInt64(message, &field, index)
                                        : reflection.GetInt64(message, &field)));
    case FieldDescriptor::CPPTYPE_UINT32:
      return Word(absl::StrCat(repeated ? reflection.GetRepeatedUInt32(message, &field, index)
                                        : reflection.GetUInt32(message, &field)));
    case FieldDescriptor::CPPTYPE_UINT64:
      return Word(absl::StrCat(repeated ? reflection.GetRepeatedUInt64(message, &field, index)
                                        : reflection.GetUInt64(message, &field)));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Word(NumberText(repeated ? reflection.GetRepeatedFloat(message, &field, index)
                                      : reflection.GetFloat(message, &field)));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Word(NumberText(repeated ? reflection.GetRepeatedDouble(message, &field, index)
                                      : reflection.GetDouble(message, &field)));
    case FieldDescriptor::CPPTYPE_BOOL: {
      const bool value =
          repeated ? reflection.GetRepeatedBool(message, &field, index) : reflection.GetBool(message, &field);
      return Word(value ? "true" : "false");
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      // A server newer than this program may send a number that has no name here; the descriptor then makes one up.
      const auto* value =
          repeated ? reflection.GetRepeatedEnum(message, &field, index) : reflection.GetEnum(message, &field);
      return Text(value->name());
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string value =
          repeated ? reflection.GetRepeatedString(message, &field, index) : reflection.GetString(message, &field);
      return Text(field.type() == FieldDescriptor::TYPE_BYTES ? absl::Base64Escape(value) : std::move(value));
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return FromMessage(
          repeated ? reflection.GetRepeatedMessage(message, &field, index) : reflection.GetMessage(message, &field),
          unset);
  }
  return Word("null");
}

// An entry of a map field: a message of `key` and `value`.
Value::Entry FromMapEntry(const Message& entry, UnsetFields unset) {
  const auto& descriptor = *entry.GetDescriptor();
  return {FromField(entry, *descriptor.map_key(), -1, unset).text,
          FromField(entry, *descriptor.map_value(), -1, unset)};
}

Value FromRepeated(const Message& message, const FieldDescriptor& field, UnsetFields unset) {
  const int size = message.GetReflection()->FieldSize(message, &field);
  Value value;
  value.kind = field.is_map() ? Value::Kind::kMapping : Value::Kind::kList;
  for (int i = 0; i < size; ++i) {
    if (field.is_map()) {
      value.entries.push_back(FromMapEntry(message.GetReflection()->GetRepeatedMessage(message, &field, i), unset));
    } else {
      value.items.push_back(FromField(message, field, i, unset));
    }
  }
  std::sort(value.entries.begin(), value.entries.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  return value;
}

bool IsPrinted(const Message& message, const FieldDescriptor& field, UnsetFields unset) {
  const Reflection& reflection = *message.GetReflection();
  const bool set =
      field.is_repeated() ? reflection.FieldSize(message, &field) > 0 : reflection.HasField(message, &field);
  // A field with presence says something by being absent.
  return set || (unset == UnsetFields::kPrint && !field.has_presence());
}

Value FromMessage(const Message& message, UnsetFields unset) {
  if (message.GetDescriptor() == Duration::descriptor()) {
    Duration duration;
    duration.CopyFrom(message);
    return Text(absl::FormatDuration(absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos())));
  }
  if (message.GetDescriptor() == Timestamp::descriptor()) {
    Timestamp timestamp;
    timestamp.CopyFrom(message);
    const absl::Time time = absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
    return Text(absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ", time, absl::UTCTimeZone()));
  }
  Value value;
  value.kind = Value::Kind::kMapping;
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    if (!IsPrinted(message, field, unset)) continue;
    value.entries.push_back({field.name(), field.is_repeated() ? FromRepeated(message, field, unset)
                                                               : FromField(message, field, -1, unset)});
  }
  return value;
}

// In double quotes, as both languages understand it.
std::string Quoted(absl::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
      case '\\': quoted += {'\\', c}; break;
      case '\n': quoted += "\\n"; break;
      case '\t': quoted += "\\t"; break;
      default:
        if (absl::ascii_iscntrl(c)) {
          absl::StrAppendFormat(&quoted, "\\u%04x", static_cast<unsigned char>(c));
        } else {
          quoted += c;
        }
    }
  }
  return quoted += '"';
}

// Whether YAML reads the text as this text when it stands there bare, whatever the version of the reader.
bool IsPlainYaml(absl::string_view text) {
  if (text.empty() || !(absl::ascii_isalpha(text[0]) || text[0] == '/' || text[0] == '_')) {
    // "5s" and the like: a digit may begin it when a letter ends it and it is not a number with an exponent or prefix.
    if (text.empty() || !absl::ascii_isdigit(text[0]) || text.back() != 's') return false;
  }
  for (const char c : text) {
    if (!absl::ascii_isalnum(c) && c != '/' && c != '_' && c != '-' && c != '.') return false;
  }
  const std::string lower = absl::AsciiStrToLower(text);
  for (const absl::string_view word : {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}) {
    if (lower == word) return false;
  }
  return true;
}

bool IsEmpty(const Value& value) { return value.items.empty() && value.entries.empty(); }

// A value that stands on the line of its key: a word, a text, or an empty list or mapping.
bool IsInline(const Value& value) {
  return value.kind == Value::Kind::kWord || value.kind == Value::Kind::kText || IsEmpty(value);
}

std::string InlineYaml(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kWord: return value.text;
    case Value::Kind::kText: return IsPlainYaml(value.text) ? value.text : Quoted(value.text);
    case Value::Kind::kList: return "[]";
    case Value::Kind::kMapping: return "{}";
  }
  return "";
}

// Appends the lines of a list or mapping; the first one is not indented, for it may follow a "- ".
void AppendYaml(const Value& value, size_t indent, std::string* out) {
  const std::string margin(indent, ' ');
  bool first = true;
  const auto start_line = [&] {
    if (!first) out->append(margin);
    first = false;
  };
  if (IsInline(value)) absl::StrAppend(out, InlineYaml(value), "\n");
  for (const Value& item : value.items) {
    start_line();
    out->append("- ");
    AppendYaml(item, indent + 2, out);
  }
  for (const auto& [key, child] : value.entries) {
    start_line();
    absl::StrAppend(out, IsPlainYaml(key) ? key : Quoted(key), ":");
    if (IsInline(child)) {
      absl::StrAppend(out, " ", InlineYaml(child), "\n");
    } else {
      absl::StrAppend(out, "\n", margin, "  ");
      AppendYaml(child, indent + 2, out);
    }
  }
}

// Appends JSON: on one line when `indent` is negative, else indented by that much.
void AppendJson(const Value& value, int indent, std::string* out) {
  if (value.kind == Value::Kind::kWord || value.kind == Value::Kind::kText) {
    out->append(value.kind == Value::Kind::kWord ? value.text : Quoted(value.text));
    return;
  }
  const bool list = value.kind == Value::Kind::kList;
  out->push_back(list ? '[' : '{');
  const int inner = indent < 0 ? indent : indent + 2;
  const auto start_line = [out](int margin) {
    if (margin >= 0) absl::StrAppend(out, "\n", std::string(margin, ' '));
  };
  bool first = true;
  const auto start_element = [&] {
    if (!first) out->push_back(',');
    first = false;
    start_line(inner);
  };
  for (const Value& item : value.items) {
    start_element();
    AppendJson(item, inner, out);
  }
  for (const auto& [key, child] : value.entries) {
    start_element();
    absl::StrAppend(out, Quoted(key), indent < 0 ? ":" : ": ");
    AppendJson(child, inner, out);
  }
  if (!IsEmpty(value)) start_line(indent);
  out->push_back(list ? ']' : '}');
}

}  // namespace

std::string ToYaml(const Message& message, UnsetFields unset) {
  std::string text;
  AppendYaml(FromMessage(message, unset), 0, &text);
  return text;
}

std::string ToJson(const Message& message, UnsetFields unset) {
  std::string text;
  AppendJson(FromMessage(message, unset), 0, &text);
  return text + "\n";
}

std::string ToJsonLine(const Message& message, UnsetFields unset) {
  std::string text;
  AppendJson(FromMessage(message, unset), -1, &text);
  return text;
}

std::string ToYaml(const std::vector<const Message*>& messages, UnsetFields unset) {
  std::string text;
  for (const Message* message : messages) absl::StrAppend(&text, text.empty() ? "" : "---\n", ToYaml(*message, unset));
  return text;
}

std::string ToJson(const std::vector<const Message*>& messages, UnsetFields unset) {
  Value list;
  list.kind = Value::Kind::kList;
  for (const Message* message : messages) list.items.push_back(FromMessage(*message, unset));
  std::string text;
  AppendJson(list, 0, &text);
  return text + "\n";
}

}  // namespace binlogd
