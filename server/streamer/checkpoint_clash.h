// Where a checkpoint file that a spec names may be: it replaces what is there.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "streamer/spec.h"

namespace binlogd {

// InvalidField(checkpoint.file, CHECKPOINT_FILE_IN_USE) when the file, or that which becomes it, is one that the spec
// names, of the same streamer or another, or is in the folder of one of its targets. Links are followed.
absl::Status CheckApart(const std::string& checkpoint_file, const StreamerSpec& spec);

// InvalidField(checkpoint.file, CHECKPOINT_FILE_FOREIGN) when the spec's file is there and is something else. It is
// read.
absl::Status CheckOnDisk(const CheckpointSpec& checkpoint);

}  // namespace binlogd
