// XML as S3 and STS send it.
#pragma once

#include <pugixml.hpp>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "base/error.h"

namespace binlogd {

// INTERNAL (ANSWER_INVALID) when it is no XML. The parser knows no entities but XML's own, and does not recurse.
inline absl::Status ParseXml(absl::string_view text, pugi::xml_document* document) {
  const pugi::xml_parse_result result = document->load_buffer(
      text.data(), text.size(), pugi::parse_default | pugi::parse_ws_pcdata_single, pugi::encoding_utf8);
  if (result) return absl::OkStatus();
  return MakeError(absl::StatusCode::kInternal, "ANSWER_INVALID",
                   absl::StrCat("the answer is no XML: ", result.description()));
}

}  // namespace binlogd
