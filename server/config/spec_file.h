// Spec files: YAML or JSON to StreamerSpec.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlogd/v1/streamer.pb.h"

namespace binlogd {

// Reads every spec of a YAML or JSON text: one a document (documents are parted by "---"), or a list of them in a
// document. The fields are those of binlogd.v1.StreamerSpec by their names in the .proto file:
// - numbers are plain decimal; in fields that end in "_bytes" also with KiB, MiB or GiB;
// - durations are "250ms", "5s", "1h30m"; enums are names in any case; true and false are booleans;
// - an empty message (`earliest`) is `{}` or nothing at all;
// - a list or mapping without content counts as left out; a number, word or text without content is an error.
// Only the form is checked here; defaults are not filled in.
//
// `origin` names the text in messages, for example the file's name. INVALID_ARGUMENT, its message beginning with
// "ORIGIN:LINE: FIELD: ", ErrorField() the field's path ("targets[0].file.format"), and the reason one of
// UNKNOWN_FIELD, BAD_VALUE, DUPLICATE_FIELD, TWO_OF_A_KIND (fields that exclude each other) and YAML_SYNTAX. Never
// repeats a secret. At least one spec on success. Thread-safe.
absl::StatusOr<std::vector<v1::StreamerSpec>> ParseSpecs(absl::string_view text, absl::string_view origin);

// The same, one by one: what is wrong with one spec is no reason to refuse those beside it. An error as a whole when no
// spec can be told from another (YAML_SYNTAX, DUPLICATE_FIELD).
absl::StatusOr<std::vector<absl::StatusOr<v1::StreamerSpec>>> ParseEachSpec(absl::string_view text,
                                                                            absl::string_view origin);

// The text of a spec file, of at most kMaxYamlBytes. NOT_FOUND, INVALID_ARGUMENT when it is larger.
absl::StatusOr<std::string> ReadSpecText(const std::string& path);

// Reads the one document of a text into any message, in the same form. `message` is empty.
absl::Status ParseMessage(absl::string_view text, absl::string_view origin, google::protobuf::Message* message);

}  // namespace binlogd
