// A Kafka client for tests that shares no code with binlogd: plain librdkafka.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace binlogd::testing {

struct KafkaRecord {
  std::string topic;
  int32_t partition = 0;
  int64_t offset = 0;
  std::optional<std::string> key;
  std::optional<std::string> value;                          // Without one: a tombstone.
  std::vector<std::pair<std::string, std::string>> headers;  // In the order of the record.
};

// Settings of librdkafka beside bootstrap.servers: for SASL and TLS.
using KafkaSettings = std::map<std::string, std::string>;

// Each function has connections of its own. Thread-safe. Errors carry librdkafka's text; DEADLINE_EXCEEDED when the
// broker has not answered in time.
class KafkaClient {
 public:
  explicit KafkaClient(std::string bootstrap, KafkaSettings settings = {})
      : bootstrap_(bootstrap), settings_(settings) {}

  // Names of the topics, Kafka's own ("__…") left out, sorted.
  absl::StatusOr<std::vector<std::string>> Topics(absl::Duration timeout = absl::Seconds(60)) const;

  // All records of a topic, or with "^…" of all topics that the regular expression matches, as a consumer with
  // isolation level read_committed sees them: from the beginning to the last stable offset (which an open transaction
  // holds back), by topic, partition and offset. Belongs to no group.
  absl::StatusOr<std::vector<KafkaRecord>> Consume(const std::string& topic,
                                                   absl::Duration timeout = absl::Seconds(60)) const;

  // As `Consume`, but with isolation level read_uncommitted: what aborted transactions left is there too.
  absl::StatusOr<std::vector<KafkaRecord>> ConsumeUncommitted(const std::string& topic,
                                                              absl::Duration timeout = absl::Seconds(60)) const;

  // `config` are settings of the topic ("max.message.bytes").
  absl::Status CreateTopic(const std::string& topic, int partitions, const KafkaSettings& config = {}) const;
  // The topic has these settings from now on, and the brokers' for all others. Brokers may take a moment to heed them.
  absl::Status ConfigureTopic(const std::string& topic, const KafkaSettings& config) const;
  absl::Status DeleteTopic(const std::string& topic) const;

  // Begins to use a transactional id, which takes a broker whose transaction coordinator works.
  absl::Status CheckTransactions(const std::string& transactional_id, absl::Duration timeout) const;

 private:
  const std::string bootstrap_;
  const KafkaSettings settings_;
};

}  // namespace binlogd::testing
