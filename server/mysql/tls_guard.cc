#include "mysql/tls_guard.h"

#include <mysql.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "absl/strings/string_view.h"
#include "base/byte_reader.h"

// Exported by the library, but in none of its headers: calls back after each read and write of any connection.
extern "C" int ma_pvio_register_callback(my_bool add, void (*callback)(int is_write, MYSQL* mysql,
                                                                       const unsigned char* bytes, size_t size));

namespace binlogd {
namespace {

thread_local TlsGuard* guard_of_thread = nullptr;

// A greeting is at most this long as far as it matters here; servers send some 100 bytes.
constexpr size_t kMaxGreeting = 512;
constexpr uint16_t kCapabilityTls = 0x0800;
constexpr uint8_t kErrorPacket = 0xff;

enum class Offer { kIncomplete, kTls, kNoTls, kNotAGreeting };

// Packet: 3 length, 1 sequence number; then 1 protocol version (10), the server's version with a zero at its end, 4
// thread id, 8 of the nonce, 1 zero, 2 the lower half of the capabilities, …; or 1 (0xff) an error in its place.
Offer ReadOffer(absl::string_view greeting) {
  ByteReader reader(greeting);
  uint8_t protocol = 0;
  if (!reader.Skip(4) || !reader.ReadU8(&protocol)) return Offer::kIncomplete;
  if (protocol == kErrorPacket) return Offer::kNotAGreeting;
  const size_t version_size = reader.rest().find('\0');
  uint16_t capabilities = 0;
  if (version_size == absl::string_view::npos || !reader.Skip(version_size + 1 + 4 + 8 + 1) ||
      !reader.ReadU16(&capabilities)) {
    return greeting.size() < kMaxGreeting ? Offer::kIncomplete : Offer::kNoTls;
  }
  return (capabilities & kCapabilityTls) != 0 ? Offer::kTls : Offer::kNoTls;
}

}  // namespace

TlsGuard::TlsGuard() { guard_of_thread = this; }

TlsGuard::~TlsGuard() { guard_of_thread = nullptr; }

void TlsGuard::Install() { ma_pvio_register_callback(1, &TlsGuard::OnTraffic); }

void TlsGuard::OnTraffic(int is_write, MYSQL* mysql, const unsigned char* bytes, size_t size) {
  TlsGuard* guard = guard_of_thread;
  if (guard == nullptr || guard->decided_ || is_write != 0 || static_cast<ssize_t>(size) <= 0) return;
  guard->greeting_.append(reinterpret_cast<const char*>(bytes), size);
  guard->TakeGreeting(mysql);
}

void TlsGuard::TakeGreeting(MYSQL* mysql) {
  const Offer offer = ReadOffer(greeting_);
  if (offer == Offer::kIncomplete) return;
  decided_ = true;
  if (offer != Offer::kNoTls) return;
  refused_ = true;
  shutdown(mysql_get_socket(mysql), SHUT_RDWR);
}

}  // namespace binlogd
