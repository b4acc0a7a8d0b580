#include "streamer/checkpoint_clash.h"

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/file.h"
#include "pipeline/checkpoint.h"

namespace binlogd {
namespace {

constexpr char kField[] = "checkpoint.file";

// Fields of a spec that name files, and what they name.
class NamedFiles {
 public:
  explicit NamedFiles(const StreamerSpec& spec) {
    AddSecret("source.password", spec.source.password);
    AddTls("source.tls", spec.source.tls);
    for (size_t i = 0; i < spec.targets.size(); ++i) {
      const std::string field = absl::StrCat("targets[", i, "].", spec.targets[i].type());
      if (const FileTargetSpec* file = spec.targets[i].file()) AddAll(field, *file);
      if (const S3TargetSpec* s3 = spec.targets[i].s3()) AddAll(field, *s3);
      if (const KafkaTargetSpec* kafka = spec.targets[i].kafka()) AddAll(field, *kafka);
    }
  }

  const std::vector<std::pair<std::string, std::string>>& all() const { return files_; }

 private:
  void Add(const std::string& field, const std::string& path) {
    if (path.empty()) return;
    std::error_code error;
    const std::string absolute = std::filesystem::absolute(path, error).string();
    files_.emplace_back(field, error ? path : absolute);
  }
  void AddSecret(const std::string& field, const Secret& secret) {
    if (secret.kind == Secret::Kind::kFile) Add(field + ".file", secret.text);
  }
  template <typename Tls>
  void AddTls(const std::string& field, const Tls& tls) {
    Add(field + ".ca_file", tls.ca_file);
    Add(field + ".cert_file", tls.cert_file);
    Add(field + ".key_file", tls.key_file);
  }
  void AddAll(const std::string& field, const FileTargetSpec& file) {
    for (size_t i = 0; i < file.key_files.size(); ++i) {
      Add(absl::StrCat(field, ".encryption.key_files[", i, "]"), file.key_files[i]);
    }
  }
  void AddAll(const std::string& field, const S3TargetSpec& s3) {
    AddSecret(field + ".credentials.secret_access_key", s3.credentials.secret_access_key);
    AddSecret(field + ".credentials.session_token", s3.credentials.session_token);
    Add(field + ".credentials.shared_file", s3.credentials.shared_file);
    Add(field + ".credentials.token_file", s3.credentials.token_file);
    Add(field + ".ca_file", s3.ca_file);
  }
  void AddAll(const std::string& field, const KafkaTargetSpec& kafka) {
    if (kafka.sasl) AddSecret(field + ".sasl.password", kafka.sasl->password);
    if (kafka.tls) AddTls(field + ".tls", *kafka.tls);
    for (const auto& [name, value] : kafka.properties) {
      if (absl::StartsWith(value, "/")) Add(absl::StrCat(field, ".properties.", name), value);
    }
  }

  std::vector<std::pair<std::string, std::string>> files_;
};

// Whether writing the one would touch the other.
bool Touches(const std::string& checkpoint_file, const std::string& path) {
  return PlacesOverlap(checkpoint_file, path) || PlacesOverlap(TemporaryFor(checkpoint_file), path);
}

}  // namespace

absl::Status CheckApart(const std::string& checkpoint_file, const StreamerSpec& spec) {
  if (checkpoint_file.empty()) return absl::OkStatus();
  for (const TargetSpec& target : spec.targets) {
    if (target.file() == nullptr || !Touches(checkpoint_file, target.file()->path)) continue;
    return InvalidField(kField, "CHECKPOINT_FILE_IN_USE",
                        absl::StrCat(checkpoint_file, " is in the folder of target \"", target.name,
                                     "\" of streamer \"", spec.name, "\"; keep it apart"));
  }
  const NamedFiles named(spec);
  for (const auto& [field, path] : named.all()) {
    if (!Touches(checkpoint_file, path)) continue;
    return InvalidField(kField, "CHECKPOINT_FILE_IN_USE",
                        absl::StrCat(checkpoint_file, " would be written over ", path, ", which streamer \"", spec.name,
                                     "\" names as ", field, "; name another file"));
  }
  return absl::OkStatus();
}

absl::Status CheckOnDisk(const CheckpointSpec& checkpoint) {
  if (!checkpoint.enabled || checkpoint.file.empty()) return absl::OkStatus();
  const absl::Status place = CheckCheckpointPlace(checkpoint.file);
  return place.ok() ? place : InvalidField(kField, ErrorReason(place), place.message());
}

}  // namespace binlogd
