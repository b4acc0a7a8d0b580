#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/event_text.h"
#include "client/interrupt.h"
#include "client/text.h"
#include "format/proto_json.h"

namespace binlogd {
namespace {

struct TapOptions {
  std::string name;
  std::vector<std::string> databases;
  std::vector<std::string> tables;
  std::vector<v1::EventType> events;
  // 0 means without end.
  uint64_t count = 0;
};

// The kinds that a person may ask for, "write,update,…".
std::string EventNames() {
  std::string names;
  for (int i = 0; i < v1::EventType_descriptor()->value_count(); ++i) {
    const auto* value = v1::EventType_descriptor()->value(i);
    if (value->number() == v1::EVENT_TYPE_UNSPECIFIED) continue;
    absl::StrAppend(&names, names.empty() ? "" : ", ", absl::AsciiStrToLower(value->name()));
  }
  return names;
}

void AddEvent(const std::string& word, TapOptions* options) {
  v1::EventType type;
  if (!v1::EventType_Parse(absl::AsciiStrToUpper(word), &type) || type == v1::EVENT_TYPE_UNSPECIFIED) {
    throw CLI::ValidationError("--events", absl::StrCat("\"", word, "\" is not one of ", EventNames()));
  }
  options->events.push_back(type);
}

v1::TapRequest MakeRequest(const TapOptions& options) {
  v1::TapRequest request;
  request.set_name(options.name);
  v1::FilterSpec& filter = *request.mutable_filter();
  filter.mutable_databases()->Assign(options.databases.begin(), options.databases.end());
  filter.mutable_tables()->Assign(options.tables.begin(), options.tables.end());
  filter.mutable_events()->Assign(options.events.begin(), options.events.end());
  return request;
}

// Prints what a tap sends, until there was enough.
class TapPrinter {
 public:
  TapPrinter(const TapOptions& options, Client* client)
      : count_(options.count), client_(client), style_{client->output().colour(), absl::LocalTimeZone()} {}

  // Returns whether to go on.
  bool Print(const v1::TapResponse& response) {
    if (response.has_batch()) {
      PrintBatch(response.batch());
    } else if (response.has_gap()) {
      PrintGap(response);
    }
    return !Enough() && !client_->output().closed() && client_->output().status().ok();
  }

 private:
  bool Enough() const { return count_ > 0 && printed_ >= count_; }

  void PrintBatch(const v1::TapResponse::Batch& batch) {
    std::string text;
    for (const v1::Event& event : batch.events()) {
      if (Enough()) break;
      absl::StrAppend(&text, TextOf(event));
      ++printed_;
    }
    // One write a batch: the reader sees it at once, and a busy tap is not slowed by many small ones.
    client_->output().Write(text);
  }

  std::string TextOf(const v1::Event& event) const {
    std::string text;
    switch (client_->printer().format()) {
      case OutputFormat::kJson: AppendProtoAsJson(event, &text); return text;
      case OutputFormat::kYaml: return absl::StrCat("---\n", ToYaml(event));
      default: return EventText(event, style_);
    }
  }

  void PrintGap(const v1::TapResponse& response) {
    if (!client_->printer().table()) {
      client_->printer().PrintNext(response, UnsetFields::kLeaveOut);
      return;
    }
    const std::string text = GapText(response.gap());
    client_->output().Write(absl::StrCat(Paint(absl::StrCat("-- ", text, " --"), Colour::kRed, style_.colour), "\n"));
    // On a terminal the line above is seen; in a pipe it may be filtered out.
    if (!client_->output().terminal()) client_->output().Message(text);
  }

  const uint64_t count_;
  Client* const client_;
  const EventTextStyle style_;
  uint64_t printed_ = 0;
};

absl::Status Tap(const TapOptions& options, Client* client) {
  Interrupt interrupt;
  grpc::ClientContext context;
  TapPrinter printer(options, client);
  bool asked_to_end = false;
  bool received = false;
  grpc::Status status;
  {
    const std::unique_ptr<grpc::ClientReader<v1::TapResponse>> reader =
        client->session().stub().Tap(&context, MakeRequest(options));
    Interrupt::Watch watch(&interrupt, [&context] { context.TryCancel(); });
    v1::TapResponse response;
    while (!asked_to_end && reader->Read(&response)) {
      received = true;
      asked_to_end = !printer.Print(response);
    }
    if (asked_to_end) context.TryCancel();
    status = reader->Finish();
  }
  // Ctrl-C or a reader that went away.
  if (asked_to_end || interrupt.WaitFor(absl::ZeroDuration())) return absl::OkStatus();
  return client->session().Explain(status, received
                                               ? absl::StrCat("the tap of streamer \"", options.name, "\" has ended")
                                               : Attempt("tap", options.name));
}

}  // namespace

void AddTap(CLI::App* app, Client* client) {
  auto options = std::make_shared<TapOptions>();
  CLI::App* verb = AddVerb(app, "tap", "Show a streamer's events as they happen, until Ctrl-C");
  AddStreamerName(verb, &options->name)->required();
  const auto add_globs = [verb](const char* name, std::vector<std::string>* globs, const char* description) {
    verb->add_option(name, *globs, description)->type_name("GLOB[,GLOB]")->delimiter(',')->allow_extra_args(false);
  };
  add_globs("--databases", &options->databases, "Only of these databases");
  add_globs("--tables", &options->tables, "Only of these tables, as database.table");
  verb->add_option_function<std::vector<std::string>>(
          "--events",
          [options](const std::vector<std::string>& words) {
            for (const std::string& word : words) AddEvent(word, options.get());
          },
          "Only of these kinds: " + EventNames())
      ->type_name("KIND[,KIND]")
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->add_option("--count", options->count, "End after this many events")->type_name("N")->check(CLI::PositiveNumber);
  verb->callback([options, client] { client->Do([options, client] { return Tap(*options, client); }); });
}

}  // namespace binlogd
