#include "pipeline/resume_token.h"

#include <libdeflate.h>

#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/error.h"
#include "binlog/event_header.h"

namespace binlogd {
namespace {

constexpr absl::string_view kPrefix = "tap1.";
constexpr size_t kMostBytes = 2048;

// What tells a text that was changed.
std::string SumOf(absl::string_view text) {
  return absl::StrCat(absl::Hex(libdeflate_crc32(0, text.data(), text.size()), absl::kZeroPad8));
}

absl::Status BadToken() {
  return MakeError(absl::StatusCode::kInvalidArgument, "BAD_RESUME_TOKEN",
                   "it is no resume token, or not a whole one: give one as it came with a batch or heartbeat");
}

}  // namespace

std::string EncodeResumeToken(const ResumeToken& token) {
  // The file's name comes last: it may hold any character.
  const std::string fields = absl::StrCat(token.epoch.name(), "/", token.at.log_created, "/", token.at.log_server_id,
                                          "/", token.at.position.offset, "/", token.at.position.file);
  return absl::StrCat(kPrefix, absl::WebSafeBase64Escape(absl::StrCat(SumOf(fields), fields)));
}

absl::StatusOr<ResumeToken> ParseResumeToken(absl::string_view text) {
  std::string bytes;
  if (text.size() > kMostBytes || !absl::ConsumePrefix(&text, kPrefix) || !absl::WebSafeBase64Unescape(text, &bytes) ||
      bytes.size() < 8) {
    return BadToken();
  }
  const std::string fields = bytes.substr(8);
  if (SumOf(fields) != bytes.substr(0, 8)) return BadToken();
  const std::vector<std::string> parts = absl::StrSplit(fields, absl::MaxSplits('/', 4));
  ResumeToken token;
  if (parts.size() != 5 || !ParseEpochName(parts[0], &token.epoch) ||
      !absl::SimpleAtoi(parts[1], &token.at.log_created) || !absl::SimpleAtoi(parts[2], &token.at.log_server_id) ||
      !absl::SimpleAtoi(parts[3], &token.at.position.offset) || parts[4].empty() ||
      token.at.position.offset < kFirstEventOffset) {
    return BadToken();
  }
  token.at.position.file = parts[4];
  return token;
}

}  // namespace binlogd
