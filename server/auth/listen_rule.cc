#include "auth/listen_rule.h"

#include "absl/strings/str_cat.h"
#include "base/address.h"
#include "base/error.h"

namespace binlogd {

absl::Status CheckListen(absl::string_view option, absl::string_view address, const PortProtection& protection,
                         absl::string_view ways_out) {
  if (IsLoopback(address) || (protection.encrypted && protection.authenticated)) return absl::OkStatus();
  return MakeError(absl::StatusCode::kInvalidArgument, "INSECURE_LISTEN",
                   absl::StrCat(option, " ", address, ": other machines reach it, and it is ",
                                protection.encrypted ? "open to everybody" : "not encrypted", "; ", ways_out));
}

}  // namespace binlogd
