#include "streamer/kafka_options_of_spec.h"

#include "absl/strings/str_cat.h"

namespace binlogd {
namespace {

const char* SaslMechanismName(KafkaSaslSpec::Mechanism mechanism) {
  switch (mechanism) {
    case KafkaSaslSpec::Mechanism::kPlain: return "PLAIN";
    case KafkaSaslSpec::Mechanism::kScramSha256: return "SCRAM-SHA-256";
    case KafkaSaslSpec::Mechanism::kScramSha512: return "SCRAM-SHA-512";
  }
  return "PLAIN";
}

}  // namespace

KafkaOptions MakeKafkaOptions(const std::string& streamer, const TargetSpec& target, const std::string& field) {
  const KafkaTargetSpec& spec = *target.kafka();
  KafkaOptions options;
  options.streamer = streamer;
  options.owner = TargetOwner(streamer, target.name);
  options.brokers = spec.brokers;
  options.topic = spec.topic;
  if (!spec.events_topic.empty()) options.events_topic = spec.events_topic;
  options.format = *spec.format;
  options.compression = spec.compression;
  options.position_topic = spec.position_topic;
  options.transactional_id = TransactionalId(streamer, target);
  options.transaction_timeout = spec.transaction_timeout;
  options.oversize = spec.oversize;
  options.dead_letter_topic = spec.dead_letter_topic;
  options.create_topics = spec.create_topics;
  options.partitions = spec.partitions;
  options.replication_factor = spec.replication_factor;
  if (spec.sasl) {
    const Secret& password = spec.sasl->password;
    options.sasl =
        KafkaOptions::Sasl{SaslMechanismName(spec.sasl->mechanism), spec.sasl->user,
                           [password, path = absl::StrCat(field, ".sasl.password")] { return password.Resolve(path); }};
  }
  if (spec.tls) options.tls = KafkaOptions::Tls{spec.tls->ca_file, spec.tls->cert_file, spec.tls->key_file};
  options.properties = spec.properties;
  return options;
}

}  // namespace binlogd
