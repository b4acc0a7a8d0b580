// How a client of Kafka is configured.
#pragma once

#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "target/kafka_handle.h"
#include "target/kafka_options.h"

namespace binlogd {

enum class KafkaRole {
  kProducer,  // Transactional.
  kReader,    // Sees what was committed.
  kEndFinder  // Sees where a topic ends, with what has not been committed yet.
};

// INVALID_ARGUMENT (KAFKA_PROPERTY_REFUSED) for a property that the delivery guarantees rest on, that a field of the
// target's own sets, or that librdkafka does not know. Values never come into the message: they may be secrets.
absl::Status CheckKafkaProperties(const std::map<std::string, std::string>& properties);

// Permanent where a person has to act: KAFKA_PROPERTY_REFUSED; else what the password's source says.
absl::StatusOr<KafkaPtr<rd_kafka_conf_t>> MakeKafkaConfig(const KafkaOptions& options, KafkaRole role);

}  // namespace binlogd
