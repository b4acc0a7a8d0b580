#include <memory>
#include <string>

#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/event_text.h"
#include "client/filter_options.h"
#include "client/interrupt.h"
#include "client/text.h"
#include "format/proto_json.h"

namespace binlogd {
namespace {

struct TapOptions {
  std::string name;
  FilterSpec filter;
  // 0 means without end.
  uint64_t count = 0;
};

v1::TapRequest MakeRequest(const TapOptions& options) {
  v1::TapRequest request;
  request.set_name(options.name);
  v1::FilterSpec& filter = *request.mutable_filter();
  const FilterSpec& wanted = options.filter;
  filter.mutable_databases()->Assign(wanted.databases.begin(), wanted.databases.end());
  filter.mutable_tables()->Assign(wanted.tables.begin(), wanted.tables.end());
  for (const EventKind kind : wanted.events) filter.add_events(static_cast<v1::EventType>(kind));
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
    style_.width = client_->output().terminal() ? client_->output().size().columns : 0;
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
  EventTextStyle style_;
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
  AddExample(verb, "binlogctl tap orders --tables 'shop.order*'");
  AddStreamerName(verb, &options->name)->required();
  AddFilterOptions(verb, &options->filter);
  verb->add_option("--count", options->count, "End after this many events")->type_name("N")->check(CLI::PositiveNumber);
  verb->callback([options, client] { client->Do([options, client] { return Tap(*options, client); }); });
}

}  // namespace binlogd
