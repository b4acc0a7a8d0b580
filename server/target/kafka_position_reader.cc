#include "target/kafka_position_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "target/kafka_error.h"

namespace binlogd {
namespace {

constexpr int kPartition = 0;
constexpr int kSliceMilliseconds = 100;
constexpr int kRequestMilliseconds = 1000;
constexpr absl::Duration kSilence = absl::Seconds(2);

// Whether asking again may help.
bool MayPass(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__WAIT_CACHE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return true;
    default: return false;
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaPositionReader>> KafkaPositionReader::Make(const KafkaOptions& options,
                                                                               const std::atomic<bool>& interrupted) {
  std::unique_ptr<KafkaPositionReader> reader(new KafkaPositionReader(options, interrupted));
  ASSIGN_OR_RETURN(reader->client_, KafkaClient::Make(options, KafkaRole::kReader, interrupted));
  RETURN_IF_ERROR(reader->client_->Connect());
  RETURN_IF_ERROR(reader->Start());
  return reader;
}

KafkaPositionReader::~KafkaPositionReader() {
  if (started_) rd_kafka_consume_stop(topic_.get(), kPartition);
}

std::string KafkaPositionReader::Cannot() const {
  return absl::StrCat("cannot read positions from topic ", Shown(options_.position_topic));
}

std::string KafkaPositionReader::HeldUp() const {
  return absl::StrCat(Cannot(), ": another producer's transaction is open in it since ", next_,
                      "; it ends when that streamer runs again, or after its kafka.transaction_timeout");
}

absl::Status KafkaPositionReader::Start() {
  topic_.reset(rd_kafka_topic_new(client_->handle(), options_.position_topic.c_str(), nullptr));
  if (rd_kafka_consume_start(topic_.get(), kPartition, RD_KAFKA_OFFSET_BEGINNING) != 0) {
    return KafkaError(rd_kafka_last_error(), Cannot());
  }
  started_ = true;
  return absl::OkStatus();
}

absl::StatusOr<int64_t> KafkaPositionReader::FindEnd(KafkaClient& client) const {
  const absl::Time deadline = client.Deadline();
  for (;;) {
    // The library's call for where a partition begins and ends heeds no timeout: it hangs when the broker goes away
    // amid it. To Kafka the end is a time too.
    const KafkaPtr<rd_kafka_topic_partition_list_t> asked(rd_kafka_topic_partition_list_new(1));
    rd_kafka_topic_partition_t* const end =
        rd_kafka_topic_partition_list_add(asked.get(), options_.position_topic.c_str(), kPartition);
    end->offset = RD_KAFKA_OFFSET_END;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(client.handle(), asked.get(), kRequestMilliseconds);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) code = end->err;
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR && end->offset >= 0) return end->offset;
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR && !MayPass(code)) return KafkaError(code, Cannot());
    RETURN_IF_ERROR(client.Wait(absl::Milliseconds(kSliceMilliseconds), deadline, Cannot()));
  }
}

absl::Status KafkaPositionReader::ReadNext() {
  const KafkaPtr<rd_kafka_message_t> message(rd_kafka_consume(topic_.get(), kPartition, kSliceMilliseconds));
  if (message == nullptr) return absl::OkStatus();
  // Tells of what is not shown too: the marks at which transactions end, and what they aborted.
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    next_ = std::max(next_, message->offset);
    return absl::OkStatus();
  }
  if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
    return MayPass(message->err) ? absl::OkStatus() : KafkaError(message->err, Cannot());
  }
  next_ = message->offset + 1;
  const absl::string_view key(static_cast<const char*>(message->key), message->key_len);
  if (key != options_.transactional_id) return absl::OkStatus();
  if (message->payload == nullptr) {
    last_.reset();
  } else {
    last_.emplace(static_cast<const char*>(message->payload), message->len);
  }
  return absl::OkStatus();
}

absl::Status KafkaPositionReader::ReadUntil(absl::FunctionRef<bool()> done) {
  const std::string cannot = Cannot();
  absl::Time deadline = client_->Deadline();
  while (!done()) {
    const int64_t before = next_;
    RETURN_IF_ERROR(ReadNext());
    if (next_ != before) deadline = client_->Deadline();
    RETURN_IF_ERROR(client_->Wait(absl::ZeroDuration(), deadline, next_ != before ? cannot : HeldUp()));
  }
  return absl::OkStatus();
}

absl::Status KafkaPositionReader::ReadDecided() {
  ASSIGN_OR_RETURN(const int64_t end, FindEnd(*client_));
  absl::Time silent_since = absl::Now();
  while (next_ < end) {
    const int64_t before = next_;
    RETURN_IF_ERROR(ReadNext());
    RETURN_IF_ERROR(client_->Wait(absl::ZeroDuration(), absl::InfiniteFuture(), Cannot()));
    if (next_ != before) silent_since = absl::Now();
    if (absl::Now() - silent_since < kSilence) continue;
    // Brokers that answer and yet send nothing have nothing: it was compacted away, up to an open transaction.
    RETURN_IF_ERROR(FindEnd(*client_).status());
    break;
  }
  return absl::OkStatus();
}

absl::Status KafkaPositionReader::ReadAll() {
  if (end_finder_ == nullptr) {
    ASSIGN_OR_RETURN(end_finder_, KafkaClient::Make(options_, KafkaRole::kEndFinder, interrupted_));
    RETURN_IF_ERROR(end_finder_->Connect());
  }
  ASSIGN_OR_RETURN(const int64_t end, FindEnd(*end_finder_));
  return ReadUntil([this, end] { return next_ >= end; });
}

absl::Status KafkaPositionReader::ReadUpTo(const StoreTake& take) {
  return ReadUntil([this, &take] {
    PositionRecord record;
    return last_ && ParsePositionRecord(*last_, &record) && record.take.generation == take.generation &&
           record.take.instance == take.instance;
  });
}

absl::Status KafkaPositionReader::CheckIsOurs(const PositionRecord& record) const {
  const std::string id = absl::StrCat("transactional id ", Shown(options_.transactional_id));
  if (record.owner != options_.owner) {
    return Permanent(MakeError(
        absl::StatusCode::kFailedPrecondition, "TARGET_IN_USE",
        absl::StrCat(id, " belongs to ", record.owner, ", as topic ", Shown(options_.position_topic),
                     " says; give this target another kafka.transactional_id. If that one is gone for good, delete ",
                     "its position: write a record with that key and no value")));
  }
  const absl::string_view format = EventFormatName(options_.format);
  if (record.format == format) return absl::OkStatus();
  return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_FORMAT_MISMATCH",
                             absl::StrCat(id, " has written format ", record.format, ", not ", format,
                                          "; name another kafka.transactional_id and other topics")));
}

absl::StatusOr<std::optional<PositionRecord>> KafkaPositionReader::last() const {
  if (!last_) return std::nullopt;
  PositionRecord record;
  if (ParsePositionRecord(*last_, &record)) {
    RETURN_IF_ERROR(CheckIsOurs(record));
    return record;
  }
  return Permanent(MakeError(
      absl::StatusCode::kFailedPrecondition, "TARGET_FORMAT_MISMATCH",
      absl::StrCat("topic ", Shown(options_.position_topic), ": the record of ", Shown(options_.transactional_id),
                   " was not written by this version of binlogd; run the newer one")));
}

}  // namespace binlogd
