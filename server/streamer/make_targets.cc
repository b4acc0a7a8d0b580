#include "streamer/make_targets.h"

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "s3/s3_store.h"
#include "streamer/kafka_options_of_spec.h"
#include "streamer/s3_options.h"
#include "target/decoded_file_target.h"
#include "target/kafka_target.h"
#include "target/raw_file_target.h"
#include "target/s3_target.h"

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

absl::StatusOr<std::unique_ptr<Target>> MakeS3Target(const std::string& name, const S3TargetSpec& spec,
                                                     const std::string& owner, const std::string& field,
                                                     const std::string& directory) {
  ASSIGN_OR_RETURN(std::unique_ptr<ObjectStore> store, MakeS3Store(MakeS3Options(spec, field)));
  S3Target::Options options;
  options.prefix = spec.prefix;
  options.format = spec.format;
  options.compression = spec.compression;
  options.object_bytes = spec.object_bytes;
  options.spool_directory = directory;
  options.owner = owner;
  return std::make_unique<S3Target>(name, std::move(store), std::move(options));
}

}  // namespace

absl::StatusOr<std::vector<std::unique_ptr<Target>>> MakeTargets(const StreamerSpec& spec,
                                                                 const std::string& directory) {
  const auto floor = std::make_shared<DeliveryFloor>();
  std::vector<std::unique_ptr<Target>> targets;
  for (size_t i = 0; i < spec.targets.size(); ++i) {
    const TargetSpec& target = spec.targets[i];
    const std::string owner = TargetOwner(spec.name, target.name);
    if (target.file() != nullptr) {
      targets.push_back(MakeFileTarget(target.name, *target.file(), owner));
    } else if (target.s3() != nullptr) {
      ASSIGN_OR_RETURN(targets.emplace_back(),
                       MakeS3Target(target.name, *target.s3(), owner, absl::StrCat("targets[", i, "].s3"), directory));
    } else {
      targets.push_back(std::make_unique<KafkaTarget>(
          target.name, MakeKafkaOptions(spec.name, target, absl::StrCat("targets[", i, "].kafka"))));
    }
  }
  for (const std::unique_ptr<Target>& target : targets) target->set_delivery_floor(floor);
  return targets;
}

}  // namespace binlogd
