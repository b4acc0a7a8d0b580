#include "base/error.h"

#include <cerrno>
#include <system_error>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/types/optional.h"

namespace binlogd {
namespace {

constexpr char kReasonKey[] = "binlogd/reason";
constexpr char kFieldKey[] = "binlogd/field";
constexpr char kPermanentKey[] = "binlogd/permanent";

std::string Payload(const absl::Status& status, absl::string_view key) {
  absl::optional<absl::Cord> payload = status.GetPayload(key);
  return payload ? std::string(*payload) : std::string();
}

absl::StatusCode CodeOf(int error_number) {
  switch (error_number) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE: return absl::StatusCode::kResourceExhausted;
    case EACCES:
    case EPERM:
    case EROFS: return absl::StatusCode::kPermissionDenied;
    case ENOENT: return absl::StatusCode::kNotFound;
    default: return absl::StatusCode::kInternal;
  }
}

}  // namespace

absl::Status MakeError(absl::StatusCode code, absl::string_view reason, absl::string_view message) {
  absl::Status status(code, message);
  status.SetPayload(kReasonKey, absl::Cord(reason));
  return status;
}

absl::Status InvalidField(absl::string_view field, absl::string_view reason, absl::string_view message) {
  absl::Status status = MakeError(absl::StatusCode::kInvalidArgument, reason, absl::StrCat(field, ": ", message));
  status.SetPayload(kFieldKey, absl::Cord(field));
  return status;
}

absl::Status InField(absl::string_view outer, const absl::Status& status) {
  if (status.ok()) return status;
  const std::string field = ErrorField(status);
  const absl::string_view message = absl::StripPrefix(status.message(), absl::StrCat(field, ": "));
  return InvalidField(absl::StrCat(outer, ".", field), ErrorReason(status), message);
}

std::string ErrorReason(const absl::Status& status) {
  std::string reason = Payload(status, kReasonKey);
  return reason.empty() ? absl::StatusCodeToString(status.code()) : reason;
}

std::string ErrorField(const absl::Status& status) { return Payload(status, kFieldKey); }

absl::Status Annotate(const absl::Status& status, absl::string_view prefix) {
  if (status.ok()) return status;
  absl::Status annotated(status.code(), absl::StrCat(prefix, ": ", status.message()));
  status.ForEachPayload(
      [&annotated](absl::string_view key, const absl::Cord& payload) { annotated.SetPayload(key, payload); });
  return annotated;
}

absl::Status Permanent(const absl::Status& status) {
  absl::Status permanent = status;
  if (!permanent.ok()) permanent.SetPayload(kPermanentKey, absl::Cord("1"));
  return permanent;
}

absl::Status Transient(const absl::Status& status) {
  absl::Status transient = status;
  transient.ErasePayload(kPermanentKey);
  return transient;
}

bool IsPermanent(const absl::Status& status) { return status.GetPayload(kPermanentKey).has_value(); }

absl::Status SystemError(int error_number, absl::string_view what) {
  return absl::Status(CodeOf(error_number), absl::StrCat(what, ": ", std::generic_category().message(error_number)));
}

}  // namespace binlogd
