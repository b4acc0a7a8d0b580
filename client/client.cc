#include "client/client.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <CLI/CLI.hpp>
#include <map>
#include <vector>

#include "absl/strings/str_replace.h"
#include "base/status_macros.h"
#include "client/context_file.h"
#include "client/duration_option.h"

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

void SetFormat(const std::string& word, OutputFormat* format) {
  const auto found = FormatNames().find(word);
  if (found == FormatNames().end()) {
    throw CLI::ValidationError("-o,--output", "\"" + word + "\" is not one of table, json, yaml");
  }
  *format = found->second;
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
  app_ = app;
  app->add_option("--context", options_.context, "A context of binlogctl config; by default the one in use")
      ->envname("BINLOGCTL_CONTEXT")
      ->type_name(kContextType);
  AddConnectionOptions(app, &options_.connection);
  app->add_option_function<std::string>(
         "-o,--output", [this](const std::string& word) { SetFormat(word, &options_.format); }, "Form of the result")
      ->envname("BINLOGCTL_OUTPUT")
      ->type_name(kFormats)
      ->default_str("table");
  AddDurationOption(app, "--timeout", "How long one call may take", "30s", &options_.timeout)
      ->envname("BINLOGCTL_TIMEOUT");
}

void Client::Do(std::function<absl::Status()> work) {
  work_ = [this, work = std::move(work)] {
    RETURN_IF_ERROR(UseContext());
    return work();
  };
}

absl::Status Client::UseContext() {
  const bool asked = !options_.context.empty();
  if (!asked && app_->get_option("--server")->count() > 0) return absl::OkStatus();
  const absl::StatusOr<v1::ClientConfig> config = ReadContexts();
  // Without a home there are no contexts.
  if (!asked && absl::IsFailedPrecondition(config.status())) return absl::OkStatus();
  RETURN_IF_ERROR(config.status());
  const std::string& name = asked ? options_.context : config->current();
  if (name.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const int place, FindContext(*config, name));
  const v1::ConfigContext& context = config->contexts(place);
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  context.GetReflection()->ListFields(context, &fields);
  for (const auto* field : fields) {
    CLI::Option* option = app_->get_option_no_throw("--" + absl::StrReplaceAll(field->name(), {{"_", "-"}}));
    if (option == nullptr || option->count() > 0) continue;
    const bool flag = field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_BOOL;
    option->add_result(flag ? "true" : context.GetReflection()->GetString(context, field));
    option->run_callback();
  }
  return absl::OkStatus();
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
