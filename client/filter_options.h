// The options that say which events are wanted.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "binlog/event_filter.h"

namespace binlogd {

// The type of an option that takes kinds of events, and which there are: "write", "update", ….
inline constexpr char kKindsType[] = "KIND[,KIND]";
std::vector<std::string> EventNames();

// Adds an option that takes globs, parted by commas, and may be repeated.
void AddGlobs(CLI::App* verb, const std::string& name, const std::string& description, std::vector<std::string>* globs);

// Adds --databases, --tables and --events, which fill `filter`; it outlives the verb.
void AddFilterOptions(CLI::App* verb, FilterSpec* filter);

// Reads "2026-03-01 12:00:00" (UTC), "2026-03-01T12:00:00+02:00", or a date. False for another text.
bool ReadTime(const std::string& text, std::optional<absl::Time>* time);

}  // namespace binlogd
