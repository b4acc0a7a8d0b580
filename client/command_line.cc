#include "client/command_line.h"

#include <CLI/CLI.hpp>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "client/filter_options.h"

namespace binlogd {
namespace {

std::vector<std::string> WordsOf(const std::string& type) {
  if (absl::StrContains(type, '|')) return absl::StrSplit(type, '|');
  return type == kKindsType ? EventNames() : std::vector<std::string>();
}

OptionHelp ReadOption(const CLI::Option& option) {
  OptionHelp help;
  if (!option.get_snames().empty()) help.short_name = absl::StrCat("-", option.get_snames()[0]);
  help.long_name = absl::StrCat("--", option.get_lnames()[0]);
  help.description = option.get_description();
  help.type = option.get_items_expected_max() > 0 ? option.get_type_name() : "";
  help.default_text = option.get_default_str();
  help.variable = option.get_envname();
  help.required = option.get_required();
  help.words = WordsOf(help.type);
  help.many = option.get_delimiter() != '\0';
  return help;
}

}  // namespace

std::string OptionHelp::Usage() const {
  return absl::StrCat(short_name, short_name.empty() ? "" : ", ", long_name, takes_value() ? " " : "", type);
}

const VerbHelp* VerbHelp::FindVerb(const std::string& verb) const {
  for (const VerbHelp& help : verbs) {
    if (help.name == verb) return &help;
  }
  return nullptr;
}

const OptionHelp* VerbHelp::FindOption(const std::string& option) const {
  for (const OptionHelp& help : options) {
    if (help.long_name == option || (!help.short_name.empty() && help.short_name == option)) return &help;
  }
  return nullptr;
}

VerbHelp ReadCommandLine(const CLI::App& app) {
  VerbHelp help;
  help.name = app.get_name();
  help.description = app.get_description();
  help.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_lnames().empty()) {
      help.options.push_back(ReadOption(*option));
      continue;
    }
    ArgumentHelp argument;
    argument.name = option->get_name();
    argument.description = option->get_description();
    argument.required = option->get_required();
    argument.many = option->get_items_expected_max() > 1;
    help.arguments.push_back(argument);
  }
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App* sub) { return !sub->get_group().empty(); })) {
    help.verbs.push_back(ReadCommandLine(*verb));
  }
  return help;
}

}  // namespace binlogd
