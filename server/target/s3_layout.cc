#include "target/s3_layout.h"

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "base/error.h"

namespace binlogd {
namespace {

constexpr size_t kDigits = 16;

bool ConsumeOffset(absl::string_view* name, uint64_t* offset) {
  if (name->size() < kDigits || name->substr(0, kDigits).find_first_not_of("0123456789") != absl::string_view::npos) {
    return false;
  }
  if (!absl::SimpleAtoi(name->substr(0, kDigits), offset)) return false;
  name->remove_prefix(kDigits);
  return true;
}

}  // namespace

absl::Status ObjectsDamaged(const std::string& what) {
  return Permanent(MakeError(absl::StatusCode::kDataLoss, "TARGET_DAMAGED",
                             absl::StrCat(what, "; nothing was written over: restore it, or name another prefix")));
}

S3Layout::S3Layout(absl::string_view prefix, std::optional<EventFormat> format)
    : prefix_(prefix),
      format_(format ? EventFormatName(*format) : "RAW"),
      suffix_(absl::StrCat(".", format ? EventFormatSuffix(*format) : "binlog")) {
  if (!prefix_.empty() && prefix_.back() != '/') prefix_.push_back('/');
}

std::string S3Layout::OwnKey(absl::string_view name) const { return absl::StrCat(prefix_, ".binlogd/", name); }

std::string S3Layout::EpochKey(const std::string& epoch, absl::string_view name) const {
  return absl::StrCat(prefix_, epoch, "/", name);
}

std::string S3Layout::Folder(const std::string& epoch, const std::string& file) const {
  return absl::StrCat(prefix_, epoch, "/", file, "/");
}

std::string S3Layout::ObjectKey(const std::string& epoch, const std::string& file, uint64_t start, uint64_t end,
                                Compression compression) const {
  return absl::StrFormat("%s%0*d-%0*d%s%s", Folder(epoch, file), kDigits, start, kDigits, end, suffix_,
                         CompressionSuffix(compression));
}

std::string S3Layout::KeyBefore(const std::string& folder, uint64_t start) {
  return absl::StrFormat("%s%0*d", folder, kDigits, start);
}

bool S3Layout::ParseName(absl::string_view name, uint64_t* start, uint64_t* end) const {
  if (!ConsumeOffset(&name, start) || !absl::ConsumePrefix(&name, "-") || !ConsumeOffset(&name, end) ||
      !absl::ConsumePrefix(&name, suffix_) || *start >= *end) {
    return false;
  }
  for (const Compression compression : {Compression::kNone, Compression::kZstd, Compression::kGzip}) {
    if (name == CompressionSuffix(compression)) return true;
  }
  return false;
}

bool S3Layout::IsPlainPiece(absl::string_view name) const {
  return suffix_ == ".binlog" && absl::EndsWith(name, suffix_);
}

}  // namespace binlogd
