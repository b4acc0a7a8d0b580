#include "target/kafka_check.h"

#include <atomic>
#include <memory>

#include "base/status_macros.h"
#include "target/kafka_admin.h"
#include "target/kafka_client.h"
#include "target/kafka_position_reader.h"

namespace binlogd {
namespace {

absl::StatusOr<bool> HasPositionTopic(const KafkaOptions& options, KafkaClient& client) {
  const absl::StatusOr<std::optional<KafkaTopicConfig>> config = DescribeKafkaTopic(client, options.position_topic);
  if (absl::IsNotFound(config.status())) return false;
  RETURN_IF_ERROR(config.status());
  if (config->has_value()) return true;
  // Those who may not see the configuration are not told that there is no such topic either.
  const KafkaPtr<rd_kafka_topic_t> topic(rd_kafka_topic_new(client.handle(), options.position_topic.c_str(), nullptr));
  ASSIGN_OR_RETURN(const int partitions, CountKafkaPartitions(client, topic.get()));
  return partitions > 0;
}

}  // namespace

absl::Status CheckKafkaTarget(const KafkaOptions& options) {
  const std::atomic<bool> interrupted = false;
  ASSIGN_OR_RETURN(const std::unique_ptr<KafkaClient> client,
                   KafkaClient::Make(options, KafkaRole::kReader, interrupted));
  RETURN_IF_ERROR(client->Connect());
  ASSIGN_OR_RETURN(const bool has_positions, HasPositionTopic(options, *client));
  if (!has_positions) return absl::OkStatus();
  ASSIGN_OR_RETURN(const auto reader, KafkaPositionReader::Make(options, interrupted));
  RETURN_IF_ERROR(reader->ReadDecided());
  return reader->last().status();
}

}  // namespace binlogd
