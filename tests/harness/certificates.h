// Certificates for tests of TLS.
#pragma once

#include <string>
#include <vector>

#include "tests/harness/temp_dir.h"

namespace binlogd::testing {

// Authorities "ca" and "other-ca", and certificates that "ca" has signed: "server" for localhost and 127.0.0.1,
// "stranger" for another host, "client", and "expired" for localhost and since yesterday; "other-ca" has signed
// "forged" for localhost. Each is NAME.pem and NAME.key (PKCS #8, not encrypted); a new set in each process.
class Certificates {
 public:
  std::string path(const std::string& name) const { return directory_ / name; }

 private:
  friend const Certificates& TestCertificates();
  Certificates();
  void OpenSsl(const std::vector<std::string>& arguments);
  void MakeAuthority(const std::string& name);
  void Sign(const std::string& name, const std::string& alternative_names, const std::string& authority = "ca",
            int days = 2);

  TempDir directory_;
};

// The set of this process, made by the first call, with openssl(1); fails the test when that does not work.
// Thread-safe.
const Certificates& TestCertificates();

}  // namespace binlogd::testing
