// Which streamers are wanted.
#pragma once

#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "base/glob.h"
#include "streamer/labels.h"
#include "streamer/status.h"

namespace binlogd {

// Everything has to hold; by default all are wanted.
struct StreamerFilter {
  LabelSelector labels;
  std::set<StreamerState> states;  // Empty: all.
  std::string name;                // A name, or a glob of names; empty: all.

  bool MatchesName(absl::string_view streamer) const { return name.empty() || GlobMatches(name, streamer); }
  bool Matches(absl::string_view streamer, const Labels& its_labels, StreamerState state) const {
    return MatchesName(streamer) && labels.Matches(its_labels) && (states.empty() || states.count(state) != 0);
  }
};

}  // namespace binlogd
