// Manual pages, made of what --help shows.
#pragma once

#include <string>

#include "client/command_line.h"

namespace binlogd {

// The page of the program, which names those of its verbs: troff for section 1.
std::string ProgramPage(const VerbHelp& program);

// The page of one of its verbs, "PROGRAM-VERB".
std::string VerbPage(const VerbHelp& program, const VerbHelp& verb);

}  // namespace binlogd
