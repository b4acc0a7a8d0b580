#include "target/kafka_position_reader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "target/kafka_error.h"

namespace binlogd {
namespace {

constexpr int kPartition = 0;
constexpr int kSliceMilliseconds = 100;
constexpr int kRequestMilliseconds = 1000;

// Whether asking again may help.
bool MayPass(rd_kafka_resp_err_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__WAIT_CACHE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
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

absl::Status KafkaPositionReader::Start() {
  topic_.reset(rd_kafka_topic_new(client_->handle(), options_.position_topic.c_str(), nullptr));
  if (rd_kafka_consume_start(topic_.get(), kPartition, RD_KAFKA_OFFSET_BEGINNING) != 0) {
    return KafkaError(rd_kafka_last_error(), Cannot());
  }
  started_ = true;
  return absl::OkStatus();
}

absl::StatusOr<int64_t> KafkaPositionReader::FindEnd() const {
  ASSIGN_OR_RETURN(const auto finder, KafkaClient::Make(options_, KafkaRole::kEndFinder, interrupted_));
  RETURN_IF_ERROR(finder->Connect());
  const absl::Time deadline = finder->Deadline();
  for (;;) {
    int64_t begin = 0;
    int64_t end = 0;
    const rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(finder->handle(), options_.position_topic.c_str(),
                                                                      kPartition, &begin, &end, kRequestMilliseconds);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return end;
    if (!MayPass(code)) return KafkaError(code, Cannot());
    RETURN_IF_ERROR(finder->Wait(absl::Milliseconds(kSliceMilliseconds), deadline, Cannot()));
  }
}

absl::Status KafkaPositionReader::ReadNext(bool* at_end) {
  *at_end = false;
  const KafkaPtr<rd_kafka_message_t> message(rd_kafka_consume(topic_.get(), kPartition, kSliceMilliseconds));
  if (message == nullptr) return absl::OkStatus();
  if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
    next_ = message->offset;
    *at_end = true;
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

absl::Status KafkaPositionReader::ReadDecided() {
  absl::Time deadline = client_->Deadline();
  for (bool at_end = false; !at_end;) {
    const int64_t before = next_;
    RETURN_IF_ERROR(ReadNext(&at_end));
    if (next_ != before) deadline = client_->Deadline();
    RETURN_IF_ERROR(client_->Wait(absl::ZeroDuration(), deadline, Cannot()));
  }
  return absl::OkStatus();
}

absl::Status KafkaPositionReader::ReadAll() {
  ASSIGN_OR_RETURN(const int64_t end, FindEnd());
  const absl::Time deadline = client_->Deadline();
  const std::string what =
      absl::StrCat(Cannot(), ": another producer's transaction is open in it since ", next_,
                   "; it ends when that streamer runs again, or after its kafka.transaction_timeout");
  while (next_ < end) {
    bool at_end = false;
    RETURN_IF_ERROR(ReadNext(&at_end));
    RETURN_IF_ERROR(client_->Wait(absl::ZeroDuration(), deadline, what));
  }
  return absl::OkStatus();
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
