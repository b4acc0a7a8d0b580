#include "target/kafka_producer.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "target/kafka_error.h"

namespace binlogd {
namespace {

// The library goes on with what a call began, and the next call waits for it: short calls heed an interrupt.
constexpr int kSliceMilliseconds = 500;
// A commit is one call, however long it takes: in librdkafka a call that resumes a commit can take the answer to the
// one before for its own, and then ends the process. What is queued is delivered before, so this is a round trip, or a
// change of the coordinator.
constexpr absl::Duration kCommitPatience = absl::Seconds(10);
constexpr absl::Duration kPause = absl::Milliseconds(100);

KafkaPtr<rd_kafka_headers_t> MakeHeaders(const KafkaRecord& record) {
  KafkaPtr<rd_kafka_headers_t> headers(rd_kafka_headers_new(record.headers.size()));
  for (const auto& [name, value] : record.headers) {
    rd_kafka_header_add(headers.get(), name.data(), static_cast<ssize_t>(name.size()), value.data(),
                        static_cast<ssize_t>(value.size()));
  }
  return headers;
}

int Milliseconds(absl::Duration duration) { return static_cast<int>(absl::ToInt64Milliseconds(duration)); }

void* Unconst(absl::string_view bytes) { return const_cast<char*>(bytes.data()); }

// Copies the record into the client's queue.
rd_kafka_error_t* Queue(rd_kafka_t* client, rd_kafka_topic_t* topic, const KafkaRecord& record,
                        const std::string* table) {
  KafkaPtr<rd_kafka_headers_t> headers = MakeHeaders(record);
  rd_kafka_vu_t fields[7] = {};
  fields[0].vtype = RD_KAFKA_VTYPE_RKT;
  fields[0].u.rkt = topic;
  fields[1].vtype = RD_KAFKA_VTYPE_VALUE;
  fields[1].u.mem = {record.has_value ? Unconst(record.value) : nullptr, record.value.size()};
  fields[2].vtype = RD_KAFKA_VTYPE_KEY;
  fields[2].u.mem = {record.key.empty() ? nullptr : Unconst(record.key), record.key.size()};
  fields[3].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  fields[3].u.i = RD_KAFKA_MSG_F_COPY;
  fields[4].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  fields[4].u.i64 = record.timestamp;
  fields[5].vtype = RD_KAFKA_VTYPE_OPAQUE;
  fields[5].u.ptr = const_cast<std::string*>(table);
  fields[6].vtype = RD_KAFKA_VTYPE_HEADERS;
  fields[6].u.headers = headers.get();
  rd_kafka_error_t* const error = rd_kafka_produceva(client, fields, std::size(fields));
  if (error == nullptr) (void)headers.release();  // The library's now.
  return error;
}

}  // namespace

absl::Status KafkaProducer::Failed(rd_kafka_error_t* error, absl::string_view what) const {
  const KafkaPtr<rd_kafka_error_t> owned(error);
  if (error == nullptr) return absl::OkStatus();
  std::string detail = rd_kafka_error_string(error);
  const rd_kafka_resp_err_t code = client_->Cause(rd_kafka_error_code(error), &detail);
  if (code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) absl::StrAppend(&detail, "; ", client_->not_let_in());
  if (!IsFenced(code)) return KafkaError(code, what, detail);
  if (absl::Now() - began_ >= options_.transaction_timeout) {
    return MakeError(absl::StatusCode::kUnavailable, "TRANSACTION_TIMED_OUT",
                     absl::StrCat(what, ": it took longer than ", absl::FormatDuration(options_.transaction_timeout),
                                  ", so the brokers aborted it; if it does again, raise kafka.transaction_timeout and ",
                                  "the brokers' transaction.max.timeout.ms"));
  }
  return Permanent(
      MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_IN_USE",
                absl::StrCat(what, ": another producer has taken transactional id ", Shown(options_.transactional_id),
                             " over; give each target its own, and run a streamer in one place only")));
}

absl::Status KafkaProducer::Init() {
  const std::string what = absl::StrCat("cannot take over transactional id ", Shown(options_.transactional_id));
  const absl::Time deadline = client_->Deadline();
  for (;;) {
    rd_kafka_error_t* const error = rd_kafka_init_transactions(client_->handle(), kSliceMilliseconds);
    if (error == nullptr) return absl::OkStatus();
    const bool goes_on = rd_kafka_error_is_retriable(error) != 0;
    const absl::Status failed = Failed(error, what);
    if (!goes_on) return failed;
    RETURN_IF_ERROR(client_->Wait(absl::ZeroDuration(), deadline, failed.message()));
  }
}

