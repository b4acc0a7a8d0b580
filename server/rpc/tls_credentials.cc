#include "rpc/tls_credentials.h"

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

namespace binlogd {
namespace {

// One connection's certificate and key. gRPC calls it for one connection at a time, and takes over `config`.
grpc_ssl_certificate_config_reload_status Fetch(void* source, grpc_ssl_server_certificate_config** config) {
  const std::shared_ptr<const TlsMaterial> material = static_cast<CertificateFiles*>(source)->Current();
  const grpc_ssl_pem_key_cert_pair pair = {material->key.c_str(), material->certificate.c_str()};
  // gRPC asserts that there are authorities; where clients are not asked for a certificate they are not looked at.
  const std::string& authorities = material->client_ca.empty() ? material->certificate : material->client_ca;
  *config = grpc_ssl_server_certificate_config_create(authorities.c_str(), &pair, 1);
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

// The C++ API has no credentials whose certificate can be replaced without a thread that polls for it and without
// losing the old one to a bad new one; the C API has.
class ReloadingCredentials final : public grpc::ServerCredentials {
 public:
  ReloadingCredentials(CertificateFiles* certificates, grpc_ssl_client_certificate_request_type request)
      : credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(request, Fetch, certificates))) {}
  ~ReloadingCredentials() override { grpc_server_credentials_release(credentials_); }

  // Who calls is found out per call, by the service.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  grpc_server_credentials* const credentials_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> TlsCredentials(CertificateFiles* certificates, ClientCertificate client) {
  if (!certificates->asks_clients()) {
    return std::make_shared<ReloadingCredentials>(certificates, GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  }
  return std::make_shared<ReloadingCredentials>(
      certificates, client == ClientCertificate::kRequired ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                                                           : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY);
}

}  // namespace binlogd
