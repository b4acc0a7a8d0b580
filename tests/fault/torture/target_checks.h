// Whether a target holds what the source wrote: all of it, once, in order. Each returns the empty string, or what is
// wrong.
#pragma once

#include <string>

#include "binlog/position.h"
#include "tests/harness/kafka_broker.h"
#include "tests/harness/mysql_server.h"
#include "tests/harness/s3_server.h"

namespace binlogd::testing {

// A file target's folder with files of JSON. (CompareArchive() is for RAW.)
std::string CheckJsonFiles(const std::string& path, MySqlServer& server);

// An S3 target with format RAW: each log file's objects, put together in the order of their keys, are the file,
// of the newest one at least up to `end`.
std::string CheckRawObjects(const S3Server& s3, const std::string& bucket, const std::string& prefix,
                            MySqlServer& server, const Position& end);
// And with format JSON.
std::string CheckJsonObjects(const S3Server& s3, const std::string& bucket, const std::string& prefix,
                             MySqlServer& server);

// Topics "PREFIX.orders" and "PREFIX.journal" with DEBEZIUM_JSON, as a consumer that reads what is committed sees them:
// changes of a row in order in one partition, a tombstone after each delete.
std::string CheckTopics(const KafkaBroker& kafka, const std::string& prefix, MySqlServer& server);

}  // namespace binlogd::testing
