#include "tests/harness/kafka_client.h"

#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <memory>
#include <regex>
#include <tuple>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/status_macros.h"

namespace binlogd::testing {
namespace {

constexpr absl::Duration kRequestTimeout = absl::Seconds(30);

template <auto Destroy>
struct Destroyer {
  template <typename T>
  void operator()(T* object) const {
    Destroy(object);
  }
};
template <typename T, auto Destroy>
using Handle = std::unique_ptr<T, Destroyer<Destroy>>;

using Client = Handle<rd_kafka_t, rd_kafka_destroy>;
using Metadata = Handle<const rd_kafka_metadata_t, rd_kafka_metadata_destroy>;
using Partitions = Handle<rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_list_destroy>;
using Message = Handle<rd_kafka_message_t, rd_kafka_message_destroy>;
using Queue = Handle<rd_kafka_queue_t, rd_kafka_queue_destroy>;
using Event = Handle<rd_kafka_event_t, rd_kafka_event_destroy>;
using Error = Handle<rd_kafka_error_t, rd_kafka_error_destroy>;

int Milliseconds(absl::Duration duration) {
  return static_cast<int>(std::max<int64_t>(absl::ToInt64Milliseconds(duration), 0));
}

absl::Status KafkaStatus(rd_kafka_resp_err_t code, const std::string& what, const char* text = nullptr) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return absl::OkStatus();
  const std::string message = absl::StrCat(what, ": ", text == nullptr ? rd_kafka_err2str(code) : text);
  const bool timed_out = code == RD_KAFKA_RESP_ERR__TIMED_OUT || code == RD_KAFKA_RESP_ERR__TRANSPORT;
  return timed_out ? absl::DeadlineExceededError(message) : absl::InternalError(message);
}

absl::StatusOr<Client> NewClient(rd_kafka_type_t type, const std::string& bootstrap,
                                 std::initializer_list<const KafkaSettings*> settings) {
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  char error[512] = "";
  const KafkaSettings common = {{"bootstrap.servers", bootstrap}, {"reconnect.backoff.max.ms", "200"}};
  std::vector<const KafkaSettings*> all = {&common};
  all.insert(all.end(), settings.begin(), settings.end());
  bool good = true;
  for (const KafkaSettings* some : all) {
    for (const auto& [name, value] : *some) {
      good = good && rd_kafka_conf_set(conf, name.c_str(), value.c_str(), error, sizeof(error)) == RD_KAFKA_CONF_OK;
    }
  }
  rd_kafka_conf_set_log_cb(conf, nullptr);
  // Takes `conf` when it succeeds.
  Client client(good ? rd_kafka_new(type, conf, error, sizeof(error)) : nullptr);
  if (client != nullptr) return client;
  rd_kafka_conf_destroy(conf);
  return absl::InvalidArgumentError(error);
}

absl::StatusOr<Metadata> AllMetadata(rd_kafka_t* client, absl::Duration timeout) {
  const rd_kafka_metadata_t* metadata = nullptr;
  RETURN_IF_ERROR(KafkaStatus(rd_kafka_metadata(client, 1, nullptr, &metadata, Milliseconds(timeout)), "metadata"));
  return Metadata(metadata);
}

bool Matches(const std::string& topic, const std::string& wanted) {
  if (absl::StartsWith(topic, "__")) return false;
  return absl::StartsWith(wanted, "^") ? std::regex_search(topic, std::regex(wanted)) : topic == wanted;
}

KafkaRecord ToRecord(const rd_kafka_message_t& message) {
  KafkaRecord record;
  record.topic = rd_kafka_topic_name(message.rkt);
  record.partition = message.partition;
  record.offset = message.offset;
  if (message.key != nullptr) record.key.emplace(static_cast<const char*>(message.key), message.key_len);
  if (message.payload != nullptr) record.value.emplace(static_cast<const char*>(message.payload), message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR) return record;
  const char* name = nullptr;
  const void* value = nullptr;
  size_t size = 0;
  for (size_t i = 0; rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
    record.headers.emplace_back(name, std::string(static_cast<const char*>(value), size));
  }
  return record;
}

// Reads assigned partitions until each has said that it is at its end.
absl::StatusOr<std::vector<KafkaRecord>> ReadToEnds(rd_kafka_t* client, int partitions, absl::Time deadline) {
  std::vector<KafkaRecord> records;
  for (int ended = 0; ended < partitions;) {
    if (absl::Now() > deadline) {
      return absl::DeadlineExceededError(
          absl::StrCat("read ", records.size(), " records, ", partitions - ended, " partitions are not at their end"));
    }
    const Message message(rd_kafka_consumer_poll(client, 100));
    if (message == nullptr) continue;
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      ++ended;
    } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      records.push_back(ToRecord(*message));
    } else if (message->rkt != nullptr) {
      return KafkaStatus(message->err, rd_kafka_topic_name(message->rkt));
    }
  }
  std::stable_sort(records.begin(), records.end(), [](const KafkaRecord& a, const KafkaRecord& b) {
    return std::tie(a.topic, a.partition, a.offset) < std::tie(b.topic, b.partition, b.offset);
  });
  return records;
}

