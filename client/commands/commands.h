// The verbs of binlogctl, one file each. Each function adds its verb to the command line; its work goes to
// Client::Do().
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace binlogd {

class Client;
class Output;

void AddApply(CLI::App* app, Client* client);
void AddCat(CLI::App* app, Client* client);
void AddCompletion(CLI::App* app, Client* client);
void AddConfig(CLI::App* app, Client* client);
void AddDecode(CLI::App* app, Client* client);
void AddDelete(CLI::App* app, Client* client);
void AddDescribe(CLI::App* app, Client* client);
void AddDiff(CLI::App* app, Client* client);
void AddEdit(CLI::App* app, Client* client);
void AddExplain(CLI::App* app, Client* client);
void AddGet(CLI::App* app, Client* client);
void AddLogs(CLI::App* app, Client* client);
void AddLogLevel(CLI::App* app, Client* client);
void AddMan(CLI::App* app, Client* client);
void AddMetrics(CLI::App* app, Client* client);
void AddStart(CLI::App* app, Client* client);
void AddStatus(CLI::App* app, Client* client);
void AddStop(CLI::App* app, Client* client);
void AddTop(CLI::App* app, Client* client);
void AddTap(CLI::App* app, Client* client);
void AddValidate(CLI::App* app, Client* client);
void AddVersion(CLI::App* app, Client* client);

// What the scripts of `completion` ask for: "TEXT\tDESCRIPTION" for each that may stand in place of the last of
// `words`, and ":files" when names of files may. Silent when a server or a file does not answer.
void PrintCompletion(const CLI::App& app, const std::string& shell, std::vector<std::string> words, Output* output);

// All of them, in the order in which help lists them.
inline void AddCommands(CLI::App* app, Client* client) {
  AddApply(app, client);
  AddDiff(app, client);
  AddEdit(app, client);
  AddGet(app, client);
  AddDescribe(app, client);
  AddDelete(app, client);
  AddStart(app, client);
  AddStop(app, client);
  AddStatus(app, client);
  AddTop(app, client);
  AddLogs(app, client);
  AddMetrics(app, client);
  AddLogLevel(app, client);
  AddTap(app, client);
  AddValidate(app, client);
  AddExplain(app, client);
  AddDecode(app, client);
  AddCat(app, client);
  AddConfig(app, client);
  AddVersion(app, client);
  AddCompletion(app, client);
  AddMan(app, client);
}

}  // namespace binlogd
