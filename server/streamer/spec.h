// What a streamer is told to do; the domain's form of binlogd.v1.StreamerSpec, whose comments say what each field
// means.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binlog/event_filter.h"
#include "binlog/flavor.h"
#include "mysql/connection.h"
#include "pipeline/block_builder.h"
#include "streamer/labels.h"
#include "streamer/secret.h"
#include "streamer/target_spec.h"

namespace binlogd {

struct SourceSpec {
  Flavor flavor = Flavor::kMySql;
  std::vector<std::string> endpoints;
  std::string user;
  Secret password;
  uint32_t server_id = 999;
  TlsOptions tls;
  bool gtid = false;
  StartSpec start;
  friend bool operator==(const SourceSpec&, const SourceSpec&) = default;
};

struct CheckpointSpec {
  bool enabled = true;
  std::string file;  // Empty: the default.
  absl::Duration interval = absl::Seconds(10);
  friend bool operator==(const CheckpointSpec&, const CheckpointSpec&) = default;
};

struct StreamerSpec {
  std::string name;
  SourceSpec source;
  bool oneshot = false;
  FilterSpec filter;
  BatchLimits batch;
  CheckpointSpec checkpoint;
  std::vector<TargetSpec> targets;
  Labels labels;

  bool decodes() const;
  friend bool operator==(const StreamerSpec&, const StreamerSpec&) = default;
};

// INVALID_ARGUMENT that names the first wrong field by its path. Looks at nothing but the spec.
absl::Status CheckSpec(const StreamerSpec& spec);

// The part of CheckSpec for `filter`, which is also that of a tap.
absl::Status CheckFilter(const FilterSpec& filter);
// The targets' part of CheckSpec.
absl::Status CheckTargets(const StreamerSpec& spec);
// The part of CheckSpec for a start; `field` is its path.
absl::Status CheckStart(absl::string_view field, const StartSpec& start, Flavor flavor);

// 1 to 63 of a-z A-Z 0-9 . _ -, the first a letter or digit. InvalidField(`field`, INVALID_NAME) otherwise.
absl::Status CheckName(absl::string_view field, absl::string_view name);

}  // namespace binlogd
