#include "client/streamer_selection.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/verb.h"

namespace binlogd {
namespace {

// "STOPPED|STARTING|…", for help and completion.
std::string StateNames() {
  std::string names;
  for (int i = v1::STOPPED; i <= v1::State_MAX; ++i) {
    absl::StrAppend(&names, names.empty() ? "" : "|", v1::State_Name(static_cast<v1::State>(i)));
  }
  return names;
}

void AddState(const std::string& word, StreamerSelection* selection) {
  v1::State state;
  if (!v1::State_Parse(absl::AsciiStrToUpper(word), &state) || state == v1::STATE_UNSPECIFIED) {
    throw CLI::ValidationError("--state", absl::StrCat("\"", word, "\" is not one of ", StateNames()));
  }
  selection->states.push_back(state);
}

}  // namespace

bool StreamerSelection::one() const { return !name.empty() && name.find_first_of("*?") == std::string::npos; }

v1::StreamerFilter StreamerSelection::Filter() const {
  v1::StreamerFilter filter;
  filter.set_name(name);
  filter.set_selector(selector);
  for (const v1::State state : states) filter.add_states(state);
  return filter;
}

void AddStreamerSelection(CLI::App* verb, StreamerSelection* selection) {
  AddStreamerName(verb, &selection->name)->description("The streamer's name, or a glob of names");
  verb->add_option("-l,--selector", selection->selector,
                   "Only those with these labels: team=data,env!=prod,tier in (a,b)")
      ->type_name("LABELS");
  verb->add_option_function<std::vector<std::string>>(
          "--state",
          [selection](const std::vector<std::string>& words) {
            for (const std::string& word : words) AddState(word, selection);
          },
          "Only those in this state; may be repeated, or parted by commas")
      ->type_name(StateNames())
      ->delimiter(',')
      ->allow_extra_args(false);
  verb->parse_complete_callback([selection] {
    if (selection->one() && (!selection->selector.empty() || !selection->states.empty())) {
      throw CLI::ValidationError(kStreamerArgument, "a streamer by its name takes neither --selector nor --state");
    }
  });
}

absl::StatusOr<std::vector<v1::Streamer>> FetchStreamers(const StreamerSelection& selection, Client* client) {
  std::vector<v1::Streamer> streamers;
  if (selection.one()) {
    v1::GetRequest request;
    request.set_name(selection.name);
    ASSIGN_OR_RETURN(streamers.emplace_back(),
                     client->session().Call(&Session::Stub::Get, request, Attempt("get", selection.name)));
    return streamers;
  }
  v1::ListRequest request;
  *request.mutable_filter() = selection.Filter();
  do {
    ASSIGN_OR_RETURN(v1::ListResponse page,
                     client->session().Call(&Session::Stub::List, request, "cannot list the streamers"));
    for (v1::Streamer& streamer : *page.mutable_streamers()) streamers.push_back(std::move(streamer));
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return streamers;
}

}  // namespace binlogd
