#include <memory>
#include <string>
#include <utility>

#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/event_text.h"
#include "client/interrupt.h"
#include "client/tap_options.h"
#include "client/text.h"
#include "format/proto_json.h"

namespace binlogd {
namespace {

// Keeps the newest token in a file, if there is one.
class ResumeFile {
 public:
  explicit ResumeFile(std::string path) : path_(std::move(path)) {}

  // What was received up to this token is printed. Written now and then.
  absl::Status Note(const std::string& token) {
    if (path_.empty() || token.empty()) return absl::OkStatus();
    token_ = token;
    return absl::Now() < next_write_ ? absl::OkStatus() : Write();
  }
  absl::Status Write() {
    if (token_.empty() || token_ == written_) return absl::OkStatus();
    RETURN_IF_ERROR(ReplaceFile(path_, absl::StrCat(token_, "\n"), 0600));
    written_ = token_;
    next_write_ = absl::Now() + absl::Seconds(1);
    return absl::OkStatus();
  }

 private:
  const std::string path_;
  std::string token_;
  std::string written_;
  absl::Time next_write_ = absl::InfinitePast();
};

// Prints what a tap sends, until there was enough.
class TapPrinter {
 public:
  TapPrinter(const TapOptions& options, Client* client)
      : count_(options.count()),
        client_(client),
        resume_(options.resume_file),
        style_{client->output().colour(), absl::LocalTimeZone()} {}

  // Returns whether to go on.
  bool Print(const v1::TapResponse& response) {
    if (response.has_batch()) {
      PrintBatch(response.batch());
    } else if (response.has_gap()) {
      PrintGap(response);
    }
    if (client_->output().closed() || !client_->output().status().ok()) return false;
    const bool is_whole = !Enough() || printed_ == count_;
    if (is_whole)
      resume_status_ =
          resume_.Note(response.has_batch() ? response.batch().resume_token() : response.heartbeat().resume_token());
    return !Enough() && resume_status_.ok();
  }
  // To be called at the end. Whether the place to resume could be kept.
  absl::Status Finish() {
    RETURN_IF_ERROR(resume_status_);
    return resume_.Write();
  }

 private:
  bool Enough() const { return count_ > 0 && printed_ >= count_; }

  void PrintBatch(const v1::TapResponse::Batch& batch) {
    style_.width = client_->output().terminal() ? client_->output().size().columns : 0;
    std::string text;
    for (const v1::Event& event : batch.events()) {
      if (Enough()) {
        ++printed_;  // There was more than was wanted: its token is not to be kept.
        break;
      }
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
  ResumeFile resume_;
  absl::Status resume_status_;
  EventTextStyle style_;
  uint64_t printed_ = 0;
};

absl::Status Tap(TapOptions options, Client* client) {
  RETURN_IF_ERROR(ReadResumeFile(&options));
  Interrupt interrupt;
  grpc::ClientContext context;
  TapPrinter printer(options, client);
  bool asked_to_end = false;
  bool received = false;
  grpc::Status status;
  {
    const std::unique_ptr<grpc::ClientReader<v1::TapResponse>> reader =
        client->session().stub().Tap(&context, options.request);
    Interrupt::Watch watch(&interrupt, [&context] { context.TryCancel(); });
    v1::TapResponse response;
    while (!asked_to_end && reader->Read(&response)) {
      received = true;
      asked_to_end = !printer.Print(response);
    }
    if (asked_to_end) context.TryCancel();
    status = reader->Finish();
  }
  RETURN_IF_ERROR(printer.Finish());
  // Ctrl-C or a reader that went away.
  if (asked_to_end || interrupt.WaitFor(absl::ZeroDuration())) return absl::OkStatus();
  return client->session().Explain(
      status, received ? absl::StrCat("the tap of streamer \"", options.request.name(), "\" has ended")
                       : Attempt("tap", options.request.name()));
}

}  // namespace

void AddTap(CLI::App* app, Client* client) {
  auto options = std::make_shared<TapOptions>();
  CLI::App* verb =
      AddVerb(app, "tap", "Show a streamer's events as they happen, or from an earlier place on, until Ctrl-C");
  AddExample(verb, "binlogctl tap orders --tables 'shop.order*'");
  AddStreamerName(verb, options->request.mutable_name())->required();
  AddTapOptions(verb, options.get());
  verb->callback([options, client] { client->Do([options, client] { return Tap(*options, client); }); });
}

}  // namespace binlogd
