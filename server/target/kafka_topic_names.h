// Which topic a table's records go to.
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace binlogd {

// The template with {streamer}, {database} and {table} filled in, as a name that Kafka takes: a-z, A-Z, 0-9, '.', '_'
// and '-', 249 bytes at most. A database or table with another byte, or a '.', has '_' in its place, and the topic's
// name then ends with '-' and 8 hexadecimal digits of both names, so that no two tables share a topic unless the
// template says so. The same holds for a name that was cut because it is too long, and for names with a '-' where the
// template has no '.' between the two. An empty database or table is "_".
std::string KafkaTopicName(absl::string_view topic_template, absl::string_view streamer, absl::string_view database,
                           absl::string_view table);

// Whether there is a '.' or a '-' wherever the template has {database} beside {table}: without one two tables,
// `a_b`.`c` and `a`.`b_c` of "{database}_{table}", would share a topic.
bool KafkaTopicTellsTablesApart(absl::string_view topic_template, absl::string_view streamer);

}  // namespace binlogd
