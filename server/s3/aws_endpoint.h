// Where AWS's services are.
#pragma once

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// "https://SERVICE.REGION.amazonaws.com"; in China ".cn" after it.
inline std::string AwsEndpoint(absl::string_view service, absl::string_view region) {
  return absl::StrCat("https://", service, ".", region, ".amazonaws.com", absl::StartsWith(region, "cn-") ? ".cn" : "");
}

}  // namespace binlogd
