// Records into topics, in transactions.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "target/kafka_client.h"
#include "target/kafka_options.h"
#include "target/kafka_record.h"
#include "target/kafka_topics.h"

namespace binlogd {

// A transactional producer: what it produces is seen when the transaction is committed, or never. After an error only
// Abort makes sense, and then a new producer. Waits for the brokers as long as options.stall_timeout; memory is bounded
// by the client's queue. Not thread-safe.
class KafkaProducer {
 public:
  // Both outlive it.
  KafkaProducer(const KafkaOptions& options, KafkaClient* client) : options_(options), client_(client) {}

  // Takes the transactional id over: another producer that has it can write no more, and what it left open is aborted,
  // or committed if its commit had been asked for, when this returns. Permanent: KAFKA_TRANSACTIONS_UNSUPPORTED,
  // KAFKA_TRANSACTION_TIMEOUT_REFUSED, KAFKA_ACCESS_DENIED.
  absl::Status Init();
  // Queues a record; begins a transaction if none is open. A record without a key goes where `table` says, which
  // outlives the client. Permanent: TARGET_IN_USE when another producer has taken the transactional id over.
  absl::Status Produce(KafkaTopic* topic, const KafkaRecord& record, const std::string* table);
  // All or nothing. After KAFKA_UNAVAILABLE it may be either: Init of the next producer with this transactional id
  // waits until it is decided. TRANSACTION_TIMED_OUT when the brokers have ended it. Heeds an interrupt within ten
  // seconds.
  absl::Status Commit();
  // Ends an open transaction, after an error too; what it holds is never seen. Nothing is done when Commit left it
  // undecided. Takes up to `patience`, also when interrupted.
  absl::Status Abort(absl::Duration patience);

  bool in_transaction() const { return in_transaction_; }

 private:
  absl::Status Begin();
  // Of the transaction, which the brokers or the library gave up.
  absl::Status WhyItFailed();
  // What a commit that ended with `error` means. Aborts the transaction to find out, where it must.
  absl::Status NotCommitted(rd_kafka_error_t* error, absl::string_view what);
  // Waits until nothing is queued.
  absl::Status Flush();
  // OK for null. TARGET_IN_USE, TRANSACTION_TIMED_OUT or what KafkaError makes of it.
  absl::Status Failed(rd_kafka_error_t* error, absl::string_view what) const;

  const KafkaOptions& options_;
  KafkaClient* const client_;
  bool in_transaction_ = false;
  bool undecided_ = false;  // A commit was asked for and not answered: the library takes no other call then.
  absl::Time began_ = absl::InfiniteFuture();
};

}  // namespace binlogd
