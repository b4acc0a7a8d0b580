#include "target/kafka_admin.h"

#include <array>

#include "absl/strings/str_cat.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "target/kafka_error.h"

namespace binlogd {
namespace {

constexpr int kSliceMilliseconds = 100;

std::string Cannot(absl::string_view verb, const std::string& topic) {
  return absl::StrCat("cannot ", verb, " topic ", Shown(topic));
}

// Waits for the answer to a request whose results come into `queue`.
absl::StatusOr<KafkaPtr<rd_kafka_event_t>> Answer(KafkaClient& client, rd_kafka_queue_t* queue,
                                                  const std::string& what) {
  const absl::Time deadline = client.Deadline();
  for (;;) {
    KafkaPtr<rd_kafka_event_t> event(rd_kafka_queue_poll(queue, kSliceMilliseconds));
    if (event != nullptr) return event;
    RETURN_IF_ERROR(client.Wait(absl::ZeroDuration(), deadline, what));
  }
}

absl::StatusOr<KafkaPtr<rd_kafka_AdminOptions_t>> RequestOptions(KafkaClient& client, rd_kafka_admin_op_t operation) {
  KafkaPtr<rd_kafka_AdminOptions_t> options(rd_kafka_AdminOptions_new(client.handle(), operation));
  std::array<char, 512> text{};
  const int milliseconds = static_cast<int>(absl::ToInt64Milliseconds(client.Deadline() - absl::Now()));
  const rd_kafka_resp_err_t code =
      rd_kafka_AdminOptions_set_request_timeout(options.get(), milliseconds, text.data(), text.size());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return absl::InternalError(text.data());
  return options;
}

}  // namespace

absl::StatusOr<int> CountKafkaPartitions(KafkaClient& client, rd_kafka_topic_t* topic) {
  const std::string what = Cannot("look up", rd_kafka_topic_name(topic));
  ASSIGN_OR_RETURN(const KafkaPtr<const rd_kafka_metadata_t> metadata, client.Metadata(topic, what));
  if (metadata->topic_cnt == 0) return 0;
  const rd_kafka_metadata_topic_t& found = metadata->topics[0];
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return 0;
  if (found.err != RD_KAFKA_RESP_ERR_NO_ERROR && found.err != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) {
    return KafkaError(found.err, what);
  }
  return found.partition_cnt;
}

absl::Status CreateKafkaTopic(KafkaClient& client, const std::string& name, uint32_t partitions, uint32_t replicas,
                              const KafkaTopicConfig& config) {
  const std::string what = Cannot("make", name);
  constexpr int kDefault = -1;
  std::array<char, 512> text{};
  KafkaPtr<rd_kafka_NewTopic_t> topic(
      rd_kafka_NewTopic_new(name.c_str(), partitions == 0 ? kDefault : static_cast<int>(partitions),
                            replicas == 0 ? kDefault : static_cast<int>(replicas), text.data(), text.size()));
  if (topic == nullptr) return KafkaError(RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, what, text.data());
  for (const auto& [key, value] : config) rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str());
  ASSIGN_OR_RETURN(const auto options, RequestOptions(client, RD_KAFKA_ADMIN_OP_CREATETOPICS));
  const KafkaPtr<rd_kafka_queue_t> queue(rd_kafka_queue_new(client.handle()));
  rd_kafka_NewTopic_t* topics[] = {topic.get()};
  rd_kafka_CreateTopics(client.handle(), topics, 1, options.get(), queue.get());
  ASSIGN_OR_RETURN(const auto event, Answer(client, queue.get(), what));
  if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return KafkaError(rd_kafka_event_error(event.get()), what, rd_kafka_event_error_string(event.get()));
  }
  size_t count = 0;
  const rd_kafka_topic_result_t* const* results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  const rd_kafka_resp_err_t code = rd_kafka_topic_result_error(results[0]);
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS) return absl::OkStatus();
  const char* said = rd_kafka_topic_result_error_string(results[0]);
  return KafkaError(code, what, said == nullptr ? "" : said);
}

absl::StatusOr<std::optional<KafkaTopicConfig>> DescribeKafkaTopic(KafkaClient& client, const std::string& name) {
  const std::string what = Cannot("learn the configuration of", name);
  ASSIGN_OR_RETURN(const auto options, RequestOptions(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS));
  const KafkaPtr<rd_kafka_ConfigResource_t> resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, name.c_str()));
  const KafkaPtr<rd_kafka_queue_t> queue(rd_kafka_queue_new(client.handle()));
  rd_kafka_ConfigResource_t* resources[] = {resource.get()};
  rd_kafka_DescribeConfigs(client.handle(), resources, 1, options.get(), queue.get());
  ASSIGN_OR_RETURN(const auto event, Answer(client, queue.get(), what));
  rd_kafka_resp_err_t code = rd_kafka_event_error(event.get());
  size_t count = 0;
  const rd_kafka_ConfigResource_t* const* described = nullptr;
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
    described = rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
    code = count == 0 ? RD_KAFKA_RESP_ERR__FAIL : rd_kafka_ConfigResource_error(described[0]);
  }
  // What only tells us more may be kept from us; a broker that does not answer now may do so when asked again.
  if (code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT) return KafkaError(code, what);
  if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return absl::NotFoundError(what);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  KafkaTopicConfig config;
  const rd_kafka_ConfigEntry_t* const* entries = rd_kafka_ConfigResource_configs(described[0], &count);
  for (size_t i = 0; i < count; ++i) {
    const char* value = rd_kafka_ConfigEntry_value(entries[i]);
    if (value != nullptr) config[rd_kafka_ConfigEntry_name(entries[i])] = value;
  }
  return config;
}

}  // namespace binlogd
