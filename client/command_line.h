// The command line as help, completion and manual pages need it.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace binlogd {

struct OptionHelp {
  std::string short_name;  // "-o", or empty.
  std::string long_name;   // "--output".
  std::string description;
  std::string type;  // Of its value; empty for a flag.
  std::string default_text;
  std::string variable;  // Of the environment; empty for none.
  bool required = false;
  // What the value is one of, or a list of with commas between them; empty when that is not known.
  std::vector<std::string> words;
  bool many = false;

  bool takes_value() const { return !type.empty(); }
  // "-o,--output table|json|yaml".
  std::string Usage() const;
};

struct ArgumentHelp {
  std::string name;
  std::string description;
  bool required = false;
  bool many = false;
  std::vector<std::string> words;
};

// A verb, or the program itself.
struct VerbHelp {
  std::string name;
  std::string description;
  std::string footer;  // Its example.
  std::vector<OptionHelp> options;
  std::vector<ArgumentHelp> arguments;
  std::vector<VerbHelp> verbs;

  const VerbHelp* FindVerb(const std::string& verb) const;
  const OptionHelp* FindOption(const std::string& option) const;
};

// Read from the parser itself, so that nothing disagrees with it. Hidden verbs are left out.
VerbHelp ReadCommandLine(const CLI::App& app);

}  // namespace binlogd
