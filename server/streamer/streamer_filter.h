// Which streamers are wanted.
#pragma once

#include <functional>
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
  // Those of which the asker may know; null: all. Quick, and calls nobody.
  std::function<bool(absl::string_view streamer)> visible;

  bool IsVisible(absl::string_view streamer) const { return visible == nullptr || visible(streamer); }
  bool MatchesName(absl::string_view streamer) const {
    return (name.empty() || GlobMatches(name, streamer)) && IsVisible(streamer);
  }
  bool Matches(absl::string_view streamer, const Labels& its_labels, StreamerState state) const {
    return MatchesName(streamer) && labels.Matches(its_labels) && (states.empty() || states.count(state) != 0);
  }
};

}  // namespace binlogd
