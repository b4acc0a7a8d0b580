#include "client/top/top_screen.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/status_text.h"
#include "client/table.h"
#include "client/text.h"

namespace binlogd {
namespace {

// Lines above and below the rows: head, totals, the columns' names; what is wrong with the selected one, the keys.
constexpr size_t kLinesAbove = 3;
constexpr size_t kLinesBelow = 3;
constexpr size_t kLeastName = 8;
constexpr size_t kMostName = 40;
constexpr size_t kState = 8;
constexpr size_t kLag = 6;
constexpr size_t kSparkline = 8;
constexpr size_t kEvents = 6;
constexpr size_t kBytes = 10;
constexpr size_t kTargets = 5;
constexpr size_t kLeastError = 10;
// Between two columns.
constexpr size_t kGap = 2;

std::string Left(absl::string_view text, size_t width) {
  const std::string shown = ShortenText(text, width);
  return absl::StrCat(shown, std::string(width - std::min(width, TextWidth(shown)), ' '));
}

std::string Right(absl::string_view text, size_t width) {
  const std::string shown = ShortenText(text, width);
  return absl::StrCat(std::string(width - std::min(width, TextWidth(shown)), ' '), shown);
}

std::string RateText(double per_second) {
  return per_second > 0 && per_second < 10 ? absl::StrFormat("%.1f", per_second)
                                           : CountText(static_cast<uint64_t>(std::llround(per_second)));
}

std::string BytesRateText(double per_second) {
  return absl::StrCat(BytesText(static_cast<uint64_t>(std::llround(per_second))), "/s");
}

std::string LagText(const TopRow& row) {
  return AtWork(row.status) ? DurationText(absl::Seconds(row.status.lag_seconds())) : "-";
}

bool AllHealthy(const TopRow& row) {
  return std::all_of(row.status.targets().begin(), row.status.targets().end(),
                     [](const v1::TargetStatus& target) { return target.healthy(); });
}

std::string TargetsText(const TopRow& row) {
  const auto healthy = std::count_if(row.status.targets().begin(), row.status.targets().end(),
                                     [](const v1::TargetStatus& target) { return target.healthy(); });
  return absl::StrCat(healthy, "/", row.status.targets_size());
}

// What is wrong with it: of itself, or of a target that the others do not wait for.
const v1::Problem* ProblemOf(const TopRow& row) {
  if (row.status.has_error()) return &row.status.error();
  for (const v1::TargetStatus& target : row.status.targets()) {
    if (target.has_error()) return &target.error();
  }
  return nullptr;
}

// How wide names are shown, so that all else has its room.
size_t NameWidth(const std::vector<const TopRow*>& rows, size_t columns) {
  constexpr size_t kOthers = kState + kLag + kSparkline + kEvents + kBytes + kTargets + kLeastError + 7 * kGap;
  size_t longest = kLeastName;
  for (const TopRow* row : rows) longest = std::max(longest, TextWidth(row->name));
  const size_t room = columns > kOthers + kLeastName ? columns - kOthers : kLeastName;
  return std::min({longest, kMostName, room});
}

std::string ColumnNames(size_t name_width, TopOrder order, bool colour) {
  const auto name = [order](absl::string_view text, TopOrder of) { return absl::StrCat(text, order == of ? "*" : ""); };
  return Paint(
      absl::StrCat(Left(name("NAME", TopOrder::kName), name_width), "  ", Left(name("STATE", TopOrder::kState), kState),
                   "  ", Right(name("LAG", TopOrder::kLag), kLag), "  ", Left("", kSparkline), "  ",
                   Right("EV/S", kEvents), "  ", Right(name("BYTES/S", TopOrder::kRate), kBytes), "  ",
                   Right("TGTS", kTargets), "  ERROR"),
      Colour::kBold, colour);
}

std::string RowLine(const TopRow& row, size_t name_width, bool selected, bool colour) {
  const v1::Problem* problem = ProblemOf(row);
  // The selected one is marked as a whole: colours within would end the mark.
  const bool painted = colour && !selected;
  const std::string line =
      absl::StrCat(Left(row.name, name_width), "  ",
                   Paint(Left(StateText(row.status.state()), kState), StateColour(row.status.state()), painted), "  ",
                   Right(LagText(row), kLag), "  ", Paint(Sparkline(row.lags, kSparkline), Colour::kDim, painted), "  ",
                   Right(RateText(row.events_per_second), kEvents), "  ",
                   Right(BytesText(static_cast<uint64_t>(std::llround(row.bytes_per_second))), kBytes), "  ",
                   Paint(Right(TargetsText(row), kTargets), AllHealthy(row) ? Colour::kNone : Colour::kRed, painted),
                   "  ", Paint(problem == nullptr ? "" : EscapeText(problem->reason()), Colour::kRed, painted));
  return selected && colour ? Paint(line, Colour::kReverse, true) : line;
}

// Below the rows: where the selected one stands, and what is wrong with it in whole sentences.
std::string DetailsLine(const TopRow& row, bool colour) {
  const v1::Problem* problem = ProblemOf(row);
  if (problem != nullptr) return Paint(EscapeText(problem->message()), Colour::kRed, colour);
  const std::string position = PositionText(row.status.position());
  return EscapeText(absl::StrCat(row.status.has_source() ? row.status.source().endpoint() : "",
                                 row.status.has_source() && !position.empty() ? ", " : "",
                                 position.empty() ? "" : absl::StrCat("durable up to ", position)));
}

}  // namespace

std::string Sparkline(const std::deque<double>& values, size_t width) {
  constexpr absl::string_view kBars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr size_t kHighest = 7;
  const size_t shown = std::min(values.size(), width);
  double largest = 1;
  for (size_t i = values.size() - shown; i < values.size(); ++i) largest = std::max(largest, values[i]);
  std::string line(width - shown, ' ');
  for (size_t i = values.size() - shown; i < values.size(); ++i) {
    const double height = std::ceil(std::max(values[i], 0.0) / largest * static_cast<double>(kHighest));
    absl::StrAppend(&line, kBars[std::min(static_cast<size_t>(height), kHighest)]);
  }
  return line;
}

void TopScreen::Sort(TopOrder order) {
  reverse_ = order == order_ && !reverse_;
  order_ = order;
}

size_t TopScreen::SelectedOf(const std::vector<const TopRow*>& rows) {
  if (rows.empty()) return 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i]->name == selected_) return selected_line_ = i;
  }
  // It is gone: the one that stands in its place now.
  selected_line_ = std::min(selected_line_, rows.size() - 1);
  selected_ = rows[selected_line_]->name;
  return selected_line_;
}