absl::StatusOr<std::vector<KafkaRecord>> ConsumeAll(const std::string& bootstrap, const KafkaSettings& settings,
                                                    const std::string& isolation, const std::string& topic,
                                                    absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  const KafkaSettings own = {{"group.id", "unused"},           {"enable.auto.commit", "false"},
                             {"enable.partition.eof", "true"}, {"isolation.level", isolation},
                             {"check.crcs", "true"},           {"allow.auto.create.topics", "false"},
                             {"fetch.wait.max.ms", "10"}};
  ASSIGN_OR_RETURN(const Client client, NewClient(RD_KAFKA_CONSUMER, bootstrap, {&own, &settings}));
  rd_kafka_poll_set_consumer(client.get());
  ASSIGN_OR_RETURN(const Metadata metadata, AllMetadata(client.get(), timeout));
  const Partitions partitions(rd_kafka_topic_partition_list_new(8));
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    const rd_kafka_metadata_topic& found = metadata->topics[i];
    if (!Matches(found.topic, topic)) continue;
    for (int j = 0; j < found.partition_cnt; ++j) {
      rd_kafka_topic_partition_list_add(partitions.get(), found.topic, found.partitions[j].id)->offset =
          RD_KAFKA_OFFSET_BEGINNING;
    }
  }
  if (partitions->cnt == 0) return std::vector<KafkaRecord>();
  RETURN_IF_ERROR(KafkaStatus(rd_kafka_assign(client.get(), partitions.get()), "assign"));
  return ReadToEnds(client.get(), partitions->cnt, deadline);
}

// Puts a request of an administrator, and returns the answer's event after a look at its own error.
absl::StatusOr<Event> Administrate(const std::string& bootstrap, const KafkaSettings& settings, const std::string& what,
                                   absl::FunctionRef<void(rd_kafka_t*, rd_kafka_queue_t*)> request) {
  ASSIGN_OR_RETURN(const Client client, NewClient(RD_KAFKA_PRODUCER, bootstrap, {&settings}));
  const Queue queue(rd_kafka_queue_new(client.get()));
  request(client.get(), queue.get());
  Event event(rd_kafka_queue_poll(queue.get(), Milliseconds(kRequestTimeout)));
  if (event == nullptr) return absl::DeadlineExceededError(what);
  RETURN_IF_ERROR(KafkaStatus(rd_kafka_event_error(event.get()), what, rd_kafka_event_error_string(event.get())));
  return event;
}

