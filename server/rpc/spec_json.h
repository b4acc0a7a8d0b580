// Specs as the store writes them.
#pragma once

#include <string>

#include "streamer/store.h"

namespace binlogd {

// JSON of binlogd.v1.StreamerSpec, secrets included. Fields that a newer version wrote are dropped on reading.
// Stateless.
class SpecJson : public SpecCodec {
 public:
  std::string Encode(const StreamerSpec& spec) const override;
  absl::StatusOr<StreamerSpec> Decode(absl::string_view text) const override;
};

}  // namespace binlogd
