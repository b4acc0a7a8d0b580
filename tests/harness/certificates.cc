#include "tests/harness/certificates.h"

#include <gtest/gtest.h>

#include "tests/harness/subprocess.h"

namespace binlogd::testing {

Certificates::Certificates() {
  MakeAuthority("ca");
  MakeAuthority("other-ca");
  Sign("server", "DNS:localhost,DNS:*.localhost,IP:127.0.0.1");
  Sign("stranger", "DNS:db.example.net");
  Sign("client", "DNS:client");
  Sign("expired", "DNS:localhost,DNS:client,IP:127.0.0.1", "ca", -1);
  Sign("forged", "DNS:localhost,DNS:client,IP:127.0.0.1", "other-ca");
}

void Certificates::OpenSsl(const std::vector<std::string>& arguments) {
  SubprocessOptions options{{"openssl"}, {}, directory_.path(), {}, {}};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  const absl::StatusOr<CommandResult> result = RunCommand(options);
  EXPECT_TRUE(result.ok() && result->exit_code == 0)
      << (result.ok() ? result->error_output : result.status().ToString());
}

void Certificates::MakeAuthority(const std::string& name) {
  OpenSsl({"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=" + name, "-keyout",
           name + ".key", "-out", name + ".pem"});
}

void Certificates::Sign(const std::string& name, const std::string& alternative_names, const std::string& authority,
                        int days) {
  OpenSsl({"req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-addext",
           "subjectAltName=" + alternative_names, "-keyout", name + ".key", "-out", name + ".csr"});
  OpenSsl({"x509", "-req", "-in", name + ".csr", "-CA", authority + ".pem", "-CAkey", authority + ".key",
           "-CAcreateserial", "-days", std::to_string(days), "-copy_extensions", "copy", "-out", name + ".pem"});
}

const Certificates& TestCertificates() {
  static const Certificates certificates;
  return certificates;
}

}  // namespace binlogd::testing
