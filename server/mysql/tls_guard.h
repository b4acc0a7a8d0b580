// Keeps the client library from going on without TLS.
#pragma once

#include <string>

struct st_mysql;

namespace binlogd {

// The library treats TLS that was asked for, but is not offered by the server, as not asked for, and goes on to log in
// over the bare connection: whoever sits in between could read along, or ask for the password. While a guard exists on
// a thread, a greeting without the TLS capability ends the connection that the thread is making before anything is
// sent. One at a time on a thread; not thread-safe.
class TlsGuard {
 public:
  TlsGuard();
  ~TlsGuard();
  TlsGuard(const TlsGuard&) = delete;
  TlsGuard& operator=(const TlsGuard&) = delete;

  // Once in a process, before the first guard.
  static void Install();

  // Whether a connection was ended because its server offers no TLS.
  bool refused() const { return refused_; }

 private:
  static void OnTraffic(int is_write, st_mysql* mysql, const unsigned char* bytes, size_t size);
  void TakeGreeting(st_mysql* mysql);

  std::string greeting_;
  bool decided_ = false;
  bool refused_ = false;
};

}  // namespace binlogd
