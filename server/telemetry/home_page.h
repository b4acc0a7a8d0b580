// The page for people: every streamer at a glance.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "streamer/manager.h"

namespace binlogd {

// What HTML takes for its own is escaped, so that the text can stand between tags and in quotes.
std::string EscapeHtml(absl::string_view text);

// Of the first kMostOnHomePage streamers, and of all whose records could not be read. No secret is in it: of a spec
// only names are.
inline constexpr size_t kMostOnHomePage = 500;
std::string HomePage(const std::vector<StreamerView>& streamers,
                     const std::map<std::string, absl::Status>& left_out = {});

}  // namespace binlogd
