// What can be said of a Kafka target before it is opened.
#pragma once

#include "absl/status/status.h"
#include "target/kafka_options.h"

namespace binlogd {

// Whether brokers answer and let us in, and whether the position of the transactional id, if there is one, is this
// target's. Makes no topic and disturbs no producer. Errors as KafkaClient::Connect and KafkaPositionReader.
absl::Status CheckKafkaTarget(const KafkaOptions& options);

}  // namespace binlogd
