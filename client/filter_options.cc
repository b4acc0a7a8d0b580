#include "client/filter_options.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace binlogd {
namespace {

constexpr int kLastKind = static_cast<int>(EventKind::kOther);

// "write, update, …".
std::string EventList() { return absl::StrJoin(EventNames(), ", "); }

void AddEvent(const std::string& word, FilterSpec* filter) {
  for (int i = 1; i <= kLastKind; ++i) {
    const EventKind kind = static_cast<EventKind>(i);
    if (EventKindName(kind) != absl::AsciiStrToLower(word)) continue;
    filter->events.insert(kind);
    return;
  }
  throw CLI::ValidationError("--events", absl::StrCat("\"", word, "\" is not one of ", EventList()));
}

}  // namespace

std::vector<std::string> EventNames() {
  std::vector<std::string> names;
  for (int i = 1; i <= kLastKind; ++i) names.emplace_back(EventKindName(static_cast<EventKind>(i)));
  return names;
}

void AddGlobs(CLI::App* verb, const std::string& name, const std::string& description,
              std::vector<std::string>* globs) {
  verb->add_option(name, *globs, description)->type_name("GLOB[,GLOB]")->delimiter(',')->allow_extra_args(false);
}

void AddFilterOptions(CLI::App* verb, FilterSpec* filter) {
  AddGlobs(verb, "--databases", "Only of these databases", &filter->databases);
  AddGlobs(verb, "--tables", "Only of these tables, as database.table", &filter->tables);
  verb->add_option_function<std::vector<std::string>>(
          "--events",
          [filter](const std::vector<std::string>& words) {
            for (const std::string& word : words) AddEvent(word, filter);
          },
          "Only of these kinds: " + EventList())
      ->type_name(kKindsType)
      ->delimiter(',')
      ->allow_extra_args(false);
}

bool ReadTime(const std::string& text, std::optional<absl::Time>* time) {
  absl::Time read;
  for (const char* format :
       {"%Y-%m-%dT%H:%M:%E*S%Ez", "%Y-%m-%dT%H:%M:%E*S", "%Y-%m-%d %H:%M:%E*S%Ez", "%Y-%m-%d %H:%M:%E*S", "%Y-%m-%d"}) {
    if (!absl::ParseTime(format, text, absl::UTCTimeZone(), &read, nullptr)) continue;
    *time = read;
    return true;
  }
  return false;
}

}  // namespace binlogd
