#include "rpc/library_logs.h"

#include <google/protobuf/stubs/logging.h>
#include <grpc/support/log.h>

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/log_limiter.h"
#include "base/logging.h"

namespace binlogd {
namespace {

constexpr absl::Duration kInterval = absl::Seconds(10);

void WriteLine(absl::string_view library, absl::string_view line, LogLimiter* limiter) {
  const std::optional<uint64_t> kept_back = limiter->Admit(absl::Now());
  if (!kept_back) return;
  Log(LogLevel::kWarning, library, absl::StrCat(line, KeptBackText(*kept_back)));
}

// gRPC itself leaves out what GRPC_VERBOSITY does not ask for; by default all but errors.
void WriteGrpcLine(gpr_log_func_args* line) {
  static auto& limiter = *new LogLimiter(kInterval);
  WriteLine("grpc", line->message, &limiter);
}

void WriteProtobufLine(google::protobuf::LogLevel, const char*, int, const std::string& message) {
  static auto& limiter = *new LogLimiter(kInterval);
  WriteLine("protobuf", message, &limiter);
}

}  // namespace

void RouteLibraryLogs() {
  gpr_set_log_function(WriteGrpcLine);
  google::protobuf::SetLogHandler(WriteProtobufLine);
}

}  // namespace binlogd
