#include "rpc/spec_json.h"

#include <google/protobuf/util/json_util.h>

#include "absl/strings/str_cat.h"
#include "rpc/convert.h"

namespace binlogd {

std::string SpecJson::Encode(const StreamerSpec& spec) const {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const auto status = google::protobuf::util::MessageToJsonString(ToProto(spec, Secrets::kIncluded), &json, options);
  return status.ok() ? json : "{}";
}

absl::StatusOr<StreamerSpec> SpecJson::Decode(absl::string_view text) const {
  google::protobuf::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  v1::StreamerSpec message;
  const auto status = google::protobuf::util::JsonStringToMessage(std::string(text), &message, options);
  if (!status.ok()) return absl::InvalidArgumentError(absl::StrCat("not a spec: ", std::string(status.message())));
  return FromProto(message);
}

}  // namespace binlogd
