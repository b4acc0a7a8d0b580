// Messages as YAML and JSON, in the form that spec files have.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

namespace binlogd {

// What to do with fields that are not set.
enum class UnsetFields {
  // Leave them out: the text reads back as the same spec.
  kLeaveOut,
  // Print numbers, words, texts and lists that have their default value, so that programs find them always.
  kPrint,
};

// Field names as in the .proto file, enums by name, 64-bit numbers as numbers, durations as "1.5s", times as RFC 3339
// in UTC, bytes as base64, maps by sorted key. Texts must be UTF-8, as protobuf has it. Thread-safe.

// Block style, ending in a newline.
std::string ToYaml(const google::protobuf::Message& message, UnsetFields unset = UnsetFields::kLeaveOut);
// Indented by two, ending in a newline.
std::string ToJson(const google::protobuf::Message& message, UnsetFields unset = UnsetFields::kLeaveOut);
// On one line, without a newline at the end.
std::string ToJsonLine(const google::protobuf::Message& message, UnsetFields unset = UnsetFields::kLeaveOut);

// Several at once: YAML documents, each after a "---" line but the first; a JSON array.
std::string ToYaml(const std::vector<const google::protobuf::Message*>& messages,
                   UnsetFields unset = UnsetFields::kLeaveOut);
std::string ToJson(const std::vector<const google::protobuf::Message*>& messages,
                   UnsetFields unset = UnsetFields::kLeaveOut);

}  // namespace binlogd
