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
  const std::string text = TextArgument(name, std::to_string(fallback));
  uint64_t number = 0;
  if (absl::SimpleAtoi(text, &number)) return number;
  std::fprintf(stderr, "--%s needs a number\n", name.c_str());
  std::exit(2);
}

std::string TextArgument(const std::string& name, const std::string& fallback) {
  const std::vector<std::string>& arguments = TestArguments();
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--" + name) return i + 1 < arguments.size() ? arguments[i + 1] : "";
  }
  return fallback;
}

}  // namespace binlogd::testing
