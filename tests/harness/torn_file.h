// What a crash leaves in the folder of a file target.
#pragma once

#include <fstream>
#include <string>

#include "target/checked_line.h"

namespace binlogd::testing {

// As if the target in a folder had begun the file, and a crash had come before a position record covered it.
inline void MakeTorn(const std::string& folder, const std::string& name, const std::string& content) {
  std::ofstream(folder + "/.binlogd/begun", std::ios::binary | std::ios::app) << CheckedLine(name) << '\n';
  std::ofstream(folder + "/" + name, std::ios::binary | std::ios::app) << content;
}

}  // namespace binlogd::testing
