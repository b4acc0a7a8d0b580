#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"

namespace binlogd {
namespace {

// An option, as completion needs it.
struct OptionHelp {
  // "-o" and "--output"; the latter is never empty.
  std::string short_name;
  std::string long_name;
  std::string description;
  bool takes_value = false;
  bool takes_file = false;
  // What the value is one of; empty when that is not known.
  std::vector<std::string> words;

  std::vector<std::string> names() const {
    return short_name.empty() ? std::vector<std::string>{long_name} : std::vector<std::string>{short_name, long_name};
  }
};

// A verb, as completion needs it.
struct VerbHelp {
  std::string name;
  std::string description;
  std::vector<OptionHelp> options;
  bool takes_streamer = false;
  bool takes_files = false;
};

// The whole command line, read from the parser itself, so that the scripts never disagree with it.
struct CommandLine {
  std::vector<OptionHelp> globals;
  std::vector<VerbHelp> verbs;
};

std::vector<OptionHelp> ReadOptions(const CLI::App& app) {
  std::vector<OptionHelp> options;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) continue;
    OptionHelp help;
    if (!option->get_snames().empty()) help.short_name = "-" + option->get_snames()[0];
    help.long_name = "--" + option->get_lnames()[0];
    help.description = option->get_description();
    help.takes_value = option->get_items_expected_max() > 0;
    help.takes_file = help.long_name == "--file";
    const std::string type = option->get_type_name();
    if (help.takes_value && absl::StrContains(type, '|')) help.words = absl::StrSplit(type, '|');
    options.push_back(help);
  }
  return options;
}

CommandLine ReadCommandLine(CLI::App* app) {
  CommandLine line;
  line.globals = ReadOptions(*app);
  for (const CLI::App* verb : app->get_subcommands([](CLI::App*) { return true; })) {
    VerbHelp help;
    help.name = verb->get_name();
    help.description = verb->get_description();
    help.options = ReadOptions(*verb);
    // --help is among the global ones.
    std::erase_if(help.options, [](const OptionHelp& option) { return option.long_name == "--help"; });
    help.takes_streamer = verb->get_option_no_throw(kStreamerArgument) != nullptr;
    help.takes_files = verb->get_option_no_throw(kFilesArgument) != nullptr;
    line.verbs.push_back(help);
  }
  return line;
}

std::string VerbNames(const CommandLine& line, const char* separator, bool (*wanted)(const VerbHelp&)) {
  std::vector<std::string> names;
  for (const VerbHelp& verb : line.verbs) {
    if (wanted(verb)) names.push_back(verb.name);
  }
  return absl::StrJoin(names, separator);
}

bool AnyVerb(const VerbHelp&) { return true; }
bool TakesStreamer(const VerbHelp& verb) { return verb.takes_streamer; }
bool TakesFiles(const VerbHelp& verb) { return verb.takes_files; }

std::string OptionNames(const std::vector<OptionHelp>& options) {
  std::vector<std::string> names;
  for (const OptionHelp& option : options) {
    for (const std::string& name : option.names()) names.push_back(name);
  }
  return absl::StrJoin(names, " ");
}

std::vector<OptionHelp> AllOptions(const CommandLine& line) {
  std::vector<OptionHelp> options = line.globals;
  for (const VerbHelp& verb : line.verbs) options.insert(options.end(), verb.options.begin(), verb.options.end());
  return options;
}

// Names of the options whose value nothing is known about, parted by "|".
std::string OtherValueOptions(const CommandLine& line) {
  std::vector<std::string> names;
  for (const OptionHelp& option : AllOptions(line)) {
    if (!option.takes_value || option.takes_file || !option.words.empty()) continue;
    for (const std::string& name : option.names()) names.push_back(name);
  }
  return absl::StrJoin(names, "|");
}

// A case for each option whose value is one of some words; `format` has $0 for its names and $1 for the words.
std::string WordCases(const CommandLine& line, absl::string_view format) {
  std::string cases;
  for (const OptionHelp& option : AllOptions(line)) {
    if (option.words.empty()) continue;
    cases += absl::Substitute(format, absl::StrJoin(option.names(), "|"), absl::StrJoin(option.words, " "));
  }
  return cases;
}

// "      apply) words="--start …" ;;" for each verb.
std::string OptionCases(const CommandLine& line, absl::string_view variable) {
  std::string cases;
  for (const VerbHelp& verb : line.verbs) {
    absl::StrAppend(&cases, "    ", verb.name, ") ", variable, "=\"", OptionNames(verb.options), "\" ;;\n");
  }
  return cases;
}

constexpr char kBash[] = R"sh(# Completion of binlogctl for bash. Load it with: source <(binlogctl completion bash)
_binlogctl() {
  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" verb="" options="" i
  local server=()
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in
      {verbs}) verb="${COMP_WORDS[i]}"; break ;;
    esac
  done
  case "$previous" in
{word_cases}    -f|--file) COMPREPLY=($(compgen -f -- "$current")); return ;;
    {value_options}) return ;;
  esac
  case "$verb" in
{option_cases}  esac
  if [[ "$current" == -* ]]; then
    COMPREPLY=($(compgen -W "$options {globals}" -- "$current"))
    return
  fi
  # The line as typed: bash splits its words at colons.
  [[ "$COMP_LINE" =~ --server[=\ ]+([^\ ]+) ]] && server=(--server "${BASH_REMATCH[1]}")
  case "$verb" in
    "") COMPREPLY=($(compgen -W "{verb_words}" -- "$current")) ;;
    {streamer_verbs})
      COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" "${server[@]}" --timeout 2s get -o name 2>/dev/null)" -- "$current")) ;;
    {file_verbs}) COMPREPLY=($(compgen -f -- "$current")) ;;
    completion) COMPREPLY=($(compgen -W "bash zsh fish" -- "$current")) ;;
  esac
}
complete -F _binlogctl binlogctl
)sh";

