// What a streamer is told to do; the domain's form of binlogd.v1.StreamerSpec, whose comments say what each field
// means.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binlog/event_filter.h"
#include "binlog/flavor.h"
#include "format/event_encoder.h"
#include "mysql/connection.h"
#include "pipeline/block_builder.h"
#include "target/target.h"

namespace binlogd {

// A secret, or where to find it.
struct Secret {
  enum class Kind { kNone, kFile, kEnvironment, kValue };
  Kind kind = Kind::kNone;
  std::string text;  // Path, variable name, or the secret itself.

  // The secret, read anew each time. FAILED_PRECONDITION (SECRET_UNREADABLE) names the file or variable, never the
  // content.
  absl::StatusOr<std::string> Resolve() const;
  friend bool operator==(const Secret&, const Secret&) = default;
};

struct StartSpec {
  enum class Kind { kEarliest, kCurrent, kPosition, kGtidSet };
  Kind kind = Kind::kEarliest;
  std::string file;
  uint64_t offset = 0;
  std::string gtid_set;
  friend bool operator==(const StartSpec&, const StartSpec&) = default;
};

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

struct FileTargetSpec {
  std::string path;
  std::optional<EventFormat> format;  // None: RAW, the source's bytes.
  uint64_t rotate_bytes = 268435456;
  friend bool operator==(const FileTargetSpec&, const FileTargetSpec&) = default;
};

struct TargetSpec {
  std::string name;
  FileTargetSpec file;

  bool decodes() const { return file.format.has_value(); }
  friend bool operator==(const TargetSpec&, const TargetSpec&) = default;
};

struct StreamerSpec {
  std::string name;
  SourceSpec source;
  bool oneshot = false;
  FilterSpec filter;
  BatchLimits batch;
  CheckpointSpec checkpoint;
  std::vector<TargetSpec> targets;

  bool decodes() const;
  friend bool operator==(const StreamerSpec&, const StreamerSpec&) = default;
};

// INVALID_ARGUMENT that names the first wrong field by its path. Looks at nothing but the spec.
absl::Status CheckSpec(const StreamerSpec& spec);

// 1 to 63 of a-z A-Z 0-9 . _ -, the first a letter or digit. InvalidField(`field`, INVALID_NAME) otherwise.
absl::Status CheckName(absl::string_view field, absl::string_view name);

// The targets of a spec, not yet open. `owner` (the streamer's name) is shown to whoever finds a store in use.
std::vector<std::unique_ptr<Target>> MakeTargets(const StreamerSpec& spec);

}  // namespace binlogd
