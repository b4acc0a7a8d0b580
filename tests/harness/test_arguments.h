// Arguments of a test program beside GoogleTest's own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace binlogd::testing {

// What main() got that GoogleTest did not take, the program's name not included. Set before the first test runs.
const std::vector<std::string>& TestArguments();
void SetTestArguments(int argc, char** argv);

// The number after "--NAME"; `fallback` when it is not given. Ends the program when it is no number.
uint64_t NumberArgument(const std::string& name, uint64_t fallback);

// The text after "--NAME"; `fallback` when it is not given.
std::string TextArgument(const std::string& name, const std::string& fallback);

}  // namespace binlogd::testing
