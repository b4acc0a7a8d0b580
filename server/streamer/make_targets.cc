#include "streamer/make_targets.h"

#include "absl/strings/str_cat.h"
#include "target/decoded_file_target.h"
#include "target/raw_file_target.h"

namespace binlogd {
namespace {

std::unique_ptr<Target> MakeFileTarget(const std::string& name, const FileTargetSpec& spec, const std::string& owner) {
  if (!spec.format) return std::make_unique<RawFileTarget>(name, spec.path, owner);
  DecodedFileTarget::Options options;
  options.path = spec.path;
  options.format = *spec.format;
  options.rotate_bytes = spec.rotate_bytes;
  options.owner = owner;
  return std::make_unique<DecodedFileTarget>(name, std::move(options));
}

}  // namespace

std::vector<std::unique_ptr<Target>> MakeTargets(const StreamerSpec& spec) {
  std::vector<std::unique_ptr<Target>> targets;
  for (const TargetSpec& target : spec.targets) {
    const std::string owner = absl::StrCat("streamer \"", spec.name, "\", target \"", target.name, "\"");
    if (target.file() != nullptr) targets.push_back(MakeFileTarget(target.name, *target.file(), owner));
  }
  return targets;
}

}  // namespace binlogd
