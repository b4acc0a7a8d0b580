#include <memory>
#include <string>
#include <vector>

#include "archive/log_bytes.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"

namespace binlogd {
namespace {

constexpr size_t kStep = 1 << 18;

struct CatCommand {
  std::vector<std::string> paths;
  std::vector<std::string> key_files;
};

absl::Status Cat(const CatCommand& command, Client* client) {
  ASSIGN_OR_RETURN(const KeyRing keys, KeyRing::Load(command.key_files));
  const auto buffer = std::make_unique<char[]>(kStep);
  for (const std::string& path : command.paths) {
    ASSIGN_OR_RETURN(const std::unique_ptr<LogBytes> bytes, LogBytes::Open(path, &keys));
    while (!client->output().closed() && client->output().status().ok()) {
      ASSIGN_OR_RETURN(const size_t size, bytes->Read(buffer.get(), kStep));
      if (size == 0) break;
      client->output().Write(absl::string_view(buffer.get(), size));
    }
  }
  return absl::OkStatus();
}

}  // namespace

void AddCat(CLI::App* app, Client* client) {
  auto command = std::make_shared<CatCommand>();
  CLI::App* verb = AddVerb(app, "cat", "Write what files of file targets hold, decrypted and uncompressed");
  AddExample(verb, "binlogctl cat /var/lib/binlogd/archive/orders/0001-6f1c2a9e/binlog.000007.zst > binlog.000007");
  AddInputFiles(verb, &command->paths, "Files, plain, compressed or encrypted, in order; - is standard input");
  AddKeyFiles(verb, &command->key_files);
  verb->callback([command, client] { client->DoLocally([command, client] { return Cat(*command, client); }); });
}

}  // namespace binlogd
