#include "client/tap_options.h"

#include <memory>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "client/filter_options.h"

namespace binlogd {
namespace {

constexpr char kTokenStart[] = "tap1.";
constexpr size_t kMostTokenBytes = 4096;

// "2026-03-01 12:00:00", or "-10m" for ten minutes ago.
bool ReadTapTime(const std::string& text, google::protobuf::Timestamp* to) {
  std::optional<absl::Time> time;
  absl::Duration ago;
  if (absl::StartsWith(text, "-") && absl::ParseDuration(text, &ago)) {
    time = absl::Now() + ago;
  } else if (!ReadTime(text, &time)) {
    return false;
  }
  to->set_seconds(absl::ToUnixSeconds(*time));
  return true;
}

// "binlog.000007:1234", or "binlog.000007" for its beginning.
bool ReadPlace(const std::string& text, v1::StartSpec::FilePosition* to) {
  const size_t colon = text.rfind(':');
  uint64_t offset = 0;
  if (colon != std::string::npos && !absl::SimpleAtoi(text.substr(colon + 1), &offset)) return false;
  to->set_file(text.substr(0, colon));
  to->set_offset(offset);
  return !to->file().empty();
}

void ReadFrom(const std::string& word, v1::TapStart* start) {
  absl::string_view text = word;
  bool good = true;
  if (text == "live") {
    start->mutable_live();
  } else if (text == "earliest") {
    start->mutable_earliest();
  } else if (absl::StartsWith(text, kTokenStart)) {
    start->set_resume_token(word);
  } else if (absl::ConsumePrefix(&text, "time:")) {
    good = ReadTapTime(std::string(text), start->mutable_time());
  } else if (absl::ConsumePrefix(&text, "gtid:")) {
    start->set_gtid_set(std::string(text));
  } else if (absl::ConsumePrefix(&text, "position:")) {
    good = ReadPlace(std::string(text), start->mutable_position());
  } else {
    good = false;
  }
  if (good) return;
  throw CLI::ValidationError("--from",
                             absl::StrCat(Shown(word),
                                          " is none of live, earliest, time:TIME, gtid:SET, position:FILE:OFFSET and a "
                                          "resume token"));
}

void ReadUntil(const std::string& word, v1::TapEnd* end) {
  absl::string_view text = word;
  const bool good = absl::ConsumePrefix(&text, "time:")       ? ReadTapTime(std::string(text), end->mutable_time())
                    : absl::ConsumePrefix(&text, "position:") ? ReadPlace(std::string(text), end->mutable_position())
                                                              : false;
  if (good) return;
  throw CLI::ValidationError("--until", absl::StrCat(Shown(word), " is none of time:TIME and position:FILE:OFFSET"));
}

void ReadWhere(const std::string& word, v1::RowFilter* rows) {
  const size_t equals = word.find('=');
  if (equals == 0 || equals == std::string::npos) {
    throw CLI::ValidationError("--where", absl::StrCat(Shown(word), " is not COLUMN=VALUE"));
  }
  v1::ColumnMatch* match = rows->add_columns();
  match->set_column(word.substr(0, equals));
  match->set_equals(word.substr(equals + 1));
}

// An option whose word `read` takes; repeated when `many`.
template <typename Read>
void AddWord(CLI::App* verb, const std::string& name, const std::string& type, const std::string& description,
             Read read) {
  verb->add_option_function<std::string>(name, read, description)->type_name(type);
}
template <typename Read>
void AddWords(CLI::App* verb, const std::string& name, const std::string& type, const std::string& description,
              Read read) {
  verb->add_option_function<std::vector<std::string>>(
          name,
          [read](const std::vector<std::string>& words) {
            for (const std::string& word : words) read(word);
          },
          description)
      ->type_name(type)
      ->allow_extra_args(false);
}

void AddFilter(CLI::App* verb, v1::TapRequest* request) {
  auto filter = std::make_shared<FilterSpec>();
  AddFilterOptions(verb, filter.get());
  v1::RowFilter* rows = request->mutable_rows();
  AddWords(verb, "--where", "COLUMN=VALUE", "Only rows with this value, before or after the change; all must hold",
           [rows](const std::string& word) { ReadWhere(word, rows); });
  AddWords(verb, "--where-null", "COLUMN", "Only rows with NULL in this column", [rows](const std::string& word) {
    v1::ColumnMatch* match = rows->add_columns();
    match->set_column(word);
    match->mutable_is_null();
  });
  AddWords(verb, "--key", "VALUE", "Only the row with this primary key; once for each column of the key",
           [rows](const std::string& word) { rows->add_key(word); });
  verb->parse_complete_callback([request, filter] {
    v1::FilterSpec& to = *request->mutable_filter();
    to.mutable_databases()->Assign(filter->databases.begin(), filter->databases.end());
    to.mutable_tables()->Assign(filter->tables.begin(), filter->tables.end());
    for (const EventKind kind : filter->events) to.add_events(static_cast<v1::EventType>(kind));
  });
}

}  // namespace

void AddTapOptions(CLI::App* verb, TapOptions* options) {
  v1::TapRequest* request = &options->request;
  AddFilter(verb, request);
  AddWord(verb, "--from", "START",
          "Begin with: live, earliest, time:TIME (or time:-10m), gtid:SET, position:FILE:OFFSET, or a resume token",
          [request](const std::string& word) { ReadFrom(word, request->mutable_start()); });
  AddWord(verb, "--until", "END", "End before: time:TIME or position:FILE:OFFSET",
          [request](const std::string& word) { ReadUntil(word, request->mutable_end()); });
  AddWord(verb, "--count", "N", "End after this many events", [request](const std::string& word) {
    uint64_t count = 0;
    if (!absl::SimpleAtoi(word, &count) || count == 0) {
      throw CLI::ValidationError("--count", "1 or more; leave it out to go on until Ctrl-C");
    }
    request->mutable_end()->set_events(count);
  });
  verb->add_option("--resume", options->resume_file,
                   "Go on where this file says, if it exists, and keep the newest resume token in it")
      ->type_name("FILE");
  verb->add_flag_callback(
      "--replay-gaps", [request] { request->set_replay_gaps(true); },
      "Have what was missed read again from the source, not told as a gap");
}

absl::Status ReadResumeFile(TapOptions* options) {
  if (options->resume_file.empty()) return absl::OkStatus();
  absl::StatusOr<std::string> text = ReadWholeFile(options->resume_file, kMostTokenBytes);
  const bool is_new = absl::IsNotFound(text.status());
  if (!text.ok() && !is_new) return Annotate(text.status(), "--resume");
  // Known now, and not when the first events are shown whose place cannot be kept.
  RETURN_IF_ERROR(Annotate(CheckReplaceable(options->resume_file), "--resume"));
  if (is_new) return absl::OkStatus();
  absl::StripAsciiWhitespace(&*text);
  if (!absl::StartsWith(*text, kTokenStart)) {
    return absl::InvalidArgumentError(
        absl::StrCat(options->resume_file, " holds no resume token: name another file, or remove it to begin anew"));
  }
  options->request.mutable_start()->set_resume_token(*text);
  return absl::OkStatus();
}

}  // namespace binlogd
