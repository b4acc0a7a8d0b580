#include "client/describe_text.h"

#include <map>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/error_reasons.h"
#include "client/log_text.h"
#include "client/status_text.h"
#include "client/table.h"
#include "client/text.h"

namespace binlogd {
namespace {

std::string Indented(absl::string_view text) {
  std::string indented;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    absl::StrAppend(&indented, "  ", line, "\n");
  }
  return indented;
}

// Collects the lines of a page.
class Page {
 public:
  Page(const v1::StreamerDescription& description, absl::Time now, absl::TimeZone zone, bool colour)
      : description_(description),
        spec_(description.streamer().spec()),
        status_(description.streamer().status()),
        now_(now),
        zone_(zone),
        colour_(colour) {}

  std::string Text() {
    AddSpec();
    AddState();
    AddProgress();
    AddTargets();
    AddRecent();
    AddAdvice();
    return text_;
  }

 private:
  // A line "Name:  value"; none for an empty value.
  void Add(absl::string_view name, absl::string_view value, Colour colour = Colour::kNone) {
    if (value.empty()) return;
    absl::StrAppend(&text_, absl::StrFormat("%-12s", absl::StrCat(name, ":")),
                    Paint(EscapeText(value), colour, colour_), "\n");
  }
  void AddTitle(absl::string_view title) { absl::StrAppend(&text_, "\n", Paint(title, Colour::kBold, colour_), "\n"); }
  // "2024-02-29 12:03:44 (3h5m ago)".
  std::string TimeText(const google::protobuf::Timestamp& time) const {
    return absl::StrCat(absl::FormatTime("%Y-%m-%d %H:%M:%S", TimeOf(time), zone_), " (", Ago(time), ")");
  }
  std::string Ago(const google::protobuf::Timestamp& time) const {
    return absl::StrCat(DurationText(now_ - TimeOf(time)), " ago");
  }

  void AddSpec() {
    Add("Name", spec_.name());
    const std::map<std::string, std::string> labels(spec_.labels().begin(), spec_.labels().end());
    Add("Labels", absl::StrJoin(labels, ", ", absl::PairFormatter("=")));
    const v1::SourceSpec& source = spec_.source();
    Add("Source",
        absl::StrCat(v1::SourceSpec::Flavor_Name(source.flavor()), " ", absl::StrJoin(source.endpoints(), ", "), " as ",
                     source.user(), source.gtid() ? ", by GTID" : "",
                     source.server_id() == 0 ? "" : absl::StrCat(", server id ", source.server_id()),
                     spec_.mode() == v1::StreamerSpec::ONESHOT ? ", to the end of the log" : ""));
    Add("Filter", FilterText());
    if (description_.streamer().has_create_time()) Add("Created", TimeText(description_.streamer().create_time()));
  }

  std::string FilterText() const {
    std::vector<std::string> parts;
    const auto add = [&parts](absl::string_view name, const auto& values) {
      if (!values.empty()) parts.push_back(absl::StrCat(name, " ", absl::StrJoin(values, ",")));
    };
    const v1::FilterSpec& filter = spec_.filter();
    add("databases", filter.databases());
    add("tables", filter.tables());
    add("without databases", filter.exclude_databases());
    add("without tables", filter.exclude_tables());
    std::vector<std::string> events;
    for (const int event : filter.events()) events.push_back(v1::EventType_Name(event));
    add("events", events);
    if (filter.has_include_ddl() && !filter.include_ddl()) parts.push_back("no DDL");
    return absl::StrJoin(parts, "; ");
  }

  void AddState() {
    const std::string desired = StateText(status_.desired_state());
    Add("State", absl::StrCat(StateText(status_.state()), ", desired ", desired), StateColour(status_.state()));
    if (status_.has_start_time()) Add("Started", TimeText(status_.start_time()));
    if (status_.state() == v1::RETRYING && status_.has_next_retry()) {
      Add("Next try", absl::StrCat("in ", DurationText(TimeOf(status_.next_retry()) - now_), ", after ",
                                   status_.retries(), " that failed"));
    }
    Add("Server", status_.has_source() ? SourceText(status_.source()) : "");
    if (status_.reconnects() > 0) Add("Reconnects", absl::StrCat(status_.reconnects(), " since binlogd started"));
  }

  void AddProgress() {
    if (AtWork(status_)) {
      const Colour colour = status_.lag_seconds() >= 60 ? Colour::kYellow : Colour::kNone;
      Add("Lag", DurationText(absl::Seconds(status_.lag_seconds())), colour);
    }
    const std::string read = PositionText(status_.read_position());
    if (!read.empty()) {
      Add("Read",
          absl::StrCat(
              read, ", ", CountText(status_.events_read()), " events and ", BytesText(status_.bytes_read()),
              " since binlogd started",
              status_.has_last_event_time() ? absl::StrCat(", the newest of ", Ago(status_.last_event_time())) : ""));
    }
    Add("Durable", PositionText(status_.position()));
    Add("GTID", status_.position().gtid());
    if (status_.has_checkpoint_time()) Add("Checkpoint", Ago(status_.checkpoint_time()));
    if (status_.queue_bytes() > 0) {
      Add("Waiting", absl::StrCat(BytesText(status_.queue_bytes()), " of ", BytesText(status_.queue_budget_bytes()),
                                  " for targets"));
    }
    if (status_.taps() > 0) Add("Taps", absl::StrCat(status_.taps()));
  }

