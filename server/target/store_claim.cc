#include "target/store_claim.h"

#include "base/error.h"
#include "target/random_token.h"

namespace binlogd {

StoreClaim::StoreClaim() : token_(RandomToken()) {}

void StoreClaim::Note(const absl::Status& status) {
  if (held_ && lost_.ok() && IsPermanent(status) && ErrorReason(status) == "TARGET_IN_USE") lost_ = status;
}

}  // namespace binlogd
