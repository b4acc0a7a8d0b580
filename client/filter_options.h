// The options that say which events are wanted.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "binlog/event_filter.h"

namespace binlogd {

// The type of an option that takes kinds of events, and which there are: "write", "update", ….
inline constexpr char kKindsType[] = "KIND[,KIND]";
std::vector<std::string> EventNames();

// Adds an option that takes globs, parted by commas, and may be repeated.
void AddGlobs(CLI::App* verb, const std::string& name, const std::string& description, std::vector<std::string>* globs);

// Adds --databases, --tables and --events, which fill `filter`; it outlives the verb.
void AddFilterOptions(CLI::App* verb, FilterSpec* filter);

}  // namespace binlogd
