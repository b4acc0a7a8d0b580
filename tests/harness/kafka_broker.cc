#include "tests/harness/kafka_broker.h"

#include <csignal>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "base/status_macros.h"
#include "tests/harness/certificates.h"
#include "tests/harness/provide.h"
#include "tests/harness/tcp_proxy.h"

namespace binlogd::testing {
namespace {

constexpr absl::Duration kStartTimeout = absl::Seconds(90);
constexpr absl::Duration kStopTimeout = absl::Seconds(90);
constexpr absl::Duration kProbeTimeout = absl::Seconds(5);
constexpr char kClusterId[] = "YmlubG9nZC10ZXN0cy0xNg";  // Any 16 bytes in base64.
constexpr char kHeap[] = "KAFKA_JAVA_OPTIONS=-Xms96m -Xmx256m";

// The security protocol of each listener.
const char* ListenerProtocol(const std::string& listener) {
  if (listener == "SASL") return "SASL_PLAINTEXT";
  if (listener == "TLS" || listener == "MTLS") return "SSL";
  return "PLAINTEXT";
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaBroker>> KafkaBroker::Start(KafkaOptions options) {
  ASSIGN_OR_RETURN(std::string program_dir, Provide("kafka"));
  std::unique_ptr<KafkaBroker> broker(new KafkaBroker(std::move(program_dir), std::move(options)));
  // Another process may take a port between its choice and the broker's start.
  constexpr int kTries = 5;
  for (int i = 1;; ++i) {
    broker->ChoosePorts();
    RETURN_IF_ERROR(broker->Format());
    const absl::Status status = broker->Launch();
    if (status.ok()) return broker;
    if (i == kTries || !absl::StrContains(broker->LogTail(), "ddress already in use")) return status;
  }
}

KafkaBroker::~KafkaBroker() {
  if (process_ != nullptr) process_->Kill();
}

void KafkaBroker::ChoosePorts() {
  ports_ = {{"PLAIN", FreePort()}, {"CONTROLLER", FreePort()}};
  if (options_.sasl) ports_["SASL"] = FreePort();
  if (options_.tls) ports_["TLS"] = FreePort();
  if (options_.client_certificates) ports_["MTLS"] = FreePort();
  if (options_.advertised_port != 0) ports_["FORWARDED"] = FreePort();
}

std::string KafkaBroker::Address(const std::string& listener) const {
  return absl::StrCat("127.0.0.1:", ports_.at(listener));
}

std::string KafkaBroker::Program(const std::string& name) const { return absl::StrCat(program_dir_, "/bin/", name); }

std::map<std::string, std::string> KafkaBroker::Properties() const {
  std::vector<std::string> listeners;
  std::vector<std::string> advertised;
  std::vector<std::string> protocols;
  for (const auto& [name, port] : ports_) {
    listeners.push_back(absl::StrCat(name, "://", Address(name)));
    protocols.push_back(absl::StrCat(name, ":", ListenerProtocol(name)));
    if (name == "FORWARDED") {
      advertised.push_back(absl::StrCat(name, "://127.0.0.1:", options_.advertised_port));
    } else if (name != "CONTROLLER") {
      advertised.push_back(listeners.back());
    }
  }
  std::map<std::string, std::string> properties = {
      {"process.roles", "broker,controller"},
      {"node.id", "1"},
      {"controller.quorum.voters", absl::StrCat("1@", Address("CONTROLLER"))},
      {"controller.listener.names", "CONTROLLER"},
      {"inter.broker.listener.name", "PLAIN"},
      {"listeners", absl::StrJoin(listeners, ",")},
      {"advertised.listeners", absl::StrJoin(advertised, ",")},
      {"listener.security.protocol.map", absl::StrJoin(protocols, ",")},
      {"log.dirs", directory_ / "data"},
      {"auto.create.topics.enable", options_.auto_create_topics ? "true" : "false"},
      {"num.partitions", absl::StrCat(options_.partitions)},
      {"offsets.topic.replication.factor", "1"},
      {"offsets.topic.num.partitions", "1"},
      {"transaction.state.log.replication.factor", "1"},
      {"transaction.state.log.min.isr", "1"},
      {"transaction.state.log.num.partitions", "2"},
      {"group.initial.rebalance.delay.ms", "0"},
      {"num.network.threads", "2"},
      {"num.io.threads", "4"},
      {"log.cleaner.dedupe.buffer.size", "4194304"},
      // How long a broker that was killed keeps its place, and the one that is started again waits.
      {"broker.session.timeout.ms", "1500"},
      {"broker.heartbeat.interval.ms", "250"},
  };
  if (options_.sasl) {
    const std::string account = absl::StrCat("username=\"", kUser, "\" password=\"", kPassword, "\"");
    properties["sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-256";
    properties["listener.name.sasl.plain.sasl.jaas.config"] =
        absl::StrCat("org.apache.kafka.common.security.plain.PlainLoginModule required ", account, " user_", kUser,
                     "=\"", kPassword, "\";");
    properties["listener.name.sasl.scram-sha-256.sasl.jaas.config"] =
        "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  }
  if (options_.tls || options_.client_certificates) {
    properties["ssl.keystore.type"] = "PEM";
    properties["ssl.keystore.location"] = directory_ / "server.pem";
  }
  if (options_.client_certificates) {
    properties["listener.name.mtls.ssl.client.auth"] = "required";
    properties["listener.name.mtls.ssl.truststore.type"] = "PEM";
    properties["listener.name.mtls.ssl.truststore.location"] = TestCertificates().path("ca.pem");
  }
  if (options_.authorizer) {
    properties["authorizer.class.name"] = "org.apache.kafka.metadata.authorizer.StandardAuthorizer";
    properties["super.users"] = "User:ANONYMOUS;User:CN=client";
  }
  for (const auto& [name, value] : options_.properties) properties[name] = value;
  return properties;
}

absl::Status KafkaBroker::Format() {
  const std::string file = directory_ / "server.properties";
  RETURN_IF_ERROR(
      ReplaceFile(file, absl::StrCat(absl::StrJoin(Properties(), "\n", absl::PairFormatter("=")), "\n"), 0600));
  if (options_.tls || options_.client_certificates) {
    const Certificates& certificates = TestCertificates();
    ASSIGN_OR_RETURN(const std::string key, ReadWholeFile(certificates.path("server.key")));
    ASSIGN_OR_RETURN(const std::string certificate, ReadWholeFile(certificates.path("server.pem")));
    RETURN_IF_ERROR(ReplaceFile(directory_ / "server.pem", absl::StrCat(key, certificate), 0600));
  }
  SubprocessOptions format;
  format.arguments = {Program("kafka-storage"), "format", "-t", kClusterId, "-c", file, "--ignore-formatted"};
  if (options_.sasl) {
    format.arguments.insert(format.arguments.end(),
                            {"--add-scram", absl::StrCat("SCRAM-SHA-256=[name=", kUser, ",password=", kPassword, "]")});
  }
  format.environment = {kHeap};
  ASSIGN_OR_RETURN(const CommandResult result, RunCommand(format));
  return result.exit_code == 0 ? absl::OkStatus()
                               : absl::InternalError(absl::StrCat(result.output, result.error_output));
}

absl::Status KafkaBroker::Launch() {
  SubprocessOptions options;
  options.arguments = {Program("kafka-server"), directory_ / "server.properties"};
  options.environment = {kHeap};
  options.log_file = LogFile();
  ASSIGN_OR_RETURN(process_, Subprocess::Start(options));
  const absl::Status ready = WaitUntilReady();
  if (ready.ok()) return ready;
  process_->Kill();
  return absl::InternalError(absl::StrCat("Kafka does not start: ", ready.message(), "\n", LogTail()));
}

absl::Status KafkaBroker::WaitUntilReady() {
  const absl::Time deadline = absl::Now() + kStartTimeout;
  while (process_->running()) {
    absl::Status status = client().Topics(kProbeTimeout).status();
    if (status.ok()) status = client().CheckTransactions("harness", kProbeTimeout);
    if (status.ok() || absl::Now() > deadline) return status;
  }
  return absl::InternalError("it ended");
}

absl::Status KafkaBroker::Allow(Resource resource, const std::string& prefix,
                                const std::vector<std::string>& operations) {
  const char* type = "--topic";
  if (resource == Resource::kTransactionalId) type = "--transactional-id";
  if (resource == Resource::kGroup) type = "--group";
  SubprocessOptions options;
  options.arguments = {Program("kafka-acls"),
                       "--bootstrap-server",
                       bootstrap(),
                       "--add",
                       "--allow-principal",
                       absl::StrCat("User:", kUser),
                       type,
                       prefix,
                       "--resource-pattern-type",
                       "prefixed"};
  for (const std::string& operation : operations) {
    options.arguments.insert(options.arguments.end(), {"--operation", operation});
  }
  ASSIGN_OR_RETURN(const CommandResult result, RunCommand(options));
  return result.exit_code == 0 ? absl::OkStatus()
                               : absl::InternalError(absl::StrCat(result.output, result.error_output));
}

void KafkaBroker::Kill() { process_->Kill(); }

absl::Status KafkaBroker::Stop() {
  ASSIGN_OR_RETURN(const int exit_code, process_->Terminate(kStopTimeout));
  // A Java program that SIGTERM has ended in good order says 143.
  return exit_code == 0 || exit_code == 128 + SIGTERM
             ? absl::OkStatus()
             : absl::InternalError(absl::StrCat("Kafka ended with ", exit_code, "\n", LogTail()));
}

absl::Status KafkaBroker::Restart() {
  if (process_->running()) RETURN_IF_ERROR(Stop());
  return Launch();
}

std::string KafkaBroker::LogTail() const {
  constexpr size_t kLines = 25;
  const absl::StatusOr<std::string> log = ReadWholeFile(LogFile());
  return log.ok() ? LastLines(*log, kLines) : "";
}

}  // namespace binlogd::testing
