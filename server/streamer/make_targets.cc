#include "streamer/make_targets.h"

#include "absl/strings/str_cat.h"
#include "target/decoded_file_target.h"
#include "target/raw_file_target.h"

namespace binlogd {
namespace {

std::unique_ptr<Target> MakeFileTarget(const std::string& name, const FileTargetSpec& spec, const std::string& owner) {
  FileTargetOptions options;
  options.path = spec.path;
  options.owner = owner;
  options.compression = spec.compression;
  options.key_files = spec.key_files;
  options.retention = {spec.retention.max_age, spec.retention.max_bytes, spec.retention.recovery_window};
  if (!spec.format) return std::make_unique<RawFileTarget>(name, std::move(options));
  DecodedFileTarget::Options decoded;
  static_cast<FileTargetOptions&>(decoded) = std::move(options);
  decoded.format = *spec.format;
  decoded.rotate_bytes = spec.rotate_bytes;
  decoded.rotate_age = spec.rotate_age;
  return std::make_unique<DecodedFileTarget>(name, std::move(decoded));
}

}  // namespace

std::vector<std::unique_ptr<Target>> MakeTargets(const StreamerSpec& spec) {
  const auto floor = std::make_shared<DeliveryFloor>();
  std::vector<std::unique_ptr<Target>> targets;
  for (const TargetSpec& target : spec.targets) {
    const std::string owner = absl::StrCat("streamer \"", spec.name, "\", target \"", target.name, "\"");
    if (target.file() != nullptr) targets.push_back(MakeFileTarget(target.name, *target.file(), owner));
  }
  for (const std::unique_ptr<Target>& target : targets) target->set_delivery_floor(floor);
  return targets;
}

}  // namespace binlogd
