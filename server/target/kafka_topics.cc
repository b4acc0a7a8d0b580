#include "target/kafka_topics.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/shown.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

// What brokers take when nobody has configured anything else.
constexpr size_t kUsualMostBytes = 1048588;
// How long a topic that was made may stay unknown to the brokers, and one that they make by themselves.
constexpr absl::Duration kSpread = absl::Seconds(10);
constexpr absl::Duration kPause = absl::Milliseconds(50);
// Small segments are compacted soon: each Open reads the topic.
const KafkaTopicConfig& PositionTopicConfig() {
  static const auto* const config = new KafkaTopicConfig{{"cleanup.policy", "compact"},
                                                         {"segment.bytes", "16777216"},
                                                         {"segment.ms", "3600000"},
                                                         {"min.cleanable.dirty.ratio", "0.1"}};
  return *config;
}

size_t ToBytes(const std::string& text) {
  size_t bytes = 0;
  return absl::SimpleAtoi(text, &bytes) ? bytes : kUsualMostBytes;
}

// What is not told is what nobody has configured.
absl::Duration Retention(const std::string& cleanup_policy, const std::string& milliseconds) {
  int64_t most = 0;
  if (cleanup_policy == "compact") return absl::InfiniteDuration();
  if (!absl::SimpleAtoi(milliseconds, &most)) return absl::Hours(7 * 24);
  return most < 0 ? absl::InfiniteDuration() : absl::Milliseconds(most);
}

std::string Entry(const std::optional<KafkaTopicConfig>& config, const std::string& name) {
  if (!config) return "";
  const auto found = config->find(name);
  return found == config->end() ? "" : found->second;
}

// Tells a record without a key (`key` is null) its partition by its table, which the record's opaque names.
int32_t ChoosePartition(const rd_kafka_topic_t* topic, const void* key, size_t size, int32_t partitions, void* opaque,
                        void* table) {
  if (key != nullptr) return rd_kafka_msg_partitioner_murmur2(topic, key, size, partitions, opaque, nullptr);
  const std::string& name = *static_cast<const std::string*>(table);
  return rd_kafka_msg_partitioner_murmur2(topic, name.data(), name.size(), partitions, opaque, nullptr);
}

KafkaPtr<rd_kafka_topic_t> MakeHandle(KafkaClient& client, const std::string& name) {
  rd_kafka_topic_conf_t* const conf = rd_kafka_default_topic_conf_dup(client.handle());
  rd_kafka_topic_conf_set_partitioner_cb(conf, &ChoosePartition);
  return KafkaPtr<rd_kafka_topic_t>(rd_kafka_topic_new(client.handle(), name.c_str(), conf));
}

}  // namespace

KafkaTopics::KafkaTopics(const KafkaOptions& options, KafkaClient* client)
    : options_(options),
      client_(client),
      client_most_bytes_(std::min(ToBytes(client->Property("message.max.bytes")),
                                  ToBytes(client->Property("queue.buffering.max.kbytes")) * 1024)),
      batch_bytes_(ToBytes(client->Property("batch.size"))) {}

absl::StatusOr<KafkaTopic*> KafkaTopics::Find(const std::string& name) {
  const auto found = topics_.find(name);
  if (found != topics_.end()) return found->second.get();
  return FindOrMake(name, options_.partitions, {});
}

absl::StatusOr<KafkaTopic*> KafkaTopics::FindPositions() {
  ASSIGN_OR_RETURN(KafkaTopic* const topic, FindOrMake(options_.position_topic, 1, PositionTopicConfig()));
  const bool unknown = topic->cleanup_policy.empty();
  if (unknown) {
    Log(LogLevel::kWarning, options_.streamer,
        absl::StrCat("kafka: it cannot be seen whether topic ", Shown(topic->name()),
                     " is compacted: grant DescribeConfigs on it"));
  }
  if (topic->partitions == 1 && (unknown || topic->cleanup_policy == "compact")) return topic;
  return Permanent(MakeError(
      absl::StatusCode::kFailedPrecondition, "POSITION_TOPIC_INVALID",
      absl::StrCat("topic ", Shown(topic->name()), " has ", topic->partitions, " partitions and cleanup.policy ",
                   topic->cleanup_policy, "; positions need a topic of one partition with cleanup.policy=compact, in ",
                   "which none is ever deleted: mend it or name another kafka.position_topic")));
}

absl::StatusOr<KafkaTopic*> KafkaTopics::FindOrMake(const std::string& name, uint32_t partitions,
                                                    const KafkaTopicConfig& config) {
  if (options_.create_topics) {
    // Before the first look-up, or else brokers may create it with settings of their own.
    const absl::Status known = DescribeKafkaTopic(*client_, name).status();
    if (absl::IsNotFound(known)) {
      RETURN_IF_ERROR(CreateKafkaTopic(*client_, name, partitions, options_.replication_factor, config));
    } else if (!known.ok()) {
      return known;
    }
  }
  auto topic = std::make_unique<KafkaTopic>();
  topic->handle = MakeHandle(*client_, name);
  ASSIGN_OR_RETURN(topic->partitions, CountKafkaPartitions(*client_, topic->handle.get()));
  if (topic->partitions == 0) {
    if (options_.create_topics) {
      RETURN_IF_ERROR(CreateKafkaTopic(*client_, name, partitions, options_.replication_factor, config));
    }
    ASSIGN_OR_RETURN(topic->partitions, AwaitTopic(topic->handle.get()));
  }
  const absl::StatusOr<std::optional<KafkaTopicConfig>> description = DescribeKafkaTopic(*client_, name);
  // One broker may know of a topic before another does.
  if (absl::IsNotFound(description.status())) {
    return MakeError(absl::StatusCode::kUnavailable, "KAFKA_UNAVAILABLE", description.status().message());
  }
  RETURN_IF_ERROR(description.status());
  const std::optional<KafkaTopicConfig>& described = *description;
  if (!described) client_->set_limits_unknown();
  topic->cleanup_policy = Entry(described, "cleanup.policy");
  topic->retention = Retention(topic->cleanup_policy, Entry(described, "retention.ms"));
  const size_t topic_most_bytes = ToBytes(Entry(described, "max.message.bytes"));
  topic->most_bytes = std::min(topic_most_bytes, client_most_bytes_);
  if (topic_most_bytes < batch_bytes_) topic->most_queued = topic_most_bytes;
  KafkaTopic* const found = topic.get();
  topics_[name] = std::move(topic);
  return found;
}

absl::StatusOr<int> KafkaTopics::AwaitTopic(rd_kafka_topic_t* topic) {
  const absl::Time give_up = absl::Now() + kSpread;
  const std::string what = absl::StrCat("cannot find topic ", Shown(rd_kafka_topic_name(topic)));
  for (;;) {
    ASSIGN_OR_RETURN(const int partitions, CountKafkaPartitions(*client_, topic));
    if (partitions > 0) return partitions;
    RETURN_IF_ERROR(client_->Wait(kPause, absl::InfiniteFuture(), what));
    if (absl::Now() < give_up) continue;
    if (options_.create_topics) return MakeError(absl::StatusCode::kUnavailable, "KAFKA_UNAVAILABLE", what);
    return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "TOPIC_NOT_FOUND",
                               absl::StrCat(what, ": it does not exist; make it, or set kafka.create_topics")));
  }
}

}  // namespace binlogd
