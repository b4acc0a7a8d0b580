#include "base/log_line.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace binlogd {
namespace {

using Json = nlohmann::ordered_json;

std::string Quoted(absl::string_view text) {
  return Json(std::string(text)).dump(-1, ' ', false, Json::error_handler_t::replace);
}

// As it is where a reader cannot mistake it, in quotes elsewhere.
std::string Value(absl::string_view text) {
  constexpr absl::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:+-_/";
  return text.find_first_not_of(kPlain) == absl::string_view::npos ? std::string(text) : Quoted(text);
}

}  // namespace

std::string LogLineText(LogFormat format, const LogRecord& record) {
  std::vector<std::pair<absl::string_view, std::string>> fields = {
      {"time", absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", record.time, absl::UTCTimeZone())},
      {"level", std::string(record.level)},
      {"streamer", record.streamer},
      {"target", record.target},
      {"component", record.component},
      {"file", record.file},
      {"offset", record.file.empty() ? "" : absl::StrCat(record.offset)},
      {"trace_id", record.trace_id}};
  std::string line = format == LogFormat::kJson ? "{" : "";
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    if (format == LogFormat::kText) {
      absl::StrAppend(&line, name, "=", Value(value), " ");
    } else {
      absl::StrAppend(&line, "\"", name, "\":", name == "offset" ? value : Quoted(value), ",");
    }
  }
  const std::string message = Quoted(record.message);
  return format == LogFormat::kJson ? absl::StrCat(line, "\"message\":", message, "}")
                                    : absl::StrCat(line, "message=", message);
}

}  // namespace binlogd
