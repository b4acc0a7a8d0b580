#include "tests/telemetry/metrics_page.h"

#include <algorithm>
#include <array>
#include <memory>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/logging.h"
#include "binlog/event_class.h"
#include "fleet/declared_fleet.h"
#include "rpc/call_counters.h"
#include "streamer/metric_catalog.h"
#include "telemetry/disk_metrics.h"
#include "telemetry/process_metrics.h"

namespace binlogd::testing {
namespace {

constexpr absl::string_view kHead = R"(# Metrics

What `/metrics` of the metrics port (`--metrics-listen`) says, and, of one streamer, `binlogctl metrics NAME`. This page is made from the code:
`build/tests/telemetry/write_metrics_page > docs/metrics.md`.

Counters (`_total`) and histograms begin at 0 when binlogd starts, when a streamer is made, and when its spec changes. A deleted streamer's series
are gone with the next scrape.

## What to watch

- `binlogd_streamer_lag_seconds`: 0 when every required target durably holds all that the source has; it grows while the source is ahead, silent or
  unreachable. A restart of binlogd does not reset it where checkpoints are kept; without them (`checkpoint: {enabled: false}`) it begins
  anew. `binlogd_target_lag_seconds` is the same of each target, required or not.
- `binlogd_streamer_state{state="FAILED"}`: 1 means that a person is needed; `binlogctl status NAME` says for what.
- `binlogd_target_healthy`: 0 while a target fails. It is tried again by itself; if it is required the streamer holds its position.
  `binlogd_target_state{state="DETACHED"}`: 1 while a target that is not required is no longer waited for ([targets.md](targets.md)); the source must
  keep its log until it has caught up.
- `binlogd_target_disk_free_bytes` and `binlogd_state_disk_free_bytes`: a full disk holds its streamers up.

The lag in bytes and transactions is counted up to the end of the source's log as far as that is known: a streamer that is behind asks for it every
10 s.

)";

// A streamer with one target of every sort, as small as it gets.
StreamerSnapshot Example(bool has_target) {
  StreamerSnapshot snapshot;
  snapshot.name = "orders";
  const std::string gtids = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-9";
  snapshot.source_end = Position{"binlog.000001", 4, gtids};
  TargetSnapshot target;
  target.name = "archive";
  target.type = "file";
  target.durable.position = snapshot.source_end;
  target.lag_bytes = 0;
  target.counters = std::make_shared<TargetCounters>();
  if (has_target) snapshot.targets.push_back(target);
  return snapshot;
}

// How many series a streamer, and how many each target of it has; of what needs a target the streamer's own.
size_t SeriesOf(bool has_target) {
  size_t series = 0;
  for (const MetricSample& sample : StreamerMetrics(Example(has_target))) series += PlainSamples(sample).size();
  return series;
}

bool IsOfTargets(const MetricFamily& family) { return absl::StrContains(family.labels, "target"); }

std::string Words(const std::vector<std::string>& words) {
  return absl::StrJoin(words, ", ",
                       [](std::string* out, const std::string& word) { absl::StrAppend(out, "`", word, "`"); });
}

// The values of label number `label` of a family of the example.
std::vector<std::string> ValuesOf(absl::string_view family, size_t label) {
  std::vector<std::string> values;
  for (const MetricSample& sample : StreamerMetrics(Example(true))) {
    if (sample.family->name == family) values.push_back(sample.label_values[label]);
  }
  return values;
}

std::string Labels() {
  std::vector<std::string> levels;
  for (const LogLevel level : kLogLevels) levels.emplace_back(LogLevelName(level));
  // What both have, each of them; lags of the streamer come with its first target.
  const size_t streamer = SeriesOf(false) + 2;
  const std::vector<const MetricFamily*> of_disks = DiskFamilies();
  const auto disk =
      std::count_if(of_disks.begin(), of_disks.end(), [](const MetricFamily* family) { return IsOfTargets(*family); });
  return absl::StrCat(
      "## Labels\n\nEvery label's values are bounded: no table, user, client or error text is one.\n\n"
      "| label | values |\n|---|---|\n"
      "| `streamer` | the streamers' names |\n| `target` | the names of the streamer's targets |\n",
      "| `state` of a streamer | ", Words(ValuesOf("binlogd_streamer_state", 1)), " |\n",  //
      "| `state` of a target | ", Words(ValuesOf("binlogd_target_state", 2)), " |\n",      //
      "| `kind` | ", Words(ValuesOf("binlogd_streamer_events_read_total", 1)), " |\n",
      "| `method` | the RPCs of `binlogd.v1.StreamerService` |\n| `code` | the names of gRPC's codes, those that were "
      "sent |\n",
      "| `level` | ", Words(levels), " |\n",
      "| `outcome` | `applied`, `refused` |\n| `version` | one |\n| `le` | the bounds of a histogram's buckets |\n\n",
      "A streamer has ", streamer, " series, and ", SeriesOf(true) - streamer,
      " more for each target: ", streamer + 2 * (SeriesOf(true) - streamer), " with two targets. A file target has ",
      disk,
      " more, which `binlogctl metrics` does not show. The server has "
      "some 300.\n\n");
}

std::string Unit(const MetricFamily& family) {
  const absl::string_view name = family.name;
  for (const char* unit : {"seconds", "bytes"}) {
    if (absl::EndsWith(name, absl::StrCat("_", unit)) || absl::EndsWith(name, absl::StrCat("_", unit, "_total")))
      return unit;
  }
  return "";
}

std::string Row(const MetricFamily& family) {
  return absl::StrCat("| `", family.name, "` | ", MetricTypeName(family.type), " | ",
                      absl::StrJoin(LabelNames(family), ", "), " | ", Unit(family), " | ", family.help, " |\n");
}

}  // namespace

std::vector<MetricSection> MetricSections() {
  MetricSection server{"The server", ProcessFamilies()};
  MetricSection targets{"Targets", TargetFamilies()};
  for (const MetricFamily* family : DiskFamilies()) {
    (IsOfTargets(*family) ? targets : server).families.push_back(family);
  }
  server.families.push_back(&kDeclaredSpecs);
  for (const MetricFamily* family : CallCounters::Families()) server.families.push_back(family);
  return {{"Streamers", StreamerFamilies()}, std::move(targets), std::move(server)};
}

std::string MetricsPage() {
  std::string page = absl::StrCat(kHead, Labels());
  for (const MetricSection& section : MetricSections()) {
    absl::StrAppend(&page, "## ", section.title,
                    "\n\n| metric | type | labels | unit | meaning |\n|---|---|---|---|---|\n");
    for (const MetricFamily* family : section.families) absl::StrAppend(&page, Row(*family));
    absl::StrAppend(&page, "\n");
  }
  absl::StrAppend(
      &page, "Buckets in seconds: ", absl::StrJoin(kSecondsBuckets, ", "), ". In bytes: ",
      absl::StrJoin(kBytesBuckets, ", ",
                    [](std::string* out, double bound) { absl::StrAppend(out, static_cast<uint64_t>(bound)); }),
      ".\n");
  return page;
}

}  // namespace binlogd::testing
