// Events that came as protobuf messages, as JSON lines.
#pragma once

#include <string>

#include "binlogd/v1/event.pb.h"

namespace binlogd {

// Appends the event as one line, exactly as JsonEncoder writes it.
void AppendProtoAsJson(const v1::Event& event, std::string* out);

}  // namespace binlogd
