// The lines that gRPC and Protobuf log by themselves.
#pragma once

namespace binlogd {

// Puts them into the process's log, of each library one in ten seconds at most: who makes handshakes fail, or sends
// garbled messages, must not be able to flood it. To be called before either is used.
void RouteLibraryLogs();

}  // namespace binlogd
