// What `binlogctl top` shows, and how keys change it.
#pragma once

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "client/output.h"
#include "client/terminal.h"
#include "client/top/top_model.h"

namespace binlogd {

// Not thread-safe.
class TopScreen {
 public:
  // `server`: its address.
  explicit TopScreen(std::string server) : server_(std::move(server)) {}

  // Returns whether to go on.
  bool Press(const Key& key, const TopModel& model, Output::Size size);
  // Binlogd is away, and why; empty when it is back.
  void SetAway(std::string why) { away_ = std::move(why); }

  // The lines of a screen of that size, one for each of its lines at most, none wider than it.
  std::vector<std::string> Lines(const TopModel& model, Output::Size size, absl::Time now, bool colour);
  // A table, for what is no screen.
  static std::string Table(const TopModel& model, bool colour);

 private:
  // The first line that is shown, moved so that the selected one is among the `height` that are.
  size_t ScrollTo(size_t selected, size_t count, size_t height);
  void PressInFilter(const Key& key);
  void Sort(TopOrder order);
  // Which of the rows is selected; 0 when there are none.
  size_t SelectedOf(const std::vector<const TopRow*>& rows);
  void Move(int64_t by, const TopModel& model);
  std::string Head(const TopModel& model, absl::Time now, bool colour) const;
  std::string Totals(const TopModel& model, bool colour) const;
  std::string Foot(bool colour) const;

  const std::string server_;
  TopOrder order_ = TopOrder::kName;
  bool reverse_ = false;
  std::string filter_;
  bool in_filter_ = false;
  std::string away_;
  std::string selected_;  // Its name: it stays selected when the order changes.
  size_t selected_line_ = 0;
  size_t scroll_ = 0;
};

// One character a value, from "▁" for 0 to "█" for the largest or 1, whichever is more; the newest `width` of them,
// filled up with blanks on the left.
std::string Sparkline(const std::deque<double>& values, size_t width);

}  // namespace binlogd
