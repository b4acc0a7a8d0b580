#include "tests/harness/test_arguments.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"

namespace binlogd::testing {
namespace {

std::vector<std::string>& Arguments() {
  static auto* const arguments = new std::vector<std::string>;
  return *arguments;
}

}  // namespace

const std::vector<std::string>& TestArguments() { return Arguments(); }

void SetTestArguments(int argc, char** argv) { Arguments().assign(argv + (argc > 0 ? 1 : 0), argv + argc); }

uint64_t NumberArgument(const std::string& name, uint64_t fallback) {
  const std::vector<std::string>& arguments = TestArguments();
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] != "--" + name) continue;
    uint64_t number = 0;
    if (i + 1 < arguments.size() && absl::SimpleAtoi(arguments[i + 1], &number)) return number;
    std::fprintf(stderr, "--%s needs a number\n", name.c_str());
    std::exit(2);
  }
  return fallback;
}

}  // namespace binlogd::testing
