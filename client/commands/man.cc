#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/command_line.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/man_page.h"

namespace binlogd {
namespace {

absl::Status WritePages(const VerbHelp& program, const std::string& directory) {
  RETURN_IF_ERROR(MakeDirectories(directory, 0755));
  RETURN_IF_ERROR(ReplaceFile(absl::StrCat(directory, "/", program.name, ".1"), ProgramPage(program), 0644));
  for (const VerbHelp& verb : program.verbs) {
    const std::string path = absl::StrCat(directory, "/", program.name, "-", verb.name, ".1");
    RETURN_IF_ERROR(ReplaceFile(path, VerbPage(program, verb), 0644));
  }
  return absl::OkStatus();
}

}  // namespace

void AddMan(CLI::App* app, Client* client) {
  auto directory = std::make_shared<std::string>();
  CLI::App* verb = AddVerb(app, "man", "Write the manual pages of binlogctl into a folder");
  AddExample(verb, "binlogctl man /usr/local/share/man/man1");
  // For who packages it.
  verb->group("");
  verb->add_option("FOLDER", *directory, "The folder")->required()->type_name("");
  verb->callback([directory, app, client] {
    client->DoLocally([directory, app] { return WritePages(ReadCommandLine(*app), *directory); });
  });
}

}  // namespace binlogd
