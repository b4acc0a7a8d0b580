#include "client/context_file.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/address.h"
#include "base/error.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "config/spec_file.h"
#include "config/spec_print.h"
#include "config/yaml_tree.h"

namespace binlogd {
namespace {

using google::protobuf::FieldDescriptor;

bool IsPath(absl::string_view field) {
  return field == "tls_ca" || field == "tls_cert" || field == "tls_key" || field == "token_file";
}

// All that can be set: each field but the name.
std::vector<std::string> FieldNames() {
  std::vector<std::string> names;
  const auto& descriptor = *v1::ConfigContext::descriptor();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    if (descriptor.field(i)->name() != "name") names.push_back(descriptor.field(i)->name());
  }
  return names;
}

}  // namespace

absl::StatusOr<std::string> ContextFilePath() {
  const char* config = getenv("XDG_CONFIG_HOME");
  if (config != nullptr && config[0] == '/') return absl::StrCat(config, "/binlogd/config.yaml");
  const char* home = getenv("HOME");
  if (home != nullptr && home[0] == '/') return absl::StrCat(home, "/.config/binlogd/config.yaml");
  return MakeError(absl::StatusCode::kFailedPrecondition, "NO_HOME",
                   "neither HOME nor XDG_CONFIG_HOME says where the file of contexts is");
}

absl::StatusOr<v1::ClientConfig> ReadContexts() {
  v1::ClientConfig config;
  ASSIGN_OR_RETURN(const std::string path, ContextFilePath());
  const absl::StatusOr<std::string> text = ReadWholeFile(path, kMaxYamlBytes);
  if (absl::IsNotFound(text.status())) return config;
  RETURN_IF_ERROR(text.status());
  RETURN_IF_ERROR(ParseMessage(*text, path, &config));
  std::set<std::string> names;
  for (const v1::ConfigContext& context : config.contexts()) {
    if (!context.name().empty() && names.insert(context.name()).second) continue;
    return MakeError(absl::StatusCode::kInvalidArgument, "DUPLICATE_NAME",
                     absl::StrCat(path, ": each context has a name of its own"));
  }
  return config;
}

absl::Status WriteContexts(const v1::ClientConfig& config) {
  ASSIGN_OR_RETURN(const std::string path, ContextFilePath());
  RETURN_IF_ERROR(MakeDirectories(std::filesystem::path(path).parent_path().string(), 0700));
  return ReplaceFile(path, ToYaml(config), 0600);
}

absl::StatusOr<int> FindContext(const v1::ClientConfig& config, absl::string_view name) {
  for (int i = 0; i < config.contexts_size(); ++i) {
    if (config.contexts(i).name() == name) return i;
  }
  return MakeError(absl::StatusCode::kNotFound, "CONTEXT_NOT_FOUND",
                   absl::StrCat("there is no context \"", name, "\"; all are shown by: binlogctl config list"));
}

absl::Status SetContextField(absl::string_view assignment, v1::ConfigContext* context) {
  const std::vector<std::string> parts = absl::StrSplit(assignment, absl::MaxSplits('=', 1));
  const FieldDescriptor* field = v1::ConfigContext::descriptor()->FindFieldByName(parts[0]);
  if (parts.size() != 2 || field == nullptr || parts[0] == "name") {
    return MakeError(absl::StatusCode::kInvalidArgument, "BAD_VALUE",
                     absl::StrCat("\"", parts[0], parts.size() == 2 ? "=…" : "",
                                  "\" is not KEY=VALUE with one of the keys ", absl::StrJoin(FieldNames(), ", ")));
  }
  const google::protobuf::Reflection& reflection = *context->GetReflection();
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    if (parts[1] != "true" && parts[1] != "false") {
      return MakeError(absl::StatusCode::kInvalidArgument, "BAD_VALUE", absl::StrCat(parts[0], " is true or false"));
    }
    reflection.SetBool(context, field, parts[1] == "true");
    return absl::OkStatus();
  }
  if (parts[0] == "server" && !parts[1].empty()) RETURN_IF_ERROR(CheckServerAddress("server", parts[1]));
  const bool relative = IsPath(parts[0]) && !parts[1].empty();
  reflection.SetString(context, field, relative ? std::filesystem::absolute(parts[1]).string() : parts[1]);
  return absl::OkStatus();
}

std::vector<std::string> ContextAssignments() {
  std::vector<std::string> assignments = FieldNames();
  for (std::string& name : assignments) name += "=";
  return assignments;
}

}  // namespace binlogd
