#include "client/client.h"

#include <CLI/CLI.hpp>
#include <map>

namespace binlogd {
namespace {

const std::map<std::string, OutputFormat>& FormatNames() {
  static const auto& names = *new std::map<std::string, OutputFormat>{{"table", OutputFormat::kTable},
                                                                      {"json", OutputFormat::kJson},
                                                                      {"yaml", OutputFormat::kYaml},
                                                                      {"name", OutputFormat::kName}};
  return names;
}

// What a person may choose from; "name" is for `get` alone and so not among them.
constexpr char kFormats[] = "table|json|yaml";

std::string SetFormat(const std::string& word, OutputFormat* format) {
  const auto found = FormatNames().find(word);
  if (found == FormatNames().end()) return "\"" + word + "\" is not one of table, json, yaml";
  *format = found->second;
  return "";
}

std::string SetTimeout(const std::string& word, absl::Duration* timeout) {
  absl::Duration duration;
  if (!absl::ParseDuration(word, &duration) || duration <= absl::ZeroDuration() || duration > absl::Hours(24)) {
    return "\"" + word + "\" is not a duration such as 500ms, 10s or 2m";
  }
  *timeout = duration;
  return "";
}

// An option whose text `set` reads into place; what `set` returns is the complaint, if not empty.
void AddOption(CLI::App* app, const std::string& names, const std::string& variable, const std::string& type,
               const std::string& description, const std::string& shown_default,
               std::function<std::string(const std::string&)> set) {
  CLI::Option* option = app->add_option_function<std::string>(
      names,
      [names, set = std::move(set)](const std::string& word) {
        const std::string complaint = set(word);
        if (!complaint.empty()) throw CLI::ValidationError(names, complaint);
      },
      description);
  option->envname(variable)->type_name(type)->default_str(shown_default);
}

void AddConnectionOptions(CLI::App* app, ConnectionOptions* options) {
  app->add_option("--server", options->server, "binlogd's address")
      ->envname("BINLOGCTL_SERVER")
      ->type_name("HOST:PORT")
      ->capture_default_str();
  app->add_flag("--tls", options->tls, "Speak TLS; implied by the options below")->envname("BINLOGCTL_TLS");
  const auto file = [app](const char* name, std::string* path, const char* variable, const char* description) {
    app->add_option(name, *path, description)->envname(variable)->type_name("FILE");
  };
  file("--tls-ca", &options->tls_ca, "BINLOGCTL_TLS_CA",
       "Authorities that may sign the server's certificate (PEM); by default those that the system trusts");
  file("--tls-cert", &options->tls_cert, "BINLOGCTL_TLS_CERT", "The client's certificate (PEM)");
  file("--tls-key", &options->tls_key, "BINLOGCTL_TLS_KEY", "Its key (PEM)");
  app->add_option("--tls-server-name", options->tls_server_name, "The name in the server's certificate")
      ->envname("BINLOGCTL_TLS_SERVER_NAME")
      ->type_name("HOST");
  file("--token-file", &options->token_file, "BINLOGCTL_TOKEN_FILE", "Holds the token that says who calls");
}

}  // namespace

void Client::AddGlobalOptions(CLI::App* app) {
  AddConnectionOptions(app, &options_.connection);
  AddOption(app, "-o,--output", "BINLOGCTL_OUTPUT", kFormats, "Form of the result", "table",
            [this](const std::string& word) { return SetFormat(word, &options_.format); });
  AddOption(app, "--timeout", "BINLOGCTL_TIMEOUT", "DURATION", "How long one call may take", "30s",
            [this](const std::string& word) { return SetTimeout(word, &options_.timeout); });
}

bool Client::Run() {
  const absl::Status status = work_ ? work_() : absl::OkStatus();
  if (!status.ok()) Fail(status);
  if (!output_->status().ok()) Fail(output_->status());
  return !failed_;
}

Printer& Client::printer() {
  if (printer_ == nullptr) printer_ = std::make_unique<Printer>(output_, options_.format);
  return *printer_;
}

Session& Client::session() {
  if (session_ == nullptr) session_ = std::make_unique<Session>(options_.connection, options_.timeout);
  return *session_;
}

void Client::Fail(const absl::Status& status) {
  failed_ = true;
  output_->Error(status);
}

}  // namespace binlogd
