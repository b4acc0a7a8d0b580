#include "tests/differential/findings.h"

#include "absl/strings/str_cat.h"

namespace binlogd::testing {

void Findings::Add(const std::string& about, const std::string& detail) {
  constexpr size_t kKept = 4;
  ++count_;
  Subject& subject = subjects_[about];
  ++subject.count;
  if (subject.details.size() < kKept) subject.details.push_back(detail);
}

std::string Findings::Report() const {
  std::string report;
  for (const auto& [about, subject] : subjects_) {
    absl::StrAppend(&report, about, ": ", subject.count, "\n");
    for (const std::string& detail : subject.details) absl::StrAppend(&report, "    ", detail, "\n");
  }
  return report;
}

}  // namespace binlogd::testing
