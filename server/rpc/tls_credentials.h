// TLS of the gRPC port.
#pragma once

#include <grpcpp/security/server_credentials.h>

#include <memory>

#include "auth/certificate_files.h"

namespace binlogd {

// Whether a client has to show a certificate when the server asks for one.
enum class ClientCertificate { kRequired, kOptional };

// Server credentials that take `certificates` anew with each connection, so that replaced files need no restart. A
// client's certificate is verified whenever it shows one. `certificates` outlives the server.
std::shared_ptr<grpc::ServerCredentials> TlsCredentials(CertificateFiles* certificates, ClientCertificate client);

}  // namespace binlogd
