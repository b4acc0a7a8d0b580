// What a newer client says and this server does not understand.
#pragma once

#include <google/protobuf/message.h>

#include "absl/status/status.h"

namespace binlogd {

// INVALID_ARGUMENT (UNKNOWN_FIELD) when the message, or one inside it, came with a field that this server's proto does
// not have: what somebody asks for must not be left out in silence. It has no name here: its path ends with its number
// ("targets[0].file.99").
absl::Status CheckFieldsKnown(const google::protobuf::Message& message);

}  // namespace binlogd
