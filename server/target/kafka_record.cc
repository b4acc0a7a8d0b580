#include "target/kafka_record.h"

#include "absl/strings/str_cat.h"
#include "base/shown.h"

namespace binlogd {
namespace {

// Of a batch's head, and of the lengths and deltas of a record and a header, at most.
constexpr size_t kBatchBytes = 96;
constexpr size_t kRecordBytes = 32;
constexpr size_t kHeaderBytes = 10;

}  // namespace

size_t KafkaRecord::size() const {
  size_t bytes = kBatchBytes + kRecordBytes + key.size() + value.size();
  for (const Header& header : headers) bytes += kHeaderBytes + header.first.size() + header.second.size();
  return bytes;
}

absl::Time KafkaTimestamp(absl::Time event, absl::Duration retention, absl::Time now) {
  return event > now || event < now - retention / 2 ? now : event;
}

std::string DescribeKafkaMessage(const rd_kafka_message_t& message) {
  rd_kafka_headers_t* headers = nullptr;
  const void* position = nullptr;
  size_t size = 0;
  absl::string_view place = "the position";
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR &&
      rd_kafka_header_get_last(headers, kKafkaPositionHeader, &position, &size) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    place = absl::string_view(static_cast<const char*>(position), size);
  }
  return absl::StrCat("the record of ", place, " cannot be written to topic ",
                      Shown(message.rkt == nullptr ? "" : rd_kafka_topic_name(message.rkt)));
}

}  // namespace binlogd
