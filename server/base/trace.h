// The trace that a request belongs to, as its caller tells it, so that what is logged can be found by it.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

// The trace id, 32 hexadecimal digits, of a "traceparent" header (W3C Trace Context); empty when there is none in it.
std::string TraceIdOf(absl::string_view traceparent);

// What the calling thread does belongs to a trace, from the making of the scope to its end. An empty id: to none.
class TraceScope {
 public:
  explicit TraceScope(std::string id);
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  const std::string id_;
  const std::string* const outer_;
};

// That of the calling thread; empty when there is none.
const std::string& CurrentTraceId();

}  // namespace binlogd
