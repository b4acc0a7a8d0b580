// The topics that a target writes to.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "target/kafka_admin.h"
#include "target/kafka_client.h"
#include "target/kafka_options.h"

namespace binlogd {

// A topic that is known to be there.
struct KafkaTopic {
  KafkaPtr<rd_kafka_topic_t> handle;
  int partitions = 0;
  size_t most_bytes = 0;   // Of a record (KafkaRecord::size()).
  size_t most_queued = 0;  // Of records that may wait together, so that no batch is too large; 0: any.
  absl::Duration retention = absl::InfiniteDuration();  // Records older than that are deleted.
  size_t queued = 0;                                    // Of records that may still wait, if that counts.
  std::string cleanup_policy;                           // Empty when the brokers do not tell.

  const char* name() const { return rd_kafka_topic_name(handle.get()); }
};

// Finds each topic once and makes those that are missing, if it may. The client outlives it, and it the records that
// were handed to the client. Not thread-safe.
class KafkaTopics {
 public:
  KafkaTopics(const KafkaOptions& options, KafkaClient* client);

  // For records of the source. Permanent: TOPIC_NOT_FOUND, and what KafkaError tells of topics.
  absl::StatusOr<KafkaTopic*> Find(const std::string& name);
  // The one with the positions: one partition, compacted. Permanent, besides: POSITION_TOPIC_INVALID.
  absl::StatusOr<KafkaTopic*> FindPositions();

 private:
  absl::StatusOr<KafkaTopic*> FindOrMake(const std::string& name, uint32_t partitions, const KafkaTopicConfig& config);
  // Waits until the brokers know the topic; returns the number of its partitions.
  absl::StatusOr<int> AwaitTopic(rd_kafka_topic_t* topic);

  const KafkaOptions& options_;
  KafkaClient* const client_;
  const size_t client_most_bytes_;
  const size_t batch_bytes_;
  std::map<std::string, std::unique_ptr<KafkaTopic>> topics_;
};

}  // namespace binlogd