void TopScreen::Move(int64_t by, const TopModel& model) {
  const std::vector<const TopRow*> rows = model.Rows(filter_, order_, reverse_);
  if (rows.empty()) return;
  const int64_t to = static_cast<int64_t>(SelectedOf(rows)) + by;
  selected_line_ = static_cast<size_t>(std::clamp<int64_t>(to, 0, static_cast<int64_t>(rows.size()) - 1));
  selected_ = rows[selected_line_]->name;
}

void TopScreen::PressInFilter(const Key& key) {
  switch (key.kind) {
    case Key::Kind::kCharacter: filter_.push_back(key.character); break;
    case Key::Kind::kBackspace:
      if (filter_.empty()) {
        in_filter_ = false;
      } else {
        filter_.pop_back();
      }
      break;
    case Key::Kind::kEscape: filter_.clear(); [[fallthrough]];
    case Key::Kind::kEnter: in_filter_ = false; break;
    default: break;
  }
}

bool TopScreen::Press(const Key& key, const TopModel& model, Output::Size size) {
  if (in_filter_) {
    PressInFilter(key);
    return true;
  }
  const auto page =
      static_cast<int64_t>(std::max<size_t>(size.lines, kLinesAbove + kLinesBelow + 1) - kLinesAbove - kLinesBelow);
  switch (key.kind) {
    case Key::Kind::kUp: Move(-1, model); return true;
    case Key::Kind::kDown: Move(1, model); return true;
    case Key::Kind::kPageUp: Move(-page, model); return true;
    case Key::Kind::kPageDown: Move(page, model); return true;
    case Key::Kind::kHome: Move(INT32_MIN, model); return true;
    case Key::Kind::kEnd: Move(INT32_MAX, model); return true;
    case Key::Kind::kEscape: filter_.clear(); return true;
    case Key::Kind::kCharacter: break;
    default: return true;
  }
  switch (key.character) {
    case 'q':
    case 'Q': return false;
    case 'k': Move(-1, model); break;
    case 'j': Move(1, model); break;
    case 'n': Sort(TopOrder::kName); break;
    case 'l': Sort(TopOrder::kLag); break;
    case 'r': Sort(TopOrder::kRate); break;
    case 's': Sort(TopOrder::kState); break;
    case '/': in_filter_ = true; break;
    default: break;
  }
  return true;
}

