// What was found in binary log files, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "archive/log_summary.h"
#include "archive/log_verifier.h"
#include "binlogd/v1/log_report.pb.h"

namespace binlogd {

v1::LogVerification ToProto(const LogFinding& finding);
// `problem` is what ended the reading of the file.
v1::LogContents ToProto(const LogSummary& summary, const absl::Status& problem);

// A table, a line for each file.
std::string VerificationTable(const std::vector<v1::LogVerification>& files, bool colour);
// Several lines about one file.
std::string ContentsText(const v1::LogContents& file, bool colour);

}  // namespace binlogd
