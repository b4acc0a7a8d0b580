// Network addresses as users write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace binlogd {

struct HostAndPort {
  std::string host;  // Without the brackets of an IPv6 address.
  std::optional<uint16_t> port;
};

// "host", "host:port", "[IPv6]" or "[IPv6]:port". INVALID_ARGUMENT otherwise; the message shows the text and says what
// is wrong, but not what would be right.
absl::StatusOr<HostAndPort> ParseHostAndPort(absl::string_view text);

// Whether a server can be told to listen there: "host:port" or "[IPv6]:port", port 0 being any that is free; with
// `or_unix` "unix:PATH" as well. INVALID_ARGUMENT (ADDRESS_INVALID) otherwise; `option` is named in the message.
absl::Status CheckListenAddress(absl::string_view option, absl::string_view address, bool or_unix);

// Whether a client can be told to call there: "host:port" or "[IPv6]:port" with a port from 1 on, "unix:PATH", or a
// name of another scheme that gRPC knows ("dns:///host:port"). INVALID_ARGUMENT (ADDRESS_INVALID) otherwise.
absl::Status CheckServerAddress(absl::string_view option, absl::string_view address);

// Whether only this machine reaches `address`: "127.0.0.1:7070", "[::1]:7070", "localhost:7070" or "unix:PATH". A name
// that would have to be looked up is not.
bool IsLoopback(absl::string_view address);

}  // namespace binlogd
