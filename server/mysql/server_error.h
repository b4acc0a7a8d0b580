// What the numbers and texts of a server's errors mean to a streamer.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// What was being done: the same error number means different things while logging in and afterwards.
enum class ServerCall { kConnect, kStatement, kDump };

// The status for an error that the server sent or the client library found. `number` is the server's (1000 to 1999,
// from 3000 on) or the library's (2000 to 2999, 5000 to 5999); `doing` is what was tried, with the endpoint: "connect
// to db1:3306". Codes and reasons are those that Connection and BinlogDump promise.
absl::Status ServerError(ServerCall call, unsigned number, absl::string_view text, absl::string_view doing);

}  // namespace binlogd
