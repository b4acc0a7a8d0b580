#include "client/duration_option.h"

#include <CLI/CLI.hpp>

#include "base/shown.h"

namespace binlogd {

CLI::Option* AddDurationOption(CLI::App* app, const std::string& names, const std::string& description,
                               const std::string& shown_default, absl::Duration* duration) {
  const auto set = [names, duration](const std::string& word) {
    absl::Duration parsed;
    if (!absl::ParseDuration(word, &parsed)) {
      throw CLI::ValidationError(names, Shown(word) + " is not a duration such as 500ms, 10s or 2m");
    }
    if (parsed < absl::Milliseconds(10) || parsed > absl::Hours(24)) {
      throw CLI::ValidationError(names, Shown(word) + " is not within 10ms and 24h");
    }
    *duration = parsed;
  };
  return app->add_option_function<std::string>(names, set, description)
      ->type_name("DURATION")
      ->default_str(shown_default);
}

}  // namespace binlogd
