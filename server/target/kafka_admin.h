// Topics: what the brokers know of them, and how they are made.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "target/kafka_client.h"

namespace binlogd {

using KafkaTopicConfig = std::map<std::string, std::string>;

// How many partitions the topic has; 0 when there is no such topic. Errors as KafkaError.
absl::StatusOr<int> CountKafkaPartitions(KafkaClient& client, rd_kafka_topic_t* topic);

// Makes the topic; OK when somebody else did meanwhile. 0 partitions or replicas: the brokers' default.
absl::Status CreateKafkaTopic(KafkaClient& client, const std::string& name, uint32_t partitions, uint32_t replicas,
                              const KafkaTopicConfig& config);

// How the topic is configured; nullopt when the brokers do not tell us. NOT_FOUND when there is none; asking does not
// make brokers create it, as looking it up may (auto.create.topics.enable).
absl::StatusOr<std::optional<KafkaTopicConfig>> DescribeKafkaTopic(KafkaClient& client, const std::string& name);

}  // namespace binlogd
