// What a Kafka target is told to do.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "format/event_encoder.h"

namespace binlogd {

// docs/kafka.md tells what each field means to a user. Plain data.
struct KafkaOptions {
  enum class Compression : uint8_t { kNone, kGzip, kSnappy, kLz4, kZstd };
  // What happens to a record that no broker would take.
  enum class Oversize : uint8_t { kFail, kDeadLetter };

  struct Sasl {
    std::string mechanism;  // "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512".
    std::string user;
    std::function<absl::StatusOr<std::string>()> password;  // Asked for by each Open.
  };
  struct Tls {
    std::string ca_file;    // Empty: the system's.
    std::string cert_file;  // Empty, as is key_file: no client certificate.
    std::string key_file;
  };

  std::string streamer;
  std::string owner;  // Names the streamer and target to whoever finds the transactional id in use.
  std::vector<std::string> brokers;
  std::string topic = "{streamer}.{database}.{table}";
  std::string events_topic = "{streamer}.events";  // Of what belongs to no table.
  EventFormat format = EventFormat::kDebeziumJson;
  Compression compression = Compression::kNone;
  std::string position_topic = "binlogd.positions";
  std::string transactional_id;
  absl::Duration transaction_timeout = absl::Minutes(15);
  Oversize oversize = Oversize::kFail;
  std::string dead_letter_topic = "binlogd.dead-letters";
  bool create_topics = true;
  uint32_t partitions = 0;          // Of topics that are made; 0: the brokers' default.
  uint32_t replication_factor = 0;  // The same.
  std::optional<Sasl> sasl;
  std::optional<Tls> tls;
  std::map<std::string, std::string> properties;  // More of librdkafka's; see CheckKafkaProperties().
  uint64_t hold_back_bytes = 1 << 20;  // Of an unfinished transaction's records: what waits in memory for its end.
  absl::Duration stall_timeout = absl::Seconds(60);  // How long the brokers may leave a request without an answer.
};

}  // namespace binlogd
