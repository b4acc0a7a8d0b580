// From the spec of a Kafka target to its options.
#pragma once

#include <string>

#include "streamer/target_spec.h"
#include "target/kafka_options.h"

namespace binlogd {

// `field` is the target's path in the streamer's spec: "targets[0].kafka". Secrets are read when they are needed.
KafkaOptions MakeKafkaOptions(const std::string& streamer, const TargetSpec& target, const std::string& field);

}  // namespace binlogd
