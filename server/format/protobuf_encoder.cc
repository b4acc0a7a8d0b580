#include "format/protobuf_encoder.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <limits>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "format/event_proto.h"

namespace binlogd {

absl::Status ProtobufEncoder::Append(const DecodedEvent& event, const EventPlace& place, bool passes,
                                     RecordBuffer* out) {
  if (!passes) return absl::OkStatus();
  RETURN_IF_ERROR(ToProto(event, place.file, place.end_offset, &message_));
  const size_t size = message_.ByteSizeLong();
  if (size > size_t{std::numeric_limits<int>::max()}) {
    return MakeError(absl::StatusCode::kDataLoss, "EVENT_TOO_LARGE",
                     absl::StrCat("as a protobuf message it would have ", size, " bytes; they have less than 2 GiB"));
  }
  {
    google::protobuf::io::StringOutputStream stream(&out->values);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    coded.WriteVarint32(static_cast<uint32_t>(size));
    message_.SerializeWithCachedSizes(&coded);
  }
  ++out->count;
  if (out->wants_keys) out->records.push_back({out->values.size() - size, size, 0, 0, false});
  return absl::OkStatus();
}

}  // namespace binlogd
