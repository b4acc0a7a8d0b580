#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/follow.h"
#include "client/interrupt.h"
#include "client/log_text.h"

namespace binlogd {
namespace {

struct LogsOptions {
  std::string name;
  bool follow = false;
  uint32_t last = 0;
};

// Prints what the calls bring, over restarts of binlogd.
class LogsPrinter {
 public:
  LogsPrinter(const LogsOptions& options, Client* client) : options_(options), client_(client) {}

  std::unique_ptr<grpc::ClientReader<v1::LogsResponse>> Begin(grpc::ClientContext* context) {
    v1::LogsRequest request;
    request.set_name(options_.name);
    request.set_follow(options_.follow);
    if (newest_ == 0) request.set_last(options_.last);
    request.set_after(newest_);
    connected_anew_ = true;
    return client_->session().stub().Logs(context, request);
  }

  absl::Status Print(const v1::LogsResponse& response) {
    std::string text;
    for (const v1::LogEntry& entry : response.entries()) {
      // Another binlogd counts anew: only within one call is a difference a gap.
      if (!connected_anew_ && entry.number() > newest_ + 1) {
        client_->output().Message(absl::StrCat(entry.number() - newest_ - 1, " lines came too fast and are missing"));
      }
      connected_anew_ = false;
      newest_ = entry.number();
      if (client_->printer().table()) {
        text += LogEntryText(entry, absl::LocalTimeZone(), client_->output().colour());
      } else {
        client_->printer().PrintNext(entry, UnsetFields::kPrint);
      }
    }
    client_->output().Write(text);
    return client_->output().status();
  }

 private:
  const LogsOptions& options_;
  Client* const client_;
  uint64_t newest_ = 0;
  bool connected_anew_ = true;
};

absl::Status Logs(const LogsOptions& options, Client* client) {
  Interrupt interrupt;
  LogsPrinter printer(options, client);
  Following<v1::LogsResponse> following;
  following.begin = [&printer](grpc::ClientContext* context) { return printer.Begin(context); };
  following.take = [&printer](const v1::LogsResponse& response) { return printer.Print(response); };
  following.away = [client](const absl::Status& why) { client->output().Error(why); };
  return Follow(following, Attempt("read the log of", options.name), &interrupt, client);
}

}  // namespace

void AddLogs(CLI::App* app, Client* client) {
  auto options = std::make_shared<LogsOptions>();
  CLI::App* verb =
      AddVerb(app, "logs", "Show what happened to a streamer: its states, reconnects, epochs and troubles");
  AddExample(verb, "binlogctl logs orders --follow");
  AddStreamerName(verb, &options->name)->required();
  verb->add_flag("-f,--follow", options->follow, "Go on with what happens, until Ctrl-C");
  verb->add_option("--last", options->last, "Begin with only so many, the newest")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000));
  verb->callback([options, client] { client->Do([options, client] { return Logs(*options, client); }); });
}

}  // namespace binlogd
