// binlogctl: the command line of binlogd.
#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/output.h"

namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;
constexpr int kDifference = 1;
constexpr int kTrouble = 2;

// Help that was asked for, or a command line that makes no sense.
int Explain(const CLI::App& app, const CLI::ParseError& error, binlogd::Output* output) {
  std::ostringstream help;
  std::ostringstream ignored;
  if (app.exit(error, help, ignored) == 0) {
    output->Write(help.str());
    return kDone;
  }
  const std::vector<CLI::App*> verbs = app.get_subcommands();
  const std::vector<std::string> unknown = app.remaining();
  // The parser only says that a verb is missing.
  const bool unknown_verb = verbs.empty() && !unknown.empty() && unknown[0][0] != '-';
  output->Message(absl::StrCat(unknown_verb ? absl::StrCat("unknown command \"", unknown[0], "\"") : error.what(),
                               "; see: binlogctl ", verbs.empty() ? "" : absl::StrCat(verbs[0]->get_name(), " "),
                               "--help"));
  return kUsage;
}

int Main(int argc, char** argv) {
  binlogd::Output output;
  binlogd::Client client(&output);
  CLI::App app("Controls and watches the streamers of a binlogd.", "binlogctl");
  app.require_subcommand(1);
  client.AddGlobalOptions(&app);
  binlogd::AddCommands(&app, &client);
  if (argc > 3 && std::string(argv[1]) == "__complete") {
    binlogd::PrintCompletion(app, argv[2], std::vector<std::string>(argv + 3, argv + argc), &output);
    return kDone;
  }
  try {
    app.parse(argc, argv);
    if (client.options().format == binlogd::OutputFormat::kName && !app.got_subcommand("get") &&
        !app.got_subcommand("config")) {
      throw CLI::ValidationError("-o,--output", "\"name\" is for get and config list");
    }
    if (client.options().format != binlogd::OutputFormat::kTable && app.got_subcommand("top")) {
      throw CLI::ValidationError("-o,--output", "top is for people; for programs: binlogctl status --watch -o json");
    }
  } catch (const CLI::ParseError& error) {
    return Explain(app, error, &output);
  }
  const bool done = client.Run();
  // As diff(1) does.
  if (app.got_subcommand("diff")) return !done ? kTrouble : client.difference() ? kDifference : kDone;
  return done ? kDone : kFailed;
}

}  // namespace

int main(int argc, char** argv) {
  binlogd::EnsureStandardFiles();
  // The transport's own log lines would stand between our messages.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  try {
    return Main(argc, argv);
  } catch (const std::exception& e) {
    binlogd::Output().Message(e.what());
    return kFailed;
  }
}