constexpr char kZsh[] = R"sh(#compdef binlogctl
# Completion of binlogctl for zsh. Load it with: source <(binlogctl completion zsh)
_binlogctl() {
  local verb="" options="" word
  local -a verbs names server
  verbs=(
{verb_descriptions}  )
  for word in ${words[2,CURRENT-1]}; do
    case $word in
      ({verbs}) verb=$word; break ;;
    esac
  done
  case ${words[CURRENT-1]} in
{word_cases}    (-f|--file) _files; return ;;
    ({value_options}) return ;;
  esac
  case $verb in
{option_cases}  esac
  if [[ ${words[CURRENT]} == -* ]]; then
    compadd -- ${=options} {globals}
    return
  fi
  for ((word = 2; word < CURRENT; word++)); do
    [[ ${words[word]} == --server ]] && server=(--server ${words[word+1]})
    [[ ${words[word]} == --server=* ]] && server=(${words[word]})
  done
  case $verb in
    ("") _describe verb verbs ;;
    ({streamer_verbs})
      names=(${(f)"$(${words[1]} $server --timeout 2s get -o name 2>/dev/null)"})
      compadd -a names ;;
    ({file_verbs}) _files ;;
    (completion) compadd bash zsh fish ;;
  esac
}
if [[ ${funcstack[1]} == _binlogctl ]]; then
  _binlogctl "$@"
else
  compdef _binlogctl binlogctl
fi
)sh";

// Text between single quotes, for all three shells.
std::string SingleQuoted(absl::string_view text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

constexpr char kBashWords[] = "    $0) COMPREPLY=($$(compgen -W \"$1\" -- \"$$current\")); return ;;\n";
constexpr char kZshWords[] = "    ($0) compadd $1; return ;;\n";

std::string FromTemplate(absl::string_view script, absl::string_view word_case, const CommandLine& line) {
  std::string descriptions;
  for (const VerbHelp& verb : line.verbs) {
    absl::StrAppend(&descriptions, "    ", SingleQuoted(absl::StrCat(verb.name, ":", verb.description)), "\n");
  }
  return absl::StrReplaceAll(script, {{"{verbs}", VerbNames(line, "|", AnyVerb)},
                                      {"{verb_words}", VerbNames(line, " ", AnyVerb)},
                                      {"{verb_descriptions}", descriptions},
                                      {"{streamer_verbs}", VerbNames(line, "|", TakesStreamer)},
                                      {"{file_verbs}", VerbNames(line, "|", TakesFiles)},
                                      {"{value_options}", OtherValueOptions(line)},
                                      {"{word_cases}", WordCases(line, word_case)},
                                      {"{option_cases}", OptionCases(line, "options")},
                                      {"{globals}", OptionNames(line.globals)}});
}

// One line of fish: `condition` is empty for options that are everywhere.
std::string FishOption(const OptionHelp& option, absl::string_view condition) {
  std::string text = absl::StrCat("complete -c binlogctl", condition);
  if (!option.short_name.empty()) absl::StrAppend(&text, " -s ", option.short_name.substr(1));
  absl::StrAppend(&text, " -l ", option.long_name.substr(2));
  if (option.takes_file) {
    absl::StrAppend(&text, " -r -F");
  } else if (!option.words.empty()) {
    absl::StrAppend(&text, " -x -a '", absl::StrJoin(option.words, " "), "'");
  } else if (option.takes_value) {
    absl::StrAppend(&text, " -x");
  }
  return absl::StrCat(text, " -d ", SingleQuoted(option.description), "\n");
}

std::string FishScript(const CommandLine& line) {
  std::string script =
      "# Completion of binlogctl for fish. Load it with: binlogctl completion fish | source\n"
      "complete -c binlogctl -f\n";
  const auto seen = [](absl::string_view verbs) {
    return absl::StrCat(" -n '__fish_seen_subcommand_from ", verbs, "'");
  };
  for (const OptionHelp& option : line.globals) absl::StrAppend(&script, FishOption(option, ""));
  for (const VerbHelp& verb : line.verbs) {
    absl::StrAppend(&script, "complete -c binlogctl -n __fish_use_subcommand -a ", verb.name, " -d ",
                    SingleQuoted(verb.description), "\n");
    for (const OptionHelp& option : verb.options) absl::StrAppend(&script, FishOption(option, seen(verb.name)));
  }
  absl::StrAppend(&script, "complete -c binlogctl", seen(VerbNames(line, " ", TakesStreamer)),
                  " -a '(binlogctl --timeout 2s get -o name 2>/dev/null)'\n");
  absl::StrAppend(&script, "complete -c binlogctl", seen(VerbNames(line, " ", TakesFiles)), " -F\n");
  absl::StrAppend(&script, "complete -c binlogctl", seen("completion"), " -a 'bash zsh fish'\n");
  return script;
}

absl::Status Completion(const std::string& shell, CLI::App* app, Client* client) {
  const CommandLine line = ReadCommandLine(app);
  client->output().Write(shell == "fish"  ? FishScript(line)
                         : shell == "zsh" ? FromTemplate(kZsh, kZshWords, line)
                                          : FromTemplate(kBash, kBashWords, line));
  return absl::OkStatus();
}

}  // namespace

void AddCompletion(CLI::App* app, Client* client) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb = AddVerb(app, "completion", "Print a script that completes command lines in a shell");
  verb->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->callback(
      [shell, app, client] { client->Do([shell, app, client] { return Completion(*shell, app, client); }); });
}

}  // namespace binlogd