absl::Status KafkaProducer::Begin() {
  if (in_transaction_) return absl::OkStatus();
  RETURN_IF_ERROR(Failed(rd_kafka_begin_transaction(client_->handle()), "cannot begin a transaction"));
  in_transaction_ = true;
  began_ = absl::Now();
  client_->BeginToWait();
  return absl::OkStatus();
}

absl::Status KafkaProducer::Produce(KafkaTopic* topic, const KafkaRecord& record, const std::string* table) {
  RETURN_IF_ERROR(Begin());
  if (topic->most_queued > 0) {
    if (topic->queued + record.size() > topic->most_queued) {
      RETURN_IF_ERROR(Flush());
      topic->queued = 0;
    }
    topic->queued += record.size();
  }
  const absl::Time deadline = client_->Deadline();
  for (;;) {
    rd_kafka_error_t* const error = Queue(client_->handle(), topic->handle.get(), record, table);
    if (error == nullptr) break;
    const std::string what = absl::StrCat("cannot write to topic ", Shown(topic->name()));
    const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
    const absl::Status failed = Failed(error, what);
    RETURN_IF_ERROR(client_->delivery());
    if (code == RD_KAFKA_RESP_ERR__STATE) RETURN_IF_ERROR(WhyItFailed());
    if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL) return failed;
    RETURN_IF_ERROR(client_->Wait(kPause, deadline, what));
  }
  client_->Serve();
  return client_->delivery();
}

// A transaction that has failed takes no more records. The report on the record by which it failed may be about to
// come; without one, only its end tells why.
absl::Status KafkaProducer::WhyItFailed() {
  const std::string what = "cannot go on with a transaction";
  const absl::Status failed = NotCommitted(rd_kafka_commit_transaction(client_->handle(), kSliceMilliseconds), what);
  RETURN_IF_ERROR(client_->Wait(kPause, absl::InfiniteFuture(), what));
  RETURN_IF_ERROR(client_->delivery());
  return failed;
}

// A broker that knows no such transaction does not say why: it may be a new one's whose producer has the transactional
// id now. The coordinator, which is asked to end it, tells.
absl::Status KafkaProducer::NotCommitted(rd_kafka_error_t* error, absl::string_view what) {
  const bool unknown = error != nullptr && rd_kafka_error_code(error) == RD_KAFKA_RESP_ERR_INVALID_TXN_STATE;
  const absl::Status failed = Failed(error, what);
  if (!unknown) return failed;
  const absl::Status aborted = Abort(kCommitPatience);
  return IsPermanent(aborted) ? aborted : failed;
}

absl::Status KafkaProducer::Flush() {
  absl::Time deadline = client_->Deadline();
  int left = rd_kafka_outq_len(client_->handle());
  while (rd_kafka_flush(client_->handle(), kSliceMilliseconds) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    RETURN_IF_ERROR(client_->delivery());
    const int now_left = rd_kafka_outq_len(client_->handle());
    if (now_left < left) deadline = client_->Deadline();  // A slow broker is not a silent one.
    left = now_left;
    RETURN_IF_ERROR(client_->Wait(absl::ZeroDuration(), deadline, "cannot deliver what is queued"));
  }
  return client_->delivery();
}

absl::Status KafkaProducer::Commit() {
  RETURN_IF_ERROR(Flush());
  rd_kafka_error_t* const error =
      rd_kafka_commit_transaction(client_->handle(), Milliseconds(std::min(options_.stall_timeout, kCommitPatience)));
  if (error == nullptr) {
    in_transaction_ = false;
    return absl::OkStatus();
  }
  undecided_ = rd_kafka_error_txn_requires_abort(error) == 0;
  const absl::Status failed = NotCommitted(error, "cannot commit a transaction");
  RETURN_IF_ERROR(client_->delivery());
  RETURN_IF_ERROR(client_->Wait(absl::ZeroDuration(), absl::InfiniteFuture(), failed.message()));
  return failed;
}

absl::Status KafkaProducer::Abort(absl::Duration patience) {
  if (!in_transaction_ || undecided_) return absl::OkStatus();
  in_transaction_ = false;
  return Failed(rd_kafka_abort_transaction(client_->handle(), Milliseconds(patience)), "cannot abort a transaction");
}

}  // namespace binlogd
