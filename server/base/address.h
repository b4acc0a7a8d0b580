// Network addresses as users write them.
#pragma once

#include "absl/strings/string_view.h"

namespace binlogd {

// Whether only this machine reaches `address`: "127.0.0.1:7070", "[::1]:7070", "localhost:7070" or "unix:PATH". A name
// that would have to be looked up is not.
bool IsLoopback(absl::string_view address);

}  // namespace binlogd
