// The JSON form of events, piece by piece: the one place that says how it is spelled. docs/formats.md describes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

// The fields of an event before its rows; empty texts are left out. All texts are UTF-8.
struct JsonEventHead {
  absl::string_view type;
  int64_t timestamp = 0;  // Seconds since 1970.
  absl::string_view database;
  absl::string_view table;
  absl::string_view file;
  uint64_t end_offset = 0;
  absl::string_view gtid;
  absl::string_view query;
};

// Appends the head of an event, its opening brace included. The rows, the extra fields and AppendJsonEventEnd() follow.
void AppendJsonEventHead(const JsonEventHead& head, std::string* out);
void AppendJsonEventEnd(std::string* out);

// Appends a member of an object that has members already, without its value: `,"name":`. The name needs no escapes.
void AppendJsonNextMember(absl::string_view name, std::string* out);
// Appends one of the extra fields; `first` is the first.
void AppendJsonExtra(absl::string_view name, absl::string_view value, bool first, std::string* out);

// Appends the key of a row's column and its colon; "@N" for a column without a name, `index` being N - 1.
void AppendJsonColumnKey(absl::string_view name, size_t index, std::string* out);

// Column values.
void AppendJsonInteger(int64_t value, std::string* out);
void AppendJsonInteger(uint64_t value, std::string* out);
// null when the number is not finite, which no server stores.
void AppendJsonFloat(float value, std::string* out);
void AppendJsonDouble(double value, std::string* out);
// A string; the form of AppendJsonBinary when the text is not UTF-8.
void AppendJsonText(absl::string_view text, std::string* out);
// {"json_diff":[…]}; `differences` is the array.
void AppendJsonDiff(absl::string_view differences, std::string* out);
// {"base64":"…"}
void AppendJsonBinary(absl::string_view bytes, std::string* out);
// A string: the bytes in base64.
void AppendJsonBase64(absl::string_view bytes, std::string* out);
// A string with a character for each byte, U+0000 to U+00FF.
void AppendJsonBytes(absl::string_view bytes, std::string* out);

}  // namespace binlogd
