// Texts that tell things apart.
#pragma once

#include <string>

namespace binlogd {

// 32 hexadecimal digits, random.
std::string RandomToken();

}  // namespace binlogd
