#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/context_file.h"
#include "client/table.h"

namespace binlogd {
namespace {

std::string ContextsTable(const v1::ClientConfig& config, bool colour) {
  Table table({{"CURRENT"}, {"NAME"}, {"SERVER"}, {"TLS"}, {"TOKEN FILE"}});
  for (const v1::ConfigContext& context : config.contexts()) {
    const bool tls = context.tls() || !context.tls_ca().empty() || !context.tls_cert().empty();
    table.Add({context.name() == config.current() ? "*" : "", context.name(), context.server(), tls ? "yes" : "no",
               context.token_file()});
  }
  return table.Text(colour);
}

absl::Status ListContexts(Client* client) {
  ASSIGN_OR_RETURN(const v1::ClientConfig config, ReadContexts());
  if (client->printer().format() == OutputFormat::kName) {
    for (const v1::ConfigContext& context : config.contexts()) {
      client->output().Write(absl::StrCat(context.name(), "\n"));
    }
  } else if (client->printer().table()) {
    if (config.contexts().empty()) {
      client->output().Message("there are no contexts; make one with: binlogctl config set NAME server=HOST:PORT");
    }
    client->output().Write(ContextsTable(config, client->output().colour()));
  } else {
    client->printer().Print(config, UnsetFields::kPrint);
  }
  return absl::OkStatus();
}

absl::Status ShowContext(const std::string& name, Client* client) {
  ASSIGN_OR_RETURN(const v1::ClientConfig config, ReadContexts());
  if (name.empty() && config.current().empty()) {
    return MakeError(absl::StatusCode::kNotFound, "CONTEXT_NOT_FOUND",
                     "no context is in use; choose one with: binlogctl config use NAME");
  }
  ASSIGN_OR_RETURN(const int place, FindContext(config, name.empty() ? config.current() : name));
  const v1::ConfigContext& context = config.contexts(place);
  if (client->printer().table()) {
    client->output().Write(ToYaml(context));
  } else {
    client->printer().Print(context, UnsetFields::kPrint);
  }
  return absl::OkStatus();
}

absl::Status UseContext(const std::string& name, Client* client) {
  ASSIGN_OR_RETURN(v1::ClientConfig config, ReadContexts());
  ASSIGN_OR_RETURN(const int place, FindContext(config, name));
  config.set_current(name);
  RETURN_IF_ERROR(WriteContexts(config));
  client->output().Message(absl::StrCat("context \"", name, "\" is in use: ", config.contexts(place).server()));
  return absl::OkStatus();
}

// A name that needs no quotes anywhere.
absl::Status CheckContextName(const std::string& name) {
  for (const char c : name) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-') continue;
    return MakeError(absl::StatusCode::kInvalidArgument, "INVALID_NAME",
                     "a context's name is of a-z, A-Z, 0-9, '.', '_' and '-'");
  }
  return absl::OkStatus();
}

absl::Status SetContext(const std::string& name, const std::vector<std::string>& assignments, Client* client) {
  RETURN_IF_ERROR(CheckContextName(name));
  ASSIGN_OR_RETURN(v1::ClientConfig config, ReadContexts());
  const absl::StatusOr<int> place = FindContext(config, name);
  v1::ConfigContext& context = place.ok() ? *config.mutable_contexts(*place) : *config.add_contexts();
  context.set_name(name);
  for (const std::string& assignment : assignments) RETURN_IF_ERROR(SetContextField(assignment, &context));
  if (context.server().empty()) {
    return MakeError(absl::StatusCode::kInvalidArgument, "MISSING_FIELD",
                     absl::StrCat("context \"", name, "\" names no server; give server=HOST:PORT"));
  }
  const bool first = config.contexts_size() == 1 && config.current().empty();
  if (first) config.set_current(name);
  RETURN_IF_ERROR(WriteContexts(config));
  client->output().Message(absl::StrCat("context \"", name, "\" is kept", first ? " and in use" : ""));
  return absl::OkStatus();
}

absl::Status DeleteContext(const std::string& name, Client* client) {
  ASSIGN_OR_RETURN(v1::ClientConfig config, ReadContexts());
  ASSIGN_OR_RETURN(const int place, FindContext(config, name));
  config.mutable_contexts()->DeleteSubrange(place, 1);
  if (config.current() == name) config.clear_current();
  RETURN_IF_ERROR(WriteContexts(config));
  client->output().Message(absl::StrCat("context \"", name, "\" is deleted"));
  return absl::OkStatus();
}

}  // namespace

void AddConfig(CLI::App* app, Client* client) {
  CLI::App* config = AddVerb(app, "config", "Keep several servers, and how each is reached, under names");
  AddExample(config,
             "binlogctl config set prod server=db-ops:7070 tls_ca=/etc/binlogd/ca.pem token_file=/etc/binlogd/token");
  config->require_subcommand(1);
  auto name = std::make_shared<std::string>();
  auto assignments = std::make_shared<std::vector<std::string>>();
  const auto add = [config, name, client](const std::string& verb_name, const std::string& description,
                                          const std::string& example, std::function<absl::Status()> work) {
    CLI::App* verb = AddVerb(config, verb_name, description);
    AddExample(verb, example);
    verb->callback([client, work = std::move(work)] { client->DoLocally(work); });
    return verb;
  };
  const auto named = [name](CLI::App* verb) {
    return verb->add_option(kContextArgument, *name, "The context's name")->type_name("");
  };
  add("list", "Show all contexts", "binlogctl config list", [client] { return ListContexts(client); });
  named(add("show", "Show one context, by default the one in use", "binlogctl config show prod",
            [name, client] { return ShowContext(*name, client); }));
  named(add("use", "Use a context from now on", "binlogctl config use prod", [name, client] {
    return UseContext(*name, client);
  }))->required();
  CLI::App* set = add("set", "Make a context, or change it: KEY=VALUE sets a key, KEY= clears it",
                      "binlogctl config set prod server=db-ops:7070 token_file=/etc/binlogd/token",
                      [name, assignments, client] { return SetContext(*name, *assignments, client); });
  named(set)->required();
  set->add_option(
         kAssignmentArgument, *assignments,
         "server, tls, tls_ca, tls_cert, tls_key, tls_server_name, token_file: each as the option of that name")
      ->type_name("");
  named(add("delete", "Forget a context", "binlogctl config delete prod", [name, client] {
    return DeleteContext(*name, client);
  }))->required();
}

}  // namespace binlogd
