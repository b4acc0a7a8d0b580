// The verbs of binlogctl, one file each. Each function adds its verb to the command line; its work goes to
// Client::Do().
#pragma once

namespace CLI {
class App;
}

namespace binlogd {

class Client;

void AddApply(CLI::App* app, Client* client);
void AddCat(CLI::App* app, Client* client);
void AddCompletion(CLI::App* app, Client* client);
void AddDecode(CLI::App* app, Client* client);
void AddDelete(CLI::App* app, Client* client);
void AddDiff(CLI::App* app, Client* client);
void AddGet(CLI::App* app, Client* client);
void AddMetrics(CLI::App* app, Client* client);
void AddStart(CLI::App* app, Client* client);
void AddStatus(CLI::App* app, Client* client);
void AddStop(CLI::App* app, Client* client);
void AddTap(CLI::App* app, Client* client);
void AddValidate(CLI::App* app, Client* client);
void AddVersion(CLI::App* app, Client* client);

// All of them, in the order in which help lists them.
inline void AddCommands(CLI::App* app, Client* client) {
  AddApply(app, client);
  AddDiff(app, client);
  AddGet(app, client);
  AddDelete(app, client);
  AddStart(app, client);
  AddStop(app, client);
  AddStatus(app, client);
  AddMetrics(app, client);
  AddTap(app, client);
  AddDecode(app, client);
  AddCat(app, client);
  AddValidate(app, client);
  AddVersion(app, client);
  AddCompletion(app, client);
}

}  // namespace binlogd
