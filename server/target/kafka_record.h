// A record on its way into a topic.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "format/event_encoder.h"
#include "target/kafka_handle.h"

namespace binlogd {

// Headers of all records (docs/kafka.md).
inline constexpr char kKafkaPositionHeader[] = "binlogd.position";
inline constexpr char kKafkaEpochHeader[] = "binlogd.epoch";
inline constexpr char kKafkaGtidHeader[] = "binlogd.gtid";
inline constexpr char kKafkaEventHeader[] = "binlogd.event";
inline constexpr char kKafkaStreamerHeader[] = "binlogd.streamer";
// And of dead letters.
inline constexpr char kKafkaReasonHeader[] = "binlogd.reason";
inline constexpr char kKafkaTopicHeader[] = "binlogd.topic";
inline constexpr char kKafkaDatabaseHeader[] = "binlogd.database";
inline constexpr char kKafkaTableHeader[] = "binlogd.table";
inline constexpr char kKafkaSizeHeader[] = "binlogd.size";
inline constexpr char kKafkaLimitHeader[] = "binlogd.limit";

// Views of what is handed to the producer, which copies it.
struct KafkaRecord {
  using Header = std::pair<absl::string_view, absl::string_view>;

  absl::string_view key;  // Empty: none.
  absl::string_view value;
  bool has_value = true;  // False for a tombstone.
  int64_t timestamp = 0;  // Milliseconds since 1970; 0: now.
  std::vector<Header> headers;

  // What it takes of a topic's max.message.bytes, alone in its batch and not compressed; never too little.
  size_t size() const;
};

// The time that a record of an event has: the event's. A topic deletes by this time: an event that it would not keep
// for half of its retention, which a start from long ago delivers, has the time of now, and so has one that is ahead of
// our clock, which brokers refuse.
absl::Time KafkaTimestamp(absl::Time event, absl::Duration retention, absl::Time now);

// "the record of binlog.000007:1234 cannot be written to topic …", from the headers.
std::string DescribeKafkaMessage(const rd_kafka_message_t& message);

}  // namespace binlogd
