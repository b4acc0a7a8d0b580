// One page of List.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "auth/access.h"
#include "binlogd/v1/service.pb.h"
#include "streamer/manager.h"
#include "streamer/streamer_filter.h"

namespace binlogd {

// INVALID_ARGUMENT names the field, beginning with "filter.".
absl::StatusOr<StreamerFilter> FromProto(const v1::StreamerFilter& message);

// Answers List with streamers that the caller may view. INVALID_ARGUMENT for a bad filter or size, and (BAD_PAGE_TOKEN)
// a token that is none, or of another filter. A page goes by names, so that what is created, changed or deleted between
// two pages moves no other streamer.
absl::Status ListPage(const Manager& manager, const v1::ListRequest& request, const Caller& caller,
                      v1::ListResponse* response);

}  // namespace binlogd
