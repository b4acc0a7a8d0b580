#include "client/completer.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "binlogd/v1/client.pb.h"
#include "client/client.h"
#include "client/commands/verb.h"
#include "client/context_file.h"
#include "client/error_reasons.h"

namespace binlogd {
namespace {

// What stands before the word that is completed.
struct Place {
  std::vector<const VerbHelp*> verbs;  // The program, its verb, and that one's.
  const OptionHelp* option = nullptr;  // Whose value is to come.
  size_t arguments = 0;                // Of the last verb, that are there.
  bool options_over = false;           // After "--".

  const OptionHelp* FindOption(const std::string& name) const {
    for (const VerbHelp* verb : verbs) {
      if (const OptionHelp* option = verb->FindOption(name)) return option;
    }
    return nullptr;
  }
};

void Pass(const std::string& word, Place* place) {
  if (place->option != nullptr) {
    place->option = nullptr;
  } else if (word == "--") {
    place->options_over = true;
  } else if (!place->options_over && word.size() > 1 && word[0] == '-') {
    const OptionHelp* option = place->FindOption(word);
    if (option != nullptr && option->takes_value()) place->option = option;
  } else if (const VerbHelp* verb = place->verbs.back()->FindVerb(word)) {
    place->verbs.push_back(verb);
  } else {
    ++place->arguments;
  }
}

// Adds those that begin with `typed`, with `prefix` before them.
void AddWords(const std::vector<std::string>& words, absl::string_view typed, absl::string_view prefix,
              Completion* completion) {
  for (const std::string& word : words) {
    if (absl::StartsWith(word, typed)) completion->candidates.push_back({absl::StrCat(prefix, word), ""});
  }
}

void AddValues(const OptionHelp& option, absl::string_view typed, absl::string_view prefix, const NameSources& names,
               Completion* completion) {
  if (option.type == kContextType) return AddWords(names.contexts(), typed, prefix, completion);
  if (option.words.empty()) {
    completion->files = option.type == "FILE" || option.type == "PATH";
    return;
  }
  // Of a list, only its last word.
  const size_t comma = option.many ? typed.rfind(',') : absl::string_view::npos;
  const size_t done = comma == absl::string_view::npos ? 0 : comma + 1;
  AddWords(option.words, typed.substr(done), absl::StrCat(prefix, typed.substr(0, done)), completion);
}

std::vector<std::string> Reasons() {
  std::vector<std::string> reasons;
  for (const ReasonHelp& help : AllReasons()) reasons.insert(reasons.end(), help.reasons.begin(), help.reasons.end());
  return reasons;
}

void AddArguments(const VerbHelp& verb, size_t place, const std::string& typed, const NameSources& names,
                  Completion* completion) {
  if (verb.arguments.empty()) return;
  const ArgumentHelp& argument = verb.arguments[std::min(place, verb.arguments.size() - 1)];
  if (place >= verb.arguments.size() && !argument.many) return;
  if (argument.name == kStreamerArgument) return AddWords(names.streamers(), typed, "", completion);
  if (argument.name == kContextArgument) return AddWords(names.contexts(), typed, "", completion);
  if (argument.name == kReasonArgument) return AddWords(Reasons(), typed, "", completion);
  if (argument.name == kShellArgument) return AddWords(kShells, typed, "", completion);
  if (argument.name == kAssignmentArgument) return AddWords(ContextAssignments(), typed, "", completion);
  completion->files = argument.name == kFilesArgument;
}

void AddOptions(const Place& place, const std::string& typed, Completion* completion) {
  // Those of the verb first.
  for (auto verb = place.verbs.rbegin(); verb != place.verbs.rend(); ++verb) {
    for (const OptionHelp& option : (*verb)->options) {
      const bool known = verb != place.verbs.rbegin() && option.long_name == "--help";
      if (!known && absl::StartsWith(option.long_name, typed)) {
        completion->candidates.push_back({option.long_name, option.description});
      }
    }
  }
}

}  // namespace

Completion Complete(const VerbHelp& program, const std::vector<std::string>& words, const NameSources& names,
                    bool whole_words) {
  Completion completion;
  if (words.empty()) return completion;
  Place place;
  place.verbs = {&program};
  for (size_t i = 0; i + 1 < words.size(); ++i) Pass(words[i], &place);
  const std::string& typed = words.back();
  const size_t equals = typed.find('=');
  if (place.option != nullptr) {
    AddValues(*place.option, typed, "", names, &completion);
  } else if (absl::StartsWith(typed, "--") && equals != std::string::npos && !place.options_over) {
    const OptionHelp* option = place.FindOption(typed.substr(0, equals));
    const std::string prefix = whole_words ? typed.substr(0, equals + 1) : "";
    if (option != nullptr) AddValues(*option, typed.substr(equals + 1), prefix, names, &completion);
  } else if (absl::StartsWith(typed, "-") && !place.options_over) {
    AddOptions(place, typed, &completion);
  } else if (!place.verbs.back()->verbs.empty()) {
    for (const VerbHelp& verb : place.verbs.back()->verbs) {
      if (absl::StartsWith(verb.name, typed)) completion.candidates.push_back({verb.name, verb.description});
    }
  } else {
    AddArguments(*place.verbs.back(), place.arguments, typed, names, &completion);
  }
  return completion;
}

std::vector<std::string> JoinBashWords(const std::vector<std::string>& words) {
  std::vector<std::string> joined;
  bool glue = false;
  for (const std::string& word : words) {
    const bool separator = word == "=" || word == ":";
    if ((separator || glue) && !joined.empty()) {
      joined.back() += word;
    } else {
      joined.push_back(word);
    }
    glue = separator;
  }
  return joined;
}

}  // namespace binlogd
