#include "telemetry/home_page.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "base/build_version.h"

namespace binlogd {
namespace {

// Below some width each row becomes a block, whose cells say by themselves what they are.
constexpr absl::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="10">
<title>binlogd</title>
<style>
body { font: 15px/1.4 system-ui, sans-serif; margin: 1em; color: #222; background: #fff; }
h1 { font-size: 1.3em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35em .6em; border-bottom: 1px solid #ddd; vertical-align: top; overflow-wrap: anywhere; }
.good { color: #176f2c; } .busy { color: #8a6100; } .bad { color: #b3261e; font-weight: bold; } .off { color: #666; }
.error { color: #b3261e; font-size: .9em; }
@media (max-width: 640px) {
  thead { display: none; }
  tr { display: block; border-bottom: 2px solid #bbb; padding: .4em 0; }
  td { display: block; border: 0; padding: .1em 0; }
  td::before { content: attr(data-label) " "; color: #666; }
}
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #181818; } th, td { border-color: #444; } a { color: #8ab4f8; }
  .good { color: #7bd88f; } .busy { color: #f0c674; } .bad, .error { color: #ff8a80; } .off { color: #999; }
}
</style>
</head>
<body>
)";

constexpr absl::string_view kTableHead =
    "<table>\n<thead><tr><th>Streamer</th><th>State</th><th>Lag</th><th>Source</th><th>Position</th>"
    "<th>Targets</th></tr></thead>\n<tbody>\n";

absl::string_view ClassOfState(StreamerState state) {
  switch (state) {
    case StreamerState::kRunning: return "good";
    case StreamerState::kStarting:
    case StreamerState::kRetrying:
    case StreamerState::kStopping: return "busy";
    case StreamerState::kFailed: return "bad";
    case StreamerState::kStopped:
    case StreamerState::kFinished: return "off";
  }
  return "off";
}

absl::string_view ClassOfState(TargetState state) {
  switch (state) {
    case TargetState::kFollowing: return "good";
    case TargetState::kCatchingUp:
    case TargetState::kRetrying: return "busy";
    case TargetState::kDetached:
    case TargetState::kFailed: return "bad";
  }
  return "off";
}

std::string LagText(double seconds) {
  constexpr double kMinute = 60, kHour = 3600;
  if (seconds >= kHour)
    return absl::StrFormat("%.0f h %.0f min", std::floor(seconds / kHour),
                           std::floor(std::fmod(seconds, kHour) / kMinute));
  if (seconds >= kMinute) return absl::StrFormat("%.0f min", std::floor(seconds / kMinute));
  return absl::StrFormat("%.1f s", seconds);
}

std::string Cell(absl::string_view label, absl::string_view html) {
  return absl::StrCat("<td data-label=\"", label, "\">", html, "</td>");
}

std::string Span(absl::string_view html_class, absl::string_view text) {
  return absl::StrCat("<span class=\"", html_class, "\">", EscapeHtml(text), "</span>");
}

std::string ErrorText(const absl::Status& error) {
  return error.ok() ? "" : absl::StrCat("<br>", Span("error", std::string(error.message())));
}

std::string TargetsText(const StreamerSnapshot& snapshot) {
  std::string html;
  for (const TargetSnapshot& target : snapshot.targets) {
    absl::StrAppend(&html, html.empty() ? "" : "<br>", EscapeHtml(target.name), " (", EscapeHtml(target.type), ") ",
                    Span(ClassOfState(target.state), TargetStateName(target.state)), " ", LagText(target.lag_seconds),
                    target.required ? "" : ", not required");
    // That of a required target is the streamer's.
    if (!target.required) absl::StrAppend(&html, ErrorText(target.error));
  }
  return html;
}

std::string Row(const StreamerSnapshot& s) {
  const std::string state = Span(ClassOfState(s.state), StreamerStateName(s.state)) + ErrorText(s.error);
  const std::string source = absl::StrCat(EscapeHtml(s.source.endpoint), s.source.connected ? "" : " (not connected)");
  return absl::StrCat("<tr>", Cell("", absl::StrCat("<strong>", EscapeHtml(s.name), "</strong>")), Cell("State", state),
                      Cell("Lag", LagText(s.lag_seconds)), Cell("Source", source),
                      Cell("Position", s.position.empty() ? "" : EscapeHtml(ToString(s.position))),
                      Cell("Targets", TargetsText(s)), "</tr>\n");
}

}  // namespace

std::string EscapeHtml(absl::string_view text) {
  return absl::StrReplaceAll(text, {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}});
}

std::string HomePage(const std::vector<StreamerView>& streamers, const std::map<std::string, absl::Status>& left_out) {
  const size_t shown = std::min(streamers.size(), kMostOnHomePage);
  std::string html(kHead);
  absl::StrAppend(&html, "<h1>binlogd ", EscapeHtml(kBuildVersion), "</h1>\n<p>", streamers.size(),
                  streamers.size() == 1 ? " streamer" : " streamers",
                  " · <a href=\"/metrics\">metrics</a> · <a href=\"/readyz\">ready</a></p>\n");
  for (const auto& [name, why] : left_out) {
    absl::StrAppend(&html, "<p>", Span("bad", absl::StrCat(name, " could not be loaded")), ErrorText(why), "</p>\n");
  }
  if (shown > 0) {
    absl::StrAppend(&html, kTableHead);
    for (size_t i = 0; i < shown; ++i) absl::StrAppend(&html, Row(streamers[i].snapshot));
    absl::StrAppend(&html, "</tbody>\n</table>\n");
  }
  if (shown < streamers.size()) {
    absl::StrAppend(&html, "<p>", streamers.size() - shown, " more: see <code>binlogctl status</code>.</p>\n");
  }
  absl::StrAppend(&html, "</body>\n</html>\n");
  return html;
}

}  // namespace binlogd