std::string TopScreen::Head(const TopModel& model, absl::Time now, bool colour) const {
  std::map<v1::State, int> states;
  for (const TopRow* row : model.Rows("", TopOrder::kName, false)) ++states[row->status.state()];
  std::string head = absl::StrCat(Paint("binlogd", Colour::kBold, colour), " ", EscapeText(server_), "  ",
                                  absl::FormatTime("%H:%M:%S", now, absl::LocalTimeZone()), "  ", model.size(),
                                  model.size() == 1 ? " streamer" : " streamers");
  for (const auto& [state, count] : states) {
    absl::StrAppend(&head, "  ", Paint(absl::StrCat(count, " ", StateText(state)), StateColour(state), colour));
  }
  return head;
}

std::string TopScreen::Totals(const TopModel& model, bool colour) const {
  if (!away_.empty()) return Paint(EscapeText(away_), Colour::kRed, colour);
  double events = 0, bytes = 0;
  for (const TopRow* row : model.Rows("", TopOrder::kName, false)) {
    events += row->events_per_second;
    bytes += row->bytes_per_second;
  }
  std::string totals = absl::StrCat(RateText(events), " events/s  ", BytesRateText(bytes));
  const std::vector<const TopRow*> rows = model.Rows("", TopOrder::kLag, false);
  if (!rows.empty() && AtWork(rows[0]->status)) {
    absl::StrAppend(&totals, "  longest lag ", LagText(*rows[0]), " (", rows[0]->name, ")");
  }
  return totals;
}

std::string TopScreen::Foot(bool colour) const {
  if (in_filter_) return absl::StrCat("filter: ", filter_, "_   a part of the name, a state, label=value, !label");
  return Paint(absl::StrCat("q quit   sort: n name  l lag  r rate  s state   arrows scroll   / filter",
                            filter_.empty() ? "" : absl::StrCat(": ", filter_, " (Esc clears)")),
               Colour::kDim, colour);
}

size_t TopScreen::ScrollTo(size_t selected, size_t count, size_t height) {
  scroll_ = std::min(scroll_, count > height ? count - height : 0);
  if (selected < scroll_) scroll_ = selected;
  if (selected >= scroll_ + height) scroll_ = selected + 1 - height;
  return scroll_;
}

std::vector<std::string> TopScreen::Lines(const TopModel& model, Output::Size size, absl::Time now, bool colour) {
  const std::vector<const TopRow*> rows = model.Rows(filter_, order_, reverse_);
  const size_t selected = SelectedOf(rows);
  const size_t height = size.lines > kLinesAbove + kLinesBelow ? size.lines - kLinesAbove - kLinesBelow : 1;
  const size_t first = ScrollTo(selected, rows.size(), height);
  const size_t name_width = NameWidth(rows, size.columns);
  std::vector<std::string> lines = {Head(model, now, colour), Totals(model, colour),
                                    ColumnNames(name_width, order_, colour)};
  for (size_t i = first; i < first + height; ++i) {
    lines.push_back(i < rows.size() ? RowLine(*rows[i], name_width, i == selected, colour) : "");
  }
  if (rows.empty()) {
    lines[kLinesAbove] = !model.synced()   ? "waiting for the first answer"
                         : filter_.empty() ? "there are no streamers"
                                           : "no streamer passes the filter; Esc clears it";
  }
  const std::string place =
      rows.size() <= height
          ? ""
          : absl::StrCat("  ", first + 1, "-", std::min(first + height, rows.size()), " of ", rows.size());
  lines.push_back(place);
  lines.push_back(rows.empty() ? "" : DetailsLine(*rows[selected], colour));
  lines.push_back(Foot(colour));
  lines.resize(std::min(lines.size(), size.lines));
  for (std::string& line : lines) line = ShortenPainted(line, size.columns);
  return lines;
}

std::string TopScreen::Table(const TopModel& model, bool colour) {
  using Align = binlogd::Table::Align;
  binlogd::Table table({{"NAME"},
                        {"STATE"},
                        {"LAG", Align::kRight},
                        {"EVENTS/S", Align::kRight},
                        {"BYTES/S", Align::kRight},
                        {"TARGETS", Align::kRight},
                        {"ERROR"}});
  for (const TopRow* row : model.Rows("", TopOrder::kName, false)) {
    const v1::Problem* problem = ProblemOf(*row);
    table.Add({row->name, StateText(row->status.state()), LagText(*row), RateText(row->events_per_second),
               BytesRateText(row->bytes_per_second), TargetsText(*row), problem == nullptr ? "" : problem->reason()});
  }
  return table.Text(colour);
}

}  // namespace binlogd
