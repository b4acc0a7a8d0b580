// Which topic a table's records go to.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

// The template with {streamer}, {database} and {table} filled in, as a name that Kafka takes: a-z, A-Z, 0-9, '.', '_'
// and '-', 249 bytes at most. A database or table with another byte, or a '.', has '_' in its place, and the topic's
// name then ends with '-' and 8 hexadecimal digits of both names, so that no two tables share a topic unless the
// template says so. The same holds for a name that was cut because it is too long. An empty database or table is "_".
std::string KafkaTopicName(absl::string_view topic_template, absl::string_view streamer, absl::string_view database,
                           absl::string_view table);

}  // namespace binlogd
