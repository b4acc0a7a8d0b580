// A real Kafka broker for tests.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/harness/kafka_client.h"
#include "tests/harness/subprocess.h"
#include "tests/harness/temp_dir.h"

namespace binlogd::testing {

struct KafkaOptions {
  bool auto_create_topics = true;
  int partitions = 1;  // Of a topic that is created automatically.
  // One listener each, beside the plain one. The user of SASL is KafkaBroker::kUser, by PLAIN and by SCRAM-SHA-256. The
  // certificate is TestCertificates()'s "server" for localhost and 127.0.0.1.
  bool sasl = false;
  bool tls = false;
  // As `tls`, but clients have to show a certificate that "ca" has signed.
  bool client_certificates = false;
  // Whoever comes by SASL may do only what Allow() has allowed; the plain listener and "client" may do everything.
  bool authorizer = false;
  // Not 0: one more plain listener, forwarded_port(), whose clients are told to come to this port of 127.0.0.1: a
  // TcpProxy's, so that no client finds a way around it.
  uint16_t advertised_port = 0;
  std::map<std::string, std::string> properties;  // "message.max.bytes"; in place of what is set here.
};

// A private broker, which is its own controller (KRaft), on free loopback ports with a throwaway data directory,
// stopped and removed when destroyed. Replication factors are 1, the transaction coordinator works when Start() and
// Restart() return, what is written survives a kill -9, not a power loss. It also dies with the thread that started it.
// Starting takes about 3 s and 300 MiB. Not thread-safe.
class KafkaBroker {
 public:
  static constexpr char kUser[] = "cdc";
  static constexpr char kPassword[] = "cdc-secret";

  // UNAVAILABLE with the reason when this machine cannot get Kafka.
  static absl::StatusOr<std::unique_ptr<KafkaBroker>> Start(KafkaOptions options = {});
  ~KafkaBroker();

  std::string bootstrap() const { return Address("PLAIN"); }      // "127.0.0.1:port"
  std::string sasl_bootstrap() const { return Address("SASL"); }  // SASL_PLAINTEXT
  std::string tls_bootstrap() const { return Address("TLS"); }
  std::string client_certificates_bootstrap() const { return Address("MTLS"); }
  uint16_t port() const { return ports_.at("PLAIN"); }
  uint16_t forwarded_port() const { return ports_.at("FORWARDED"); }

  // A client of the plain listener.
  KafkaClient client() const { return KafkaClient(bootstrap()); }

  enum class Resource { kTopic, kTransactionalId, kGroup };
  // Allows kUser the operations ("Describe") on the resources whose names begin with `prefix`. Needs `authorizer`;
  // takes a second or two.
  absl::Status Allow(Resource resource, const std::string& prefix,
                     const std::vector<std::string>& operations = {"All"});

  pid_t pid() const { return process_->pid(); }
  bool running() { return process_->running(); }
  void Kill();             // kill -9 and wait for its end.
  absl::Status Stop();     // Orderly shutdown.
  absl::Status Restart();  // Starts again on the same ports and data directory; stops it first if it runs.
  // The last lines of the broker's log.
  std::string LogTail() const;

 private:
  KafkaBroker(std::string program_dir, KafkaOptions options)
      : program_dir_(std::move(program_dir)), options_(std::move(options)) {}
  std::string Address(const std::string& listener) const;
  std::string Program(const std::string& name) const;
  std::string LogFile() const { return directory_ / "kafka.log"; }
  void ChoosePorts();
  std::map<std::string, std::string> Properties() const;
  absl::Status Format();
  absl::Status Launch();
  absl::Status WaitUntilReady();

  const std::string program_dir_;
  const KafkaOptions options_;
  TempDir directory_;
  std::map<std::string, uint16_t> ports_;  // By the listener's name.
  std::unique_ptr<Subprocess> process_;
};

}  // namespace binlogd::testing
