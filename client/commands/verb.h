// What the verbs have in common.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// The positional argument that names a streamer; completion goes by it.
inline constexpr char kStreamerArgument[] = "NAME";
// The positional argument that names a context.
inline constexpr char kContextArgument[] = "CONTEXT";
// The positional argument that sets fields of a context.
inline constexpr char kAssignmentArgument[] = "KEY=VALUE";
// The positional argument that takes a shell, and which there are.
inline constexpr char kShellArgument[] = "SHELL";
inline const std::vector<std::string> kShells = {"bash", "zsh", "fish"};
// The positional argument that takes the reason of an error.
inline constexpr char kReasonArgument[] = "REASON";
// The positional argument that takes a level of the log.
inline constexpr char kLevelArgument[] = "LEVEL";
// The positional argument that takes files.
inline constexpr char kFilesArgument[] = "FILE";

// A verb that takes the global options after itself too.
inline CLI::App* AddVerb(CLI::App* app, const std::string& name, const std::string& description) {
  CLI::App* verb = app->add_subcommand(name, description);
  verb->fallthrough();
  return verb;
}

// Adds a command line that shows what the verb is good for to its help.
inline void AddExample(CLI::App* verb, const std::string& line) { verb->footer("Example:\n  " + line); }

// Adds the argument that takes files, of which one may be standard input.
inline void AddInputFiles(CLI::App* verb, std::vector<std::string>* paths, const std::string& description) {
  verb->add_option(kFilesArgument, *paths, description)
      ->required()
      ->each([inputs = 0](const std::string& path) mutable {
        if (path == "-" && ++inputs > 1) throw CLI::ValidationError("- can be read only once");
      })
      ->type_name("");
}

// Adds the option for the keys of files that binlogd encrypted.
inline void AddKeyFiles(CLI::App* verb, std::vector<std::string>* paths) {
  verb->add_option("--key-file", *paths, "File of a key, for files that binlogd encrypted; may be given several times")
      ->type_name("PATH")
      ->allow_extra_args(false);
}

// Adds the streamer's name to a verb.
inline CLI::Option* AddStreamerName(CLI::App* verb, std::string* name) {
  return verb->add_option(kStreamerArgument, *name, "The streamer's name")->type_name("");
}

// "cannot start streamer \"orders\"".
inline std::string Attempt(absl::string_view verb, absl::string_view streamer) {
  return absl::StrCat("cannot ", verb, " streamer \"", streamer, "\"");
}

}  // namespace binlogd
