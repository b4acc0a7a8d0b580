#include "format/protobuf_encoder.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "format/event_proto.h"

namespace binlogd {
namespace {

// What a message and the length before it may have together.
constexpr size_t kMostBytes = std::numeric_limits<int>::max() - 5;

}  // namespace

absl::Status ProtobufEncoder::Append(const DecodedEvent& event, const EventPlace& place, bool passes,
                                     RecordBuffer* out) {
  if (!passes) return absl::OkStatus();
  RETURN_IF_ERROR(ToProto(event, place.file, place.end_offset, &message_));
  const size_t size = message_.ByteSizeLong();
  if (size > kMostBytes) {
    return MakeError(absl::StatusCode::kDataLoss, "EVENT_TOO_LARGE",
                     absl::StrCat("as a protobuf message it would have ", size, " bytes; they have less than 2 GiB"));
  }
  const size_t begin = out->values.size();
  const size_t framed = google::protobuf::io::CodedOutputStream::VarintSize32(static_cast<uint32_t>(size)) + size;
  out->values.resize(begin + framed);
  {
    google::protobuf::io::ArrayOutputStream stream(&out->values[begin], static_cast<int>(framed));
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    coded.WriteVarint32(static_cast<uint32_t>(size));
    message_.SerializeWithCachedSizes(&coded);
  }
  ++out->count;
  if (out->wants_records) {
    out->origins.emplace_back(event, place);
    out->AddRecord(out->values.size() - size, size, {});
  }
  return absl::OkStatus();
}

}  // namespace binlogd
