#include <memory>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/error_reasons.h"

namespace binlogd {
namespace {

absl::Status Explain(const std::string& word, Client* client) {
  const std::string reason = absl::AsciiStrToUpper(word);
  const ReasonHelp* help = FindReason(reason);
  if (help == nullptr) {
    return MakeError(absl::StatusCode::kNotFound, "UNKNOWN_REASON",
                     absl::StrCat("no error carries the reason \"", word,
                                  "\"; it is the last word in the parentheses behind a message"));
  }
  std::string text = absl::StrCat(reason, help->code.empty() ? "" : absl::StrCat(" (", help->code, ")"), "\n");
  if (!help->then.empty()) absl::StrAppend(&text, "  then: ", help->then, "\n");
  client->output().Write(absl::StrCat(text, "  ", help->meaning, "\n"));
  return absl::OkStatus();
}

}  // namespace

void AddExplain(CLI::App* app, Client* client) {
  auto reason = std::make_shared<std::string>();
  CLI::App* verb = AddVerb(app, "explain", "Tell what the reason of an error means, and the way out");
  AddExample(verb, "binlogctl explain POSITION_PURGED");
  verb->add_option(kReasonArgument, *reason, "The reason, as POSITION_PURGED")->required()->type_name("");
  verb->callback([reason, client] { client->DoLocally([reason, client] { return Explain(*reason, client); }); });
}

}  // namespace binlogd
