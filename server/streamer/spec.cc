#include "streamer/spec.h"

#include <cctype>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "binlog/gtid_set.h"
#include "streamer/spec_bounds.h"

namespace binlogd {
namespace {

constexpr size_t kMostNameBytes = 63;
constexpr size_t kMostPatterns = 1000;
constexpr size_t kMostPatternBytes = 1024;
constexpr size_t kMostEndpoints = 64;
constexpr size_t kMostUserBytes = 512;  // 128 characters, as many as MariaDB takes.
constexpr size_t kMostLogNameBytes = 255;
constexpr size_t kMostGtidSetBytes = 262144;

absl::Status BadValue(absl::string_view field, absl::string_view message) {
  return InvalidField(field, "BAD_VALUE", message);
}

absl::Status CheckSource(const SourceSpec& source) {
  if (source.endpoints.empty() || source.endpoints.size() > kMostEndpoints) {
    return BadValue("source.endpoints", absl::StrCat("name 1 to ", kMostEndpoints, " as host:port"));
  }
  for (size_t i = 0; i < source.endpoints.size(); ++i) {
    const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(source.endpoints[i]);
    if (!endpoint.ok()) return BadValue(absl::StrCat("source.endpoints[", i, "]"), endpoint.status().message());
  }
  if (source.user.empty()) return BadValue("source.user", "name the replication user");
  RETURN_IF_ERROR(CheckText("source.user", source.user, kMostUserBytes));
  RETURN_IF_ERROR(CheckSecret("source.password", source.password));
  if (source.server_id == 0) return BadValue("source.server_id", "it must be 1 to 4294967295");
  const bool verifies = source.tls.mode == TlsMode::kVerifyCa || source.tls.mode == TlsMode::kVerifyIdentity;
  if (verifies && source.tls.ca_file.empty())
    return BadValue("source.tls.ca_file", "this mode checks against it: name one");
  if (source.tls.cert_file.empty() != source.tls.key_file.empty()) {
    return BadValue("source.tls.cert_file", "cert_file and key_file go together");
  }
  RETURN_IF_ERROR(CheckOptionalPath("source.tls.ca_file", source.tls.ca_file));
  RETURN_IF_ERROR(CheckOptionalPath("source.tls.cert_file", source.tls.cert_file));
  RETURN_IF_ERROR(CheckOptionalPath("source.tls.key_file", source.tls.key_file));
  return CheckStart("source.start", source.start, source.flavor);
}

absl::Status CheckPatterns(absl::string_view field, const std::vector<std::string>& patterns) {
  if (patterns.size() > kMostPatterns) return BadValue(field, absl::StrCat("at most ", kMostPatterns, " patterns"));
  for (size_t i = 0; i < patterns.size(); ++i) {
    if (patterns[i].empty() || patterns[i].size() > kMostPatternBytes) {
      return BadValue(absl::StrCat(field, "[", i, "]"),
                      absl::StrCat("a pattern has 1 to ", kMostPatternBytes, " bytes"));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckBatch(const BatchLimits& batch) {
  if (batch.max_events < 1 || batch.max_events > 1000000)
    return BadValue("batch.max_events", "it must be 1 to 1000000");
  if (batch.max_bytes < 4096 || batch.max_bytes > 64 << 20)
    return BadValue("batch.max_bytes", "it must be 4096 to 67108864");
  if (batch.max_wait < absl::Milliseconds(10) || batch.max_wait > absl::Hours(1)) {
    return BadValue("batch.max_wait", "it must be 10ms to 1h");
  }
  return absl::OkStatus();
}

absl::Status CheckCheckpoint(const CheckpointSpec& checkpoint) {
  if (checkpoint.interval < absl::Milliseconds(100) || checkpoint.interval > absl::Hours(1)) {
    return BadValue("checkpoint.interval", "it must be 100ms to 1h");
  }
  return checkpoint.file.empty() ? absl::OkStatus() : CheckPath("checkpoint.file", checkpoint.file);
}

}  // namespace

absl::Status CheckFilter(const FilterSpec& filter) {
  RETURN_IF_ERROR(CheckPatterns("filter.databases", filter.databases));
  RETURN_IF_ERROR(CheckPatterns("filter.tables", filter.tables));
  RETURN_IF_ERROR(CheckPatterns("filter.exclude_databases", filter.exclude_databases));
  RETURN_IF_ERROR(CheckPatterns("filter.exclude_tables", filter.exclude_tables));
  for (const auto* tables : {&filter.tables, &filter.exclude_tables}) {
    for (const std::string& table : *tables) {
      if (table.find('.') == std::string::npos && table.find('*') == std::string::npos) {
        return BadValue(tables == &filter.tables ? "filter.tables" : "filter.exclude_tables",
                        absl::StrCat(Shown(table), " names no schema; write schema.table"));
      }
    }
  }
  return absl::OkStatus();
}

absl::Status CheckStart(absl::string_view field, const StartSpec& start, Flavor flavor) {
  if (start.kind == StartSpec::Kind::kPosition) {
    if (start.file.empty() || start.file.find('/') != std::string::npos) {
      return BadValue(absl::StrCat(field, ".position.file"),
                      "name a binary log file of the source, for example binlog.000001");
    }
    RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".position.file"), start.file, kMostLogNameBytes));
    if (start.offset != 0 && start.offset < 4)
      return BadValue(absl::StrCat(field, ".position.offset"), "the first event is at 4");
  }
  if (start.kind == StartSpec::Kind::kGtidSet) {
    RETURN_IF_ERROR(CheckText(absl::StrCat(field, ".gtid_set"), start.gtid_set, kMostGtidSetBytes));
    const absl::StatusOr<GtidSet> set = GtidSet::Parse(flavor, start.gtid_set);
    if (!set.ok()) return BadValue(absl::StrCat(field, ".gtid_set"), set.status().message());
  }
  return absl::OkStatus();
}

bool StreamerSpec::decodes() const {
  for (const TargetSpec& target : targets) {
    if (target.decodes()) return true;
  }
  return false;
}

absl::Status CheckName(absl::string_view field, absl::string_view name) {
  bool good =
      !name.empty() && name.size() <= kMostNameBytes && absl::ascii_isalnum(static_cast<unsigned char>(name[0]));
  for (const char c : name) {
    good = good && (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-');
  }
  if (good) return absl::OkStatus();
  return InvalidField(field, "INVALID_NAME",
                      absl::StrCat(Shown(name), " is no name: 1 to ", kMostNameBytes,
                                   " of a-z, A-Z, 0-9, '.', '_' and '-', the first a letter or digit"));
}

absl::Status CheckSpec(const StreamerSpec& spec) {
  RETURN_IF_ERROR(CheckName("name", spec.name));
  RETURN_IF_ERROR(CheckLabels(spec.labels));
  RETURN_IF_ERROR(CheckSource(spec.source));
  RETURN_IF_ERROR(CheckFilter(spec.filter));
  RETURN_IF_ERROR(CheckBatch(spec.batch));
  RETURN_IF_ERROR(CheckCheckpoint(spec.checkpoint));
  return CheckTargets(spec);
}

}  // namespace binlogd
