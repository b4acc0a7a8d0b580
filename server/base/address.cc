#include "base/address.h"

#include <arpa/inet.h>

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/shown.h"

namespace binlogd {
namespace {

bool IsUnixSocket(absl::string_view address) {
  return absl::StartsWith(address, "unix:") || absl::StartsWith(address, "unix-abstract:");
}

bool HasOtherScheme(absl::string_view address) {
  return absl::StartsWith(address, "dns:") || absl::StartsWith(address, "ipv4:") || absl::StartsWith(address, "ipv6:");
}

// Digits alone: no sign, no blank, and nothing that would be taken modulo 65536.
std::optional<uint16_t> ParsePort(absl::string_view digits) {
  unsigned port = 0;
  if (digits.empty() || digits.size() > 5 || digits.find_first_not_of("0123456789") != absl::string_view::npos ||
      !absl::SimpleAtoi(digits, &port) || port > 65535) {
    return std::nullopt;
  }
  return static_cast<uint16_t>(port);
}

absl::Status Refuse(absl::string_view option, absl::string_view why, absl::string_view right) {
  return MakeError(absl::StatusCode::kInvalidArgument, "ADDRESS_INVALID",
                   absl::StrCat(option, ": ", why, "; write ", right));
}

}  // namespace

absl::StatusOr<HostAndPort> ParseHostAndPort(absl::string_view text) {
  const auto refuse = [text](absl::string_view why) {
    return absl::InvalidArgumentError(absl::StrCat(Shown(text), ": ", why));
  };
  HostAndPort parsed;
  absl::string_view rest;
  if (absl::StartsWith(text, "[")) {
    const size_t close = text.find(']');
    if (close == absl::string_view::npos) return refuse("no ] after [");
    parsed.host = std::string(text.substr(1, close - 1));
    rest = text.substr(close + 1);
    if (!rest.empty() && rest[0] != ':') return refuse("only a port may follow ]");
  } else {
    const size_t colon = std::min(text.find(':'), text.size());
    parsed.host = std::string(text.substr(0, colon));
    rest = text.substr(colon);
    if (absl::StrContains(rest.substr(rest.empty() ? 0 : 1), ":")) return refuse("more than one colon");
  }
  if (parsed.host.empty()) return refuse("no host");
  if (parsed.host.size() > 255) return refuse("the host is longer than 255 characters");
  if (parsed.host.find_first_of(" \t\r\n/\\@,\0", 0, 9) != std::string::npos) {
    return refuse("the host has a character that no host has");
  }
  if (rest.empty()) return parsed;
  parsed.port = ParsePort(rest.substr(1));
  if (!parsed.port) return refuse("the port is not a number up to 65535");
  return parsed;
}

absl::Status CheckListenAddress(absl::string_view option, absl::string_view address, bool or_unix) {
  constexpr absl::string_view kRight =
      "HOST:PORT, for example 127.0.0.1:7070, 0.0.0.0:7070 for all addresses of this "
      "machine, or 127.0.0.1:0 for any free port";
  if (or_unix && IsUnixSocket(address)) return absl::OkStatus();
  const absl::StatusOr<HostAndPort> parsed = ParseHostAndPort(address);
  if (!parsed.ok()) return Refuse(option, parsed.status().message(), kRight);
  return parsed->port ? absl::OkStatus() : Refuse(option, absl::StrCat(Shown(address), ": no port"), kRight);
}

absl::Status CheckServerAddress(absl::string_view option, absl::string_view address) {
  constexpr absl::string_view kRight = "HOST:PORT, for example 127.0.0.1:7070, or unix:PATH";
  if (IsUnixSocket(address) || HasOtherScheme(address)) return absl::OkStatus();
  const absl::StatusOr<HostAndPort> parsed = ParseHostAndPort(address);
  if (!parsed.ok()) return Refuse(option, parsed.status().message(), kRight);
  if (!parsed->port) return Refuse(option, absl::StrCat(Shown(address), ": no port"), kRight);
  return *parsed->port != 0 ? absl::OkStatus()
                            : Refuse(option, absl::StrCat(Shown(address), ": nobody is at port 0"), kRight);
}

bool IsLoopback(absl::string_view address) {
  if (IsUnixSocket(address)) return true;
  const absl::StatusOr<HostAndPort> parsed = ParseHostAndPort(address);
  if (!parsed.ok() || !parsed->port) return false;
  in_addr v4;
  if (inet_pton(AF_INET, parsed->host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6;
  if (inet_pton(AF_INET6, parsed->host.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6);
  return parsed->host == "localhost";
}

}  // namespace binlogd