  void AddTargets() {
    AddTitle("Targets");
    Table table({{"NAME"},
                 {"TYPE"},
                 {"STATE"},
                 {"REQUIRED"},
                 {"LAG", Table::Align::kRight},
                 {"DURABLE"},
                 {"LAST WRITE"},
                 {"WRITTEN", Table::Align::kRight},
                 {"WHERE"}});
    for (int i = 0; i < status_.targets_size(); ++i) {
      const v1::TargetStatus& target = status_.targets(i);
      const TargetWord state = TargetStateText(target);
      table.Add({target.name(),
                 target.type(),
                 {state.text, state.colour},
                 target.required() ? "yes" : "no",
                 AtWork(status_) ? DurationText(absl::Seconds(target.lag_seconds())) : "",
                 PositionText(target.position()),
                 target.has_last_write() ? Ago(target.last_write()) : "",
                 BytesText(target.bytes_written()),
                 PlaceOf(target.name())});
    }
    text_ += Indented(table.Text(colour_));
  }

  // Where a target writes, and what.
  std::string PlaceOf(const std::string& name) const {
    for (const v1::TargetSpec& target : spec_.targets()) {
      if (target.name() != name) continue;
      switch (target.kind_case()) {
        case v1::TargetSpec::kFile:
          return absl::StrCat(target.file().path(), " ", v1::Format_Name(target.file().format()));
        case v1::TargetSpec::kS3:
          return absl::StrCat("s3://", target.s3().bucket(), "/", target.s3().prefix(), " ",
                              v1::Format_Name(target.s3().format()));
        case v1::TargetSpec::kKafka:
          return absl::StrCat(
              target.kafka().topic().empty() ? absl::StrJoin(target.kafka().brokers(), ",") : target.kafka().topic(),
              " ", v1::Format_Name(target.kafka().format()));
        case v1::TargetSpec::KIND_NOT_SET: break;
      }
    }
    return "";
  }

  void AddRecent() {
    if (description_.recent().empty()) return;
    AddTitle("Recent");
    std::string lines;
    for (const v1::LogEntry& entry : description_.recent()) lines += LogEntryText(entry, zone_, colour_);
    text_ += Indented(lines);
  }

  void AddAdvice() {
    advice_.clear();
    if (status_.has_error()) AddProblem("the streamer", status_.error());
    for (const v1::TargetStatus& target : status_.targets()) {
      // What the streamer suffers from is most often what a target of it does.
      const bool told = target.error().reason() == status_.error().reason() && status_.has_error();
      if (target.has_error() && !told) AddProblem(absl::StrCat("target ", target.name()), target.error());
      if (target.state() == v1::DETACHED) {
        AddLine(absl::StrCat("target ", target.name(),
                             " is left behind; it catches up by itself, from the source's log, when it works again"));
      }
    }
    AddNextStep();
    if (advice_.empty()) return;
    AddTitle("What to do");
    text_ += Indented(advice_);
  }

  void AddLine(absl::string_view line) { absl::StrAppend(&advice_, EscapeText(line), "\n"); }

  void AddProblem(absl::string_view subject, const v1::Problem& problem) {
    const std::string since =
        problem.has_since() ? absl::StrCat(", for ", DurationText(now_ - TimeOf(problem.since()))) : "";
    AddLine(absl::StrCat(subject, ": ", problem.message(), " (", problem.reason(), since, ")"));
    const ReasonHelp* help = FindReason(problem.reason());
    if (help != nullptr) AddLine(absl::StrCat("  ", problem.reason(), ": ", help->meaning));
  }

  void AddNextStep() {
    const std::string& name = spec_.name();
    switch (status_.state()) {
      case v1::FAILED:
        AddLine(absl::StrCat("it waits for a person; once that is mended: binlogctl start ", name));
        break;
      case v1::RETRYING:
        AddLine(absl::StrCat("it tries again by itself; follow it with: binlogctl logs ", name, " -f"));
        break;
      case v1::STOPPED:
        if (status_.desired_state() == v1::DESIRED_STATE_STOPPED) {
          AddLine(absl::StrCat("it is stopped, as desired; start it with: binlogctl start ", name));
        }
        break;
      default: break;
    }
  }

  const v1::StreamerDescription& description_;
  const v1::StreamerSpec& spec_;
  const v1::StreamerStatus& status_;
  const absl::Time now_;
  const absl::TimeZone zone_;
  const bool colour_;
  std::string text_;
  std::string advice_;
};

}  // namespace

std::string DescriptionText(const v1::StreamerDescription& description, absl::Time now, absl::TimeZone zone,
                            bool colour) {
  return Page(description, now, zone, colour).Text();
}

}  // namespace binlogd
