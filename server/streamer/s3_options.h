// From the spec of an S3 target to the options of its client.
#pragma once

#include <string>

#include "s3/s3_store.h"
#include "streamer/target_spec.h"

namespace binlogd {

// `field` is the target's path in the streamer's spec: "targets[0].s3". Secrets are read when they are needed.
S3Options MakeS3Options(const S3TargetSpec& spec, const std::string& field);

}  // namespace binlogd
