#include <unistd.h>

#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/changes_text.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/edited_file.h"
#include "client/text.h"
#include "client/unified_diff.h"
#include "config/spec_file.h"
#include "config/spec_print.h"

namespace binlogd {
namespace {

constexpr char kRules[] =
    "# Save and leave the editor to apply the change; a file that is unchanged or empty changes nothing. The name "
    "stays.\n"
    "# A secret that was given by value is not shown; it is kept as long as it is left out.\n";
constexpr char kRefused[] = "# REFUSED: ";

struct EditOptions {
  std::string name;
  bool yes = false;
};

// The text without our own lines at its top.
std::string BodyOf(absl::string_view text) {
  while (absl::StartsWith(text, "#")) {
    const size_t end = text.find('\n');
    text.remove_prefix(end == absl::string_view::npos ? text.size() : end + 1);
  }
  return std::string(text);
}

// One change of a spec, from opening the editor to the answer.
class SpecEditing {
 public:
  SpecEditing(const EditOptions& options, v1::Streamer streamer, EditedFile file, Client* client)
      : options_(options),
        streamer_(std::move(streamer)),
        before_(ToYaml(streamer_.spec())),
        file_(std::move(file)),
        client_(client) {}

  absl::Status Run() {
    std::string body = before_;
    absl::Status refused;
    for (;;) {
      const std::string shown = absl::StrCat(RefusalText(refused), kRules, body);
      absl::StatusOr<std::string> text = file_.Edit(shown);
      if (!text.ok()) {
        // Nobody has typed anything.
        if (body == before_ && file_.Holds(shown)) return text.status();
        return KeepText(text.status());
      }
      const std::string edited = BodyOf(*text);
      if (edited == before_ || absl::StripAsciiWhitespace(edited).empty()) return TellUnchanged();
      // Who leaves a refused text as it is has given up.
      if (!refused.ok() && edited == body) return KeepText(refused);
      body = edited;
      refused = Check(*text);
      if (refused.ok()) {
        if (preview_.outcome() == v1::ApplyResponse::UNCHANGED) return TellUnchanged();
        ShowChange();
        const char answer = Ask();
        if (answer == 'e') continue;
        if (answer != 'y') return KeepText(absl::CancelledError("nothing was changed"));
        refused = Update();
        if (refused.ok()) return absl::OkStatus();
      }
      // Only another text helps against these.
      if (!absl::IsInvalidArgument(refused)) return KeepText(refused);
    }
  }

 private:
  static std::string RefusalText(const absl::Status& refused) {
    if (refused.ok()) return "";
    return absl::StrCat(kRefused, EscapeText(refused.message()), " (", ErrorReason(refused), ")\n#\n");
  }

  absl::Status TellUnchanged() {
    if (client_->printer().table()) {
      client_->output().Write(absl::StrCat("streamer \"", options_.name, "\" unchanged\n"));
    } else {
      client_->printer().Print(streamer_, UnsetFields::kLeaveOut);
    }
    return absl::OkStatus();
  }

  // What was typed is not lost with the failure.
  absl::Status KeepText(const absl::Status& why) {
    if (!file_.Keep()) {
      client_->output().Message(absl::StrCat("the editor left no file ", file_.path(), ": there is no text to keep"));
      return why;
    }
    client_->output().Message(
        absl::StrCat("your text is kept in ", file_.path(), "; apply it with: binlogctl apply -f ", file_.path()));
    return why;
  }

  // Reads the text into update_, and asks what would become of it in preview_.
  absl::Status Check(const std::string& text) {
    ASSIGN_OR_RETURN(const std::vector<v1::StreamerSpec> specs, ParseSpecs(text, file_.path()));
    if (specs.size() != 1 || specs[0].name() != options_.name) {
      return InvalidField("name", "BAD_VALUE",
                          absl::StrCat("this is about streamer \"", options_.name,
                                       "\" alone; another one is made by: binlogctl apply -f FILE"));
    }
    v1::ApplyRequest request;
    *request.mutable_spec() = specs[0];
    request.set_validate_only(true);
    ASSIGN_OR_RETURN(preview_, client_->session().Call(&Session::Stub::Apply, request, Attempt("edit", options_.name)));
    *update_.mutable_spec() = specs[0];
    return absl::OkStatus();
  }

  void ShowChange() {
    if (!client_->printer().table()) return;
    const std::string diff =
        UnifiedDiff(absl::StrCat(options_.name, " (now)"), before_, absl::StrCat(options_.name, " (edited)"),
                    ToYaml(preview_.streamer().spec()), client_->output().colour());
    client_->output().Write(diff.empty() ? "only secrets given by value differ\n" : diff);
    client_->output().Write(preview_.restarts() ? "the streamer is stopped, and started again with the change\n"
                                                : "nothing is restarted\n");
    client_->output().Write(ChangesText(preview_));
  }

  // 'y' to go on, 'e' to edit again, anything else to leave it. Asked of a person only.
  char Ask() {
    if (options_.yes || isatty(STDIN_FILENO) == 0) return 'y';
    std::cerr << "apply? [y]es, [e]dit again, [n]o: " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    return answer.empty() ? 'n' : absl::ascii_tolower(static_cast<unsigned char>(answer[0]));
  }

  absl::Status Update() {
    update_.set_etag(streamer_.etag());
    const absl::StatusOr<v1::Streamer> updated =
        client_->session().Call(&Session::Stub::Update, update_, Attempt("edit", options_.name));
    if (absl::IsAborted(updated.status())) {
      client_->output().Message("somebody changed it while you edited; edit it again, on what is there now");
    }
    RETURN_IF_ERROR(updated.status());
    if (client_->printer().table()) {
      client_->output().Write(
          absl::StrCat("streamer \"", options_.name, "\" updated", preview_.restarts() ? " and restarted\n" : "\n"));
    } else {
      client_->printer().Print(*updated, UnsetFields::kLeaveOut);
    }
    return absl::OkStatus();
  }

  const EditOptions& options_;
  const v1::Streamer streamer_;
  const std::string before_;
  EditedFile file_;
  Client* const client_;
  v1::ApplyResponse preview_;
  v1::UpdateRequest update_;
};

absl::Status EditStreamer(const EditOptions& options, Client* client) {
  v1::GetRequest request;
  request.set_name(options.name);
  ASSIGN_OR_RETURN(v1::Streamer streamer,
                   client->session().Call(&Session::Stub::Get, request, Attempt("edit", options.name)));
  ASSIGN_OR_RETURN(EditedFile file, EditedFile::Make(options.name));
  return SpecEditing(options, std::move(streamer), std::move(file), client).Run();
}

}  // namespace

void AddEdit(CLI::App* app, Client* client) {
  auto options = std::make_shared<EditOptions>();
  CLI::App* verb = AddVerb(app, "edit", "Change a streamer's spec in your editor ($VISUAL, $EDITOR or vi)");
  AddExample(verb, "EDITOR=nano binlogctl edit orders");
  AddStreamerName(verb, &options->name)->required();
  verb->add_flag("-y,--yes", options->yes, "Apply the change without asking");
  verb->callback([options, client] { client->Do([options, client] { return EditStreamer(*options, client); }); });
}

}  // namespace binlogd
