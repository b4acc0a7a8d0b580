#include "rpc/unknown_fields.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/unknown_field_set.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// `path` is the message's own, with a dot behind it; empty for the outermost.
absl::Status CheckMessage(const Message& message, const std::string& path) {
  const Reflection& reflection = *message.GetReflection();
  const google::protobuf::UnknownFieldSet& unknown = reflection.GetUnknownFields(message);
  if (!unknown.empty()) {
    return InvalidField(absl::StrCat(path, unknown.field(0).number()), "UNKNOWN_FIELD",
                        "this binlogd knows no field of that number: a newer client set it; leave it out, or use a "
                        "newer binlogd");
  }
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    const std::string inner = absl::StrCat(path, std::string(field->name()));
    if (!field->is_repeated()) {
      RETURN_IF_ERROR(CheckMessage(reflection.GetMessage(message, field), absl::StrCat(inner, ".")));
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      RETURN_IF_ERROR(
          CheckMessage(reflection.GetRepeatedMessage(message, field, i), absl::StrCat(inner, "[", i, "].")));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckFieldsKnown(const Message& message) { return CheckMessage(message, ""); }

}  // namespace binlogd