absl::Status FirstTopicError(const rd_kafka_topic_result_t** results, size_t count, const std::string& what) {
  for (size_t i = 0; i < count; ++i) {
    RETURN_IF_ERROR(
        KafkaStatus(rd_kafka_topic_result_error(results[i]), what, rd_kafka_topic_result_error_string(results[i])));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> KafkaClient::Topics(absl::Duration timeout) const {
  ASSIGN_OR_RETURN(const Client client, NewClient(RD_KAFKA_PRODUCER, bootstrap_, {&settings_}));
  ASSIGN_OR_RETURN(const Metadata metadata, AllMetadata(client.get(), timeout));
  std::vector<std::string> topics;
  for (int i = 0; i < metadata->topic_cnt; ++i) {
    if (Matches(metadata->topics[i].topic, "^")) topics.emplace_back(metadata->topics[i].topic);
  }
  std::sort(topics.begin(), topics.end());
  return topics;
}

absl::StatusOr<std::vector<KafkaRecord>> KafkaClient::Consume(const std::string& topic, absl::Duration timeout) const {
  return ConsumeAll(bootstrap_, settings_, "read_committed", topic, timeout);
}

absl::StatusOr<std::vector<KafkaRecord>> KafkaClient::ConsumeUncommitted(const std::string& topic,
                                                                         absl::Duration timeout) const {
  return ConsumeAll(bootstrap_, settings_, "read_uncommitted", topic, timeout);
}

absl::Status KafkaClient::CreateTopic(const std::string& topic, int partitions, const KafkaSettings& config) const {
  const std::string what = absl::StrCat("create topic ", topic);
  char error[512] = "";
  const Handle<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy> wanted(
      rd_kafka_NewTopic_new(topic.c_str(), partitions, 1, error, sizeof(error)));
  if (wanted == nullptr) return absl::InvalidArgumentError(error);
  for (const auto& [name, value] : config) rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str());
  ASSIGN_OR_RETURN(const Event event,
                   Administrate(bootstrap_, settings_, what, [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
                     rd_kafka_NewTopic_t* topics[] = {wanted.get()};
                     rd_kafka_CreateTopics(client, topics, 1, nullptr, queue);
                   }));
  size_t count = 0;
  const auto results = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  return FirstTopicError(results, count, what);
}

absl::Status KafkaClient::ConfigureTopic(const std::string& topic, const KafkaSettings& config) const {
  const std::string what = absl::StrCat("configure topic ", topic);
  const Handle<rd_kafka_ConfigResource_t, rd_kafka_ConfigResource_destroy> resource(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  for (const auto& [name, value] : config) {
    rd_kafka_ConfigResource_set_config(resource.get(), name.c_str(), value.c_str());
  }
  ASSIGN_OR_RETURN(const Event event,
                   Administrate(bootstrap_, settings_, what, [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
                     rd_kafka_ConfigResource_t* resources[] = {resource.get()};
                     rd_kafka_AlterConfigs(client, resources, 1, nullptr, queue);
                   }));
  size_t count = 0;
  const auto results = rd_kafka_AlterConfigs_result_resources(rd_kafka_event_AlterConfigs_result(event.get()), &count);
  if (count != 1) return absl::InternalError(what);
  return KafkaStatus(rd_kafka_ConfigResource_error(results[0]), what, rd_kafka_ConfigResource_error_string(results[0]));
}

absl::Status KafkaClient::DeleteTopic(const std::string& topic) const {
  const std::string what = absl::StrCat("delete topic ", topic);
  const Handle<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy> unwanted(rd_kafka_DeleteTopic_new(topic.c_str()));
  ASSIGN_OR_RETURN(const Event event,
                   Administrate(bootstrap_, settings_, what, [&](rd_kafka_t* client, rd_kafka_queue_t* queue) {
                     rd_kafka_DeleteTopic_t* topics[] = {unwanted.get()};
                     rd_kafka_DeleteTopics(client, topics, 1, nullptr, queue);
                   }));
  size_t count = 0;
  const auto results = rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
  return FirstTopicError(results, count, what);
}

absl::Status KafkaClient::CheckTransactions(const std::string& transactional_id, absl::Duration timeout) const {
  const KafkaSettings own = {{"transactional.id", transactional_id}};
  ASSIGN_OR_RETURN(const Client client, NewClient(RD_KAFKA_PRODUCER, bootstrap_, {&own, &settings_}));
  const Error error(rd_kafka_init_transactions(client.get(), Milliseconds(timeout)));
  return error == nullptr
             ? absl::OkStatus()
             : KafkaStatus(rd_kafka_error_code(error.get()), "transactions", rd_kafka_error_string(error.get()));
}

}  // namespace binlogd::testing
