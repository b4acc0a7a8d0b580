#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/completer.h"
#include "client/context_file.h"
#include "client/streamer_selection.h"

namespace binlogd {
namespace {

// The scripts only ask: what fits is found out by the program itself, so that they never disagree with it.
constexpr char kBash[] = R"sh(# Completion of binlogctl for bash. Load it with: source <(binlogctl completion bash)
_binlogctl() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "${COMP_WORDS[COMP_CWORD]#=}")
    else
      COMPREPLY+=("${line%%$'\t'*}")
    fi
  done < <("${COMP_WORDS[0]/#\~/$HOME}" __complete bash "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _binlogctl binlogctl
)sh";

constexpr char kZsh[] = R"sh(#compdef binlogctl
# Completion of binlogctl for zsh. Load it with: source <(binlogctl completion zsh)
_binlogctl() {
  local line files=""
  local -a found
  for line in "${(@f)$(${(Q)words[1]} __complete zsh "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case $line in
      ("") ;;
      (:files) files=1 ;;
      (*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
    esac
  done
  (( $#found )) && _describe binlogctl found
  [[ -n $files ]] && _files
}
if [[ ${funcstack[1]} == _binlogctl ]]; then
  _binlogctl "$@"
else
  compdef _binlogctl binlogctl
fi
)sh";

constexpr char kFish[] = R"sh(# Completion of binlogctl for fish. Load it with: binlogctl completion fish | source
function __binlogctl_complete
  set -l words (commandline -opc)
  set -e words[1]
  for line in (binlogctl __complete fish $words (commandline -ct) 2>/dev/null)
    if test "$line" = :files
      __fish_complete_path (commandline -ct)
    else
      echo $line
    end
  end
end
complete -c binlogctl -f -a '(__binlogctl_complete)'
)sh";

// Asking a server must not hold up who types.
constexpr char kPatience[] = "1s";

// The streamers of the server that the words name.
std::vector<std::string> StreamerNames(std::vector<std::string> words, Output* output) {
  Client client(output);
  CLI::App app;
  client.AddGlobalOptions(&app);
  app.allow_extras();
  // The last one is not complete. The parser takes them from the end.
  words.pop_back();
  words.insert(words.end(), {"--timeout", kPatience});
  std::vector<std::string> names;
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    if (!client.UseContext().ok()) return names;
    const absl::StatusOr<std::vector<v1::Streamer>> streamers = FetchStreamers(StreamerSelection(), &client);
    if (!streamers.ok()) return names;
    for (const v1::Streamer& streamer : *streamers) names.push_back(streamer.spec().name());
  } catch (const CLI::ParseError&) {
  }
  return names;
}

std::vector<std::string> ContextNames() {
  std::vector<std::string> names;
  const absl::StatusOr<v1::ClientConfig> config = ReadContexts();
  if (!config.ok()) return names;
  for (const v1::ConfigContext& context : config->contexts()) names.push_back(context.name());
  return names;
}

}  // namespace

void PrintCompletion(const CLI::App& app, const std::string& shell, std::vector<std::string> words, Output* output) {
  if (shell == "bash") words = JoinBashWords(words);
  const NameSources names{[&words, output] { return StreamerNames(words, output); }, ContextNames};
  const Completion completion = Complete(ReadCommandLine(app), words, names, /*whole_words=*/shell != "bash");
  std::string text;
  for (const Completion::Candidate& candidate : completion.candidates) {
    absl::StrAppend(&text, candidate.text, "\t", candidate.description, "\n");
  }
  output->Write(absl::StrCat(text, completion.files ? ":files\n" : ""));
}

void AddCompletion(CLI::App* app, Client* client) {
  auto shell = std::make_shared<std::string>();
  CLI::App* verb = AddVerb(app, "completion", "Print a script that completes command lines in a shell");
  AddExample(verb, "source <(binlogctl completion bash)");
  verb->add_option(kShellArgument, *shell, "bash, zsh or fish")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember(kShells));
  verb->callback([shell, client] {
    client->DoLocally([shell, client] {
      client->output().Write(*shell == "fish" ? kFish : *shell == "zsh" ? kZsh : kBash);
      return absl::OkStatus();
    });
  });
}

}  // namespace binlogd
