#include "rpc/list_page.h"

#include <algorithm>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "codec/sha256.h"
#include "rpc/convert.h"
#include "rpc/convert_parts.h"

namespace binlogd {
namespace {

constexpr int kDefaultPageSize = 500;
constexpr int kMostPageSize = 1000;
// A page ends early when it has that many bytes, so that it fits into the 4 MiB that clients take by default.
constexpr size_t kMostPageBytes = 2 << 20;
constexpr size_t kMostNameGlobBytes = 256;

// A token is the web-safe base64 of the digest of the page's filter, and the name after which the next page begins.
std::string FilterDigest(const v1::StreamerFilter& filter) {
  std::string text =
      absl::StrCat(filter.selector().size(), ":", filter.selector(), filter.name().size(), ":", filter.name());
  std::set<int> states(filter.states().begin(), filter.states().end());
  for (const int state : states) absl::StrAppend(&text, ",", state);
  Sha256 digest;
  digest.Update(text);
  return digest.Finish().substr(0, 8);
}

std::string MakeToken(const v1::StreamerFilter& filter, absl::string_view last_name) {
  return absl::WebSafeBase64Escape(absl::StrCat(FilterDigest(filter), last_name));
}

// The name after which the page begins.
absl::StatusOr<std::string> ReadToken(const v1::ListRequest& request) {
  if (request.page_token().empty()) return std::string();
  std::string bytes;
  absl::string_view name;
  const bool decoded = absl::WebSafeBase64Unescape(request.page_token(), &bytes);
  name = bytes;
  if (decoded && absl::ConsumePrefix(&name, FilterDigest(request.filter())) && CheckName("name", name).ok()) {
    return std::string(name);
  }
  return InvalidField("page_token", "BAD_PAGE_TOKEN",
                      "it is none that List gave for this filter; begin again without a token");
}

}  // namespace

absl::StatusOr<StreamerFilter> FromProto(const v1::StreamerFilter& message) {
  StreamerFilter filter;
  ASSIGN_OR_RETURN(filter.labels, LabelSelector::Parse(message.selector(), "filter.selector"));
  for (int i = 0; i < message.states_size(); ++i) {
    const int state = message.states(i);
    if (state == v1::STATE_UNSPECIFIED || !v1::State_IsValid(state)) {
      return NoMeaning(absl::StrCat("filter.states[", i, "]"), state);
    }
    filter.states.insert(static_cast<StreamerState>(state));
  }
  if (message.name().size() > kMostNameGlobBytes) {
    return InvalidField("filter.name", "BAD_VALUE", absl::StrCat("it has more than ", kMostNameGlobBytes, " bytes"));
  }
  filter.name = message.name();
  return filter;
}

absl::Status ListPage(const Manager& manager, const v1::ListRequest& request, const Caller& caller,
                      v1::ListResponse* response) {
  RETURN_IF_ERROR(manager.CheckLoaded());
  ASSIGN_OR_RETURN(StreamerFilter filter, FromProto(request.filter()));
  filter.visible = [&caller](absl::string_view streamer) { return caller.May(Right::kView, streamer); };
  if (request.page_size() < 0) return InvalidField("page_size", "BAD_VALUE", "it must not be negative");
  ASSIGN_OR_RETURN(const std::string after, ReadToken(request));
  const int size = request.page_size() == 0 ? kDefaultPageSize : std::min(request.page_size(), kMostPageSize);
  // One more, to know whether there is another page.
  const std::vector<StreamerView> views = manager.List(filter, after, static_cast<size_t>(size) + 1);
  size_t bytes = 0;
  for (const StreamerView& view : views) {
    if (response->streamers_size() == size || bytes > kMostPageBytes) {
      const v1::Streamer& last = response->streamers(response->streamers_size() - 1);
      response->set_next_page_token(MakeToken(request.filter(), last.spec().name()));
      break;
    }
    v1::Streamer* const streamer = response->add_streamers();
    *streamer = ToProto(view);
    bytes += streamer->ByteSizeLong();
  }
  return absl::OkStatus();
}

}  // namespace binlogd
