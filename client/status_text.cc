#include "client/status_text.h"

#include <google/protobuf/timestamp.pb.h>

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/table.h"

namespace binlogd {
namespace {

constexpr size_t kErrorWidth = 60;

std::string ErrorSummary(const v1::StreamerStatus& status) {
  if (!status.has_error()) return "";
  return ShortenText(EscapeText(absl::StrCat(status.error().reason(), ": ", status.error().message())), kErrorWidth);
}

void AddStatus(const v1::StreamerStatus& status, Table* table) {
  const auto healthy = std::count_if(status.targets().begin(), status.targets().end(),
                                     [](const auto& target) { return target.healthy(); });
  const Colour health = healthy == status.targets_size() ? Colour::kNone : Colour::kRed;
  table->Add({status.name(),
              {StateText(status.state()), StateColour(status.state())},
              AtWork(status) ? DurationText(absl::Seconds(status.lag_seconds())) : "",
              PositionText(status.position()),
              CountText(status.events_read()),
              BytesText(status.bytes_read()),
              {absl::StrCat(healthy, "/", status.targets_size()), health},
              {ErrorSummary(status), status.has_error() ? Colour::kRed : Colour::kNone}});
}

std::string TargetsTable(const v1::StreamerStatus& status, bool colour) {
  Table table({{"NAME"},
               {"TYPE"},
               {"STATE"},
               {"REQUIRED"},
               {"LAG", Table::Align::kRight},
               {"POSITION"},
               {"WRITTEN", Table::Align::kRight}});
  for (const v1::TargetStatus& target : status.targets()) {
    const TargetWord state = TargetStateText(target);
    table.Add({target.name(),
               target.type(),
               {state.text, state.colour},
               target.required() ? "yes" : "no",
               AtWork(status) ? DurationText(absl::Seconds(target.lag_seconds())) : "",
               PositionText(target.position()),
               BytesText(target.bytes_written())});
  }
  return table.Text(colour);
}

std::string ProblemText(absl::string_view subject, const v1::Problem& problem, absl::Time now) {
  std::string text = absl::StrCat(subject, ": ", problem.message());
  absl::StrAppend(&text, " (", problem.reason());
  if (problem.has_since()) absl::StrAppend(&text, ", for ", DurationText(now - TimeOf(problem.since())));
  return absl::StrCat(EscapeText(text), ")\n");
}

}  // namespace

std::string StatusTable(const std::vector<v1::StreamerStatus>& statuses, bool colour) {
  Table table({{"NAME"},
               {"STATE"},
               {"LAG", Table::Align::kRight},
               {"POSITION"},
               {"EVENTS", Table::Align::kRight},
               {"BYTES", Table::Align::kRight},
               {"TARGETS", Table::Align::kRight},
               {"ERROR"}});
  for (const v1::StreamerStatus& status : statuses) AddStatus(status, &table);
  return table.Text(colour);
}

std::string StatusDetails(const v1::StreamerStatus& status, absl::Time now, bool colour) {
  std::string text = StatusTable({status}, colour);
  absl::StrAppend(&text, "\n", TargetsTable(status, colour));
  if (status.has_source()) absl::StrAppend(&text, "\nsource: ", EscapeText(SourceText(status.source())), "\n");
  if (!status.position().gtid().empty()) absl::StrAppend(&text, "gtid: ", EscapeText(status.position().gtid()), "\n");
  if (status.has_error()) absl::StrAppend(&text, "\n", ProblemText("error", status.error(), now));
  for (const v1::TargetStatus& target : status.targets()) {
    if (target.has_error())
      absl::StrAppend(&text, ProblemText(absl::StrCat("target ", target.name()), target.error(), now));
  }
  if (status.state() == v1::RETRYING && status.has_next_retry()) {
    absl::StrAppend(&text, "next try in ", DurationText(TimeOf(status.next_retry()) - now), ", after ",
                    status.retries(), " that failed\n");
  }
  return text;
}

absl::Time TimeOf(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

bool AtWork(const v1::StreamerStatus& status) {
  return status.state() == v1::RUNNING || status.state() == v1::RETRYING || status.state() == v1::STOPPING ||
         status.state() == v1::STARTING;
}

// Of a streamer that does not run there is only what was last known.
TargetWord TargetStateText(const v1::TargetStatus& target) {
  const std::string state(absl::StripPrefix(v1::TargetState_Name(target.state()), "TARGET_"));
  switch (target.state()) {
    case v1::TARGET_STATE_UNSPECIFIED:
    case v1::FOLLOWING:
      if (!target.healthy()) return {"FAILING", Colour::kRed};
      return target.state() == v1::FOLLOWING ? TargetWord{state, Colour::kGreen} : TargetWord{};
    case v1::CATCHING_UP: return {state, Colour::kYellow};
    default: return {state, Colour::kRed};
  }
}

std::string PositionText(const v1::Position& position) {
  return position.file().empty() ? "" : absl::StrCat(position.file(), ":", position.position());
}

std::string SourceText(const v1::SourceStatus& source) {
  std::string text = source.endpoint();
  if (!source.version().empty()) absl::StrAppend(&text, ", version ", source.version(), ", id ", source.server_id());
  absl::StrAppend(&text, source.connected() ? ", connected" : ", not connected", source.tls() ? " with TLS" : "");
  if (!source.epoch().empty()) absl::StrAppend(&text, ", epoch ", source.epoch());
  return text;
}

std::string StateText(v1::State state) {
  const std::string& name = v1::State_Name(state);
  return name.empty() ? absl::StrCat(static_cast<int>(state)) : name;
}

std::string StateText(v1::DesiredState state) {
  const std::string& name = v1::DesiredState_Name(state);
  return name.empty() ? absl::StrCat(static_cast<int>(state)) : std::string(absl::StripPrefix(name, "DESIRED_STATE_"));
}

Colour StateColour(v1::State state) {
  switch (state) {
    case v1::RUNNING: return Colour::kGreen;
    case v1::RETRYING:
    case v1::STARTING:
    case v1::STOPPING: return Colour::kYellow;
    case v1::FAILED: return Colour::kRed;
    default: return Colour::kNone;
  }
}

}  // namespace binlogd
