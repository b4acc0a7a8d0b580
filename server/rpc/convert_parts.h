// Parts of specs, between messages and the domain; the rest of convert.h is made of them.
#pragma once

#include <google/protobuf/duration.pb.h>

#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binlogd/v1/streamer.pb.h"
#include "rpc/convert.h"
#include "streamer/target_spec.h"

namespace binlogd {

// INVALID_ARGUMENT for an enum's number that has no name.
absl::Status NoMeaning(absl::string_view field, int value);

// INVALID_ARGUMENT unless it is 0 or more.
absl::StatusOr<absl::Duration> FromProto(const google::protobuf::Duration& message, absl::string_view field);
google::protobuf::Duration ToProto(absl::Duration duration);

Secret FromProto(const v1::Secret& message);
// Calls `message` only if there is something to write.
void WriteSecret(const Secret& secret, Secrets secrets, absl::FunctionRef<v1::Secret*()> message);

StartSpec FromProto(const v1::StartSpec& message);
void WriteStart(const StartSpec& start, v1::StartSpec* message);

// `field` is the target's path: "targets[0]".
absl::StatusOr<TargetSpec> FromProto(const v1::TargetSpec& message, const std::string& field);
v1::TargetSpec ToProto(const TargetSpec& target, Secrets secrets);

}  // namespace binlogd
