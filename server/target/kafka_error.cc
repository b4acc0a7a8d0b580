#include "target/kafka_error.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {
namespace {

struct Meaning {
  rd_kafka_resp_err_t code;
  absl::StatusCode status;
  const char* reason;
  const char* way_out;
};

constexpr char kAuthentication[] = "KAFKA_AUTHENTICATION_FAILED";
constexpr char kDenied[] = "KAFKA_ACCESS_DENIED";
constexpr char kTopicRefused[] = "KAFKA_TOPIC_REFUSED";
constexpr char kRecordRefused[] = "KAFKA_RECORD_REFUSED";
constexpr char kTooLarge[] = "MESSAGE_TOO_LARGE";

constexpr Meaning kMeanings[] = {
    {RD_KAFKA_RESP_ERR__AUTHENTICATION, absl::StatusCode::kUnauthenticated, kAuthentication,
     "check kafka.sasl: mechanism, user and password"},
    {RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, absl::StatusCode::kUnauthenticated, kAuthentication,
     "check kafka.sasl: mechanism, user and password"},
    {RD_KAFKA_RESP_ERR__SSL, absl::StatusCode::kFailedPrecondition, "KAFKA_TLS_FAILED",
     "check kafka.tls: ca_file has to hold the authority that signed the brokers' certificates, cert_file and key_file "
     "a certificate that the brokers trust, if they ask for one"},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, absl::StatusCode::kPermissionDenied, kDenied,
     "grant the user Write, Describe and DescribeConfigs on the topic, Create where it is to be made, and Read on the "
     "position topic"},
    {RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED, absl::StatusCode::kPermissionDenied, kDenied,
     "grant the user Write and Describe on the transactional id"},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, absl::StatusCode::kPermissionDenied, kDenied,
     "grant the user IdempotentWrite on the cluster (brokers before 2.8), and Create where topics are to be made"},
    {RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, absl::StatusCode::kFailedPrecondition, "KAFKA_TRANSACTIONS_UNSUPPORTED",
     "delivery exactly once needs brokers with transactions, Kafka 0.11 or newer"},
    {RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, absl::StatusCode::kFailedPrecondition, "KAFKA_TRANSACTIONS_UNSUPPORTED",
     "delivery exactly once needs brokers with transactions, Kafka 0.11 or newer"},
    {RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT, absl::StatusCode::kFailedPrecondition,
     "KAFKA_TRANSACTION_TIMEOUT_REFUSED",
     "lower kafka.transaction_timeout, or raise the brokers' transaction.max.timeout.ms"},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, absl::StatusCode::kUnavailable, kTooLarge,
     "the topic's max.message.bytes was lowered after it was read; it is read anew"},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, absl::StatusCode::kFailedPrecondition, kTooLarge,
     "raise the topic's segment.bytes, or lower batch.size in kafka.properties"},
    {RD_KAFKA_RESP_ERR_INVALID_RECORD, absl::StatusCode::kFailedPrecondition, kRecordRefused,
     "a compacted topic takes no record without a key: name another topic, or set its cleanup.policy to delete"},
    {RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP, absl::StatusCode::kFailedPrecondition, kRecordRefused,
     "records have the time of their events: raise the topic's message.timestamp.before.max.ms and "
     "message.timestamp.after.max.ms"},
    {RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, absl::StatusCode::kFailedPrecondition, kTopicRefused,
     "brokers take no two topics whose names differ in '.' and '_' only: choose another template of the topic"},
    {RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, absl::StatusCode::kFailedPrecondition, kTopicRefused,
     "choose other kafka.partitions, or make the topic yourself"},
    {RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, absl::StatusCode::kFailedPrecondition, kTopicRefused,
     "choose another kafka.replication_factor, or make the topic yourself"},
    {RD_KAFKA_RESP_ERR_INVALID_CONFIG, absl::StatusCode::kFailedPrecondition, kTopicRefused, "make the topic yourself"},
    {RD_KAFKA_RESP_ERR_POLICY_VIOLATION, absl::StatusCode::kFailedPrecondition, kTopicRefused,
     "the brokers have a policy for topics: make the topic yourself"},
};

bool ContainsAny(absl::string_view text, std::initializer_list<absl::string_view> parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [text](absl::string_view part) { return absl::StrContains(text, part); });
}

bool IsRefusal(rd_kafka_resp_err_t code, absl::string_view detail) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      return !ContainsAny(detail, {"transport failure", "Disconnected", "timed out"});
    case RD_KAFKA_RESP_ERR__SSL: return absl::StrContains(detail, "certificate");
    // With TLS 1.3 the handshake is done for the client before the broker says that its certificate will not do.
    case RD_KAFKA_RESP_ERR__TRANSPORT:
      return absl::StrContains(detail, "SSL alert") && ContainsAny(detail, {"certificate", "unknown ca"});
    default: return false;
  }
}

}  // namespace

absl::Status KafkaError(rd_kafka_resp_err_t code, absl::string_view what, absl::string_view detail) {
  const std::string said =
      absl::StrCat(what, ": ", rd_kafka_err2str(code), detail.empty() ? "" : absl::StrCat(" (", detail, ")"));
  const auto meaning = std::find_if(std::begin(kMeanings), std::end(kMeanings),
                                    [code](const Meaning& candidate) { return candidate.code == code; });
  if (meaning == std::end(kMeanings)) return MakeError(absl::StatusCode::kUnavailable, "KAFKA_UNAVAILABLE", said);
  const absl::Status error = MakeError(meaning->status, meaning->reason, absl::StrCat(said, "; ", meaning->way_out));
  return absl::IsUnavailable(error) ? error : Permanent(error);
}

absl::Status KafkaClientError(rd_kafka_resp_err_t code, absl::string_view text) {
  // Of a file that cannot be opened only the text tells why.
  const bool may_pass =
      code == RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE ||
      ContainsAny(text, {"Too many open files", "Resource temporarily unavailable", "Cannot allocate memory"});
  if (may_pass) {
    return MakeError(absl::StatusCode::kUnavailable, "KAFKA_UNAVAILABLE",
                     absl::StrCat("cannot make a client of Kafka: ", text, "; binlogd has too few threads, files or ",
                                  "memory: raise its limits"));
  }
  return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "KAFKA_CLIENT_REFUSED",
                             absl::StrCat("librdkafka does not take the target's settings: ", text)));
}

bool IsFenced(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
         code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

absl::Status KafkaRefusal(rd_kafka_resp_err_t code, absl::string_view detail) {
  if (!IsRefusal(code, detail)) return absl::OkStatus();
  return KafkaError(code == RD_KAFKA_RESP_ERR__TRANSPORT ? RD_KAFKA_RESP_ERR__SSL : code, "refused", detail);
}

}  // namespace binlogd
