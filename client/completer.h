// What may stand at a place of a command line.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/command_line.h"

namespace binlogd {

// Names that are not known before they are asked for.
struct NameSources {
  std::function<std::vector<std::string>()> streamers;
  std::function<std::vector<std::string>()> contexts;
};

struct Completion {
  struct Candidate {
    std::string text;
    std::string description;  // May be empty.
  };
  // Those that go on from what is typed, in the order in which help has them.
  std::vector<Candidate> candidates;
  // Names of files fit as well.
  bool files = false;
};

// `words` are those behind the program's name; the last one, which may be empty, is completed. With `whole_words` a
// value behind "--option=" is completed with the option, else alone.
Completion Complete(const VerbHelp& program, const std::vector<std::string>& words, const NameSources& names,
                    bool whole_words);

// Words that bash has parted at "=" and ":" as they were typed.
std::vector<std::string> JoinBashWords(const std::vector<std::string>& words);

}  // namespace binlogd
