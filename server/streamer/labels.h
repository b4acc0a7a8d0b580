// Labels of streamers, by which people and programs sort them.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binlogd {

using Labels = std::map<std::string, std::string>;

// InvalidField("labels…", INVALID_LABEL) unless there are at most 64, each key is 1 to 63 of a-z A-Z 0-9 . _ - / and
// each value 0 to 63 of the same without '/', both beginning and ending with a letter or digit.
absl::Status CheckLabels(const Labels& labels);

// Which labels are wanted: requirements, parted by commas, all of which have to hold.
//
//   key=value  key==value   the label is there and has the value
//   key!=value              the label has another value, or is not there
//   key in (a,b)            the label is there and has one of the values
//   key notin (a,b)         the label has none of the values, or is not there
//   key                     the label is there
//   !key                    the label is not there
//
// Blanks around the parts do not matter. Immutable.
class LabelSelector {
 public:
  // Matches everything, as an empty text does.
  LabelSelector() = default;
  // INVALID_ARGUMENT (BAD_SELECTOR) with `field` as its field.
  static absl::StatusOr<LabelSelector> Parse(absl::string_view text, absl::string_view field);

  bool Matches(const Labels& labels) const;

 private:
  friend class SelectorParser;
  // The label's value is (not) among `values`; without values: the label is (not) there.
  struct Requirement {
    std::string key;
    std::set<std::string> values;
    bool negated = false;
  };
  std::vector<Requirement> requirements_;
};

}  // namespace binlogd
