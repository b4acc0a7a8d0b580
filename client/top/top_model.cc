#include "client/top/top_model.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "client/status_text.h"

namespace binlogd {
namespace {

// Over which a rate is taken: progress comes once a second, a little early or late.
constexpr absl::Duration kRateWindow = absl::Seconds(5);

bool PassesWord(const TopRow& row, absl::string_view word) {
  v1::State state;
  if (v1::State_Parse(absl::AsciiStrToUpper(word), &state)) return row.status.state() == state;
  if (word[0] == '!') return row.labels.count(std::string(word.substr(1))) == 0;
  const std::pair<absl::string_view, absl::string_view> label = absl::StrSplit(word, absl::MaxSplits('=', 1));
  if (!absl::StrContains(word, '=')) return absl::StrContains(row.name, word);
  const auto found = row.labels.find(std::string(label.first));
  return found != row.labels.end() && found->second == label.second;
}

bool Passes(const TopRow& row, const std::vector<std::string>& words) {
  return std::all_of(words.begin(), words.end(), [&row](const std::string& word) { return PassesWord(row, word); });
}

// What wants looking at first.
int StateRank(v1::State state) {
  switch (state) {
    case v1::FAILED: return 0;
    case v1::RETRYING: return 1;
    case v1::STARTING: return 2;
    case v1::STOPPING: return 3;
    case v1::RUNNING: return 4;
    case v1::FINISHED: return 5;
    case v1::STOPPED: return 6;
    default: return 7;
  }
}

double LagOf(const TopRow& row) { return AtWork(row.status) ? row.status.lag_seconds() : 0; }

bool ComesBefore(const TopRow& a, const TopRow& b, TopOrder order) {
  switch (order) {
    case TopOrder::kLag:
      if (LagOf(a) != LagOf(b)) return LagOf(a) > LagOf(b);
      break;
    case TopOrder::kRate:
      if (a.bytes_per_second != b.bytes_per_second) return a.bytes_per_second > b.bytes_per_second;
      break;
    case TopOrder::kState:
      if (a.status.state() != b.status.state()) return StateRank(a.status.state()) < StateRank(b.status.state());
      break;
    case TopOrder::kName: break;
  }
  return a.name < b.name;
}

}  // namespace

TopModel::Entry& TopModel::EntryOf(const std::string& name) {
  Entry& entry = streamers_[name];
  entry.row.name = name;
  return entry;
}

void TopModel::Take(const v1::WatchResponse& response, absl::Time now) {
  revision_ = response.revision();
  if (response.reset()) streamers_.clear();
  for (const v1::WatchResponse::Change& change : response.changes()) {
    if (change.kind_case() == v1::WatchResponse::Change::kDeleted) {
      streamers_.erase(change.deleted());
      continue;
    }
    const v1::StreamerStatus& status = change.has_streamer() ? change.streamer().status() : change.status();
    Entry& entry = EntryOf(status.name());
    entry.row.status = status;
    if (change.has_streamer()) {
      const auto& labels = change.streamer().spec().labels();
      entry.row.labels = {labels.begin(), labels.end()};
    }
    // Counted from the start of binlogd: less than before is another one's.
    if (!entry.samples.empty() && status.events_read() < entry.samples.back().events) entry.samples.clear();
    if (entry.samples.empty()) entry.samples.push_back({now, status.events_read(), status.bytes_read()});
  }
  synced_ = synced_ || response.synced();
}

void TopModel::Tick(absl::Time now) {
  for (auto& [name, entry] : streamers_) {
    TopRow& row = entry.row;
    if (now > entry.samples.back().time) {
      entry.samples.push_back({now, row.status.events_read(), row.status.bytes_read()});
    }
    while (entry.samples.size() > 2 && now - entry.samples[1].time >= kRateWindow) entry.samples.pop_front();
    const Sample& first = entry.samples.front();
    const Sample& last = entry.samples.back();
    const double seconds = absl::ToDoubleSeconds(last.time - first.time);
    row.events_per_second = seconds > 0 ? static_cast<double>(last.events - first.events) / seconds : 0;
    row.bytes_per_second = seconds > 0 ? static_cast<double>(last.bytes - first.bytes) / seconds : 0;
    row.lags.push_back(LagOf(row));
    if (row.lags.size() > kMostLags) row.lags.pop_front();
  }
}

std::vector<const TopRow*> TopModel::Rows(absl::string_view filter, TopOrder order, bool reverse) const {
  const std::vector<std::string> words = absl::StrSplit(filter, ' ', absl::SkipWhitespace());
  std::vector<const TopRow*> rows;
  for (const auto& [name, entry] : streamers_) {
    if (Passes(entry.row, words)) rows.push_back(&entry.row);
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [order](const TopRow* a, const TopRow* b) { return ComesBefore(*a, *b, order); });
  if (reverse) std::reverse(rows.begin(), rows.end());
  return rows;
}

}  // namespace binlogd
