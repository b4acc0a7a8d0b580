#include "base/trace.h"

#include <algorithm>
#include <utility>

namespace binlogd {
namespace {

// Layout: version "-" trace-id "-" parent-id "-" flags, in lower-case hexadecimal digits: 2, 32, 16 and 2 of them. A
// version above 00 may add more.
constexpr size_t kTraceIdBegin = 3;
constexpr size_t kTraceIdSize = 32;
constexpr size_t kParentIdBegin = 36;
constexpr size_t kParentIdSize = 16;
constexpr size_t kFlagsBegin = 53;
constexpr size_t kSize = 55;

thread_local const std::string* current = nullptr;

bool IsHex(absl::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool IsId(absl::string_view text) { return IsHex(text) && text.find_first_not_of('0') != absl::string_view::npos; }

}  // namespace

std::string TraceIdOf(absl::string_view traceparent) {
  if (traceparent.size() < kSize) return "";
  const absl::string_view version = traceparent.substr(0, 2);
  const bool ends_well = traceparent.size() == kSize || (version != "00" && traceparent[kSize] == '-');
  if (!IsHex(version) || version == "ff" || !ends_well) return "";
  if (traceparent[2] != '-' || traceparent[kParentIdBegin - 1] != '-' || traceparent[kFlagsBegin - 1] != '-') return "";
  const absl::string_view id = traceparent.substr(kTraceIdBegin, kTraceIdSize);
  const bool rest =
      IsId(traceparent.substr(kParentIdBegin, kParentIdSize)) && IsHex(traceparent.substr(kFlagsBegin, 2));
  return IsId(id) && rest ? std::string(id) : "";
}

TraceScope::TraceScope(std::string id) : id_(std::move(id)), outer_(current) { current = &id_; }
TraceScope::~TraceScope() { current = outer_; }

const std::string& CurrentTraceId() {
  static const std::string& none = *new std::string;
  return current == nullptr ? none : *current;
}

}  // namespace binlogd
