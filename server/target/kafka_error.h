// Failures of Kafka as statuses.
#pragma once

#include <librdkafka/rdkafka.h>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace binlogd {

// `what` says what could not be done, `detail` is the library's or broker's own text; it may be empty. Permanent:
// KAFKA_AUTHENTICATION_FAILED, KAFKA_ACCESS_DENIED, KAFKA_TOPIC_REFUSED, KAFKA_RECORD_REFUSED, MESSAGE_TOO_LARGE (of
// a batch), KAFKA_TRANSACTIONS_UNSUPPORTED, KAFKA_TRANSACTION_TIMEOUT_REFUSED. All others may pass: MESSAGE_TOO_LARGE
// (of a record: its topic's limit is another than was read), KAFKA_UNAVAILABLE.
absl::Status KafkaError(rd_kafka_resp_err_t code, absl::string_view what, absl::string_view detail = {});

// Why a client could not be made, as librdkafka says it. Permanent KAFKA_CLIENT_REFUSED: it does not take the settings.
// KAFKA_UNAVAILABLE when this process or machine lacks threads, files or memory, which may pass.
absl::Status KafkaClientError(rd_kafka_resp_err_t code, absl::string_view text);

// Whether another producer has taken the transactional id over, or the brokers have ended the transaction.
bool IsFenced(rd_kafka_resp_err_t code);

// What the library says of a connection, if that is a failure to log in or of TLS that trying again will not mend; OK
// for any other: librdkafka uses the same codes for a connection that broke meanwhile.
absl::Status KafkaRefusal(rd_kafka_resp_err_t code, absl::string_view detail);

}  // namespace binlogd
