#include "rpc/convert_parts.h"

#include <google/protobuf/util/time_util.h>

#include "absl/strings/str_cat.h"
#include "base/error.h"

namespace binlogd {

using google::protobuf::util::TimeUtil;

absl::Status NoMeaning(absl::string_view field, int value) {
  return InvalidField(field, "BAD_VALUE", absl::StrCat(value, " is not one of its values"));
}

absl::StatusOr<absl::Duration> FromProto(const google::protobuf::Duration& message, absl::string_view field) {
  constexpr int64_t kMostSeconds = 315576000000;
  if (message.seconds() < 0 || message.seconds() > kMostSeconds || message.nanos() < 0 || message.nanos() > 999999999) {
    return InvalidField(field, "BAD_VALUE", "it is no duration of 0 or more");
  }
  return absl::Seconds(message.seconds()) + absl::Nanoseconds(message.nanos());
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  return TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(duration));
}

Secret FromProto(const v1::Secret& message) {
  switch (message.kind_case()) {
    case v1::Secret::kFile: return Secret{Secret::Kind::kFile, message.file()};
    case v1::Secret::kEnv: return Secret{Secret::Kind::kEnvironment, message.env()};
    case v1::Secret::kValue: return Secret{Secret::Kind::kValue, message.value()};
    case v1::Secret::KIND_NOT_SET: break;
  }
  return Secret();
}

void WriteSecret(const Secret& secret, Secrets secrets, absl::FunctionRef<v1::Secret*()> message) {
  if (secret.kind == Secret::Kind::kFile) message()->set_file(secret.text);
  if (secret.kind == Secret::Kind::kEnvironment) message()->set_env(secret.text);
  if (secret.kind == Secret::Kind::kValue && secrets == Secrets::kIncluded) message()->set_value(secret.text);
}

StartSpec FromProto(const v1::StartSpec& message) {
  StartSpec start;
  switch (message.kind_case()) {
    case v1::StartSpec::kCurrent: start.kind = StartSpec::Kind::kCurrent; break;
    case v1::StartSpec::kPosition:
      start.kind = StartSpec::Kind::kPosition;
      start.file = message.position().file();
      start.offset = message.position().offset();
      break;
    case v1::StartSpec::kGtidSet:
      start.kind = StartSpec::Kind::kGtidSet;
      start.gtid_set = message.gtid_set();
      break;
    case v1::StartSpec::kEarliest:
    case v1::StartSpec::KIND_NOT_SET: break;
  }
  return start;
}

void WriteStart(const StartSpec& start, v1::StartSpec* message) {
  switch (start.kind) {
    case StartSpec::Kind::kEarliest: message->mutable_earliest(); break;
    case StartSpec::Kind::kCurrent: message->mutable_current(); break;
    case StartSpec::Kind::kPosition:
      message->mutable_position()->set_file(start.file);
      message->mutable_position()->set_offset(start.offset);
      break;
    case StartSpec::Kind::kGtidSet: message->set_gtid_set(start.gtid_set); break;
  }
}

}  // namespace binlogd
