#include "streamer/validator.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "mysql/preflight.h"
#include "mysql/server_info.h"
#include "streamer/kafka_options_of_spec.h"
#include "streamer/s3_options.h"
#include "streamer/source_session.h"
#include "target/kafka_check.h"
#include "target/s3_target.h"

namespace binlogd {
namespace {

absl::Status ValidateEndpoint(const StreamerSpec& spec, const std::string& text, Interrupter* interrupter,
                              std::vector<Finding>* findings) {
  const std::string subject = absl::StrCat("source ", text);
  ASSIGN_OR_RETURN(const Endpoint endpoint, ParseEndpoint(text));
  ASSIGN_OR_RETURN(const ConnectOptions options, MakeConnectOptions(spec.source, endpoint));
  ASSIGN_OR_RETURN(const std::unique_ptr<Connection> connection, Connection::Connect(options, interrupter));
  findings->push_back(Finding{absl::OkStatus(), false,
                              absl::StrCat(subject, connection->tls() ? " connect (TLS)" : " connect (no TLS)")});
  ASSIGN_OR_RETURN(const ServerInfo server, DescribeServer(*connection));
  PreflightRequirements requirements;
  requirements.flavor = spec.source.flavor;
  requirements.server_id = spec.source.server_id;
  requirements.replica_name = ReplicaName(spec);
  requirements.decodes_rows = spec.decodes();
  requirements.gtid = spec.source.gtid;
  ASSIGN_OR_RETURN(const std::vector<PreflightFinding> checks, CheckSource(*connection, server, requirements));
  for (const PreflightFinding& check : checks) {
    findings->push_back(Finding{check.status, check.warning, absl::StrCat(subject, " ", check.subject)});
  }
  return ListLogFiles(*connection).status();
}

// The folder itself, or the nearest one above it that exists, must be one that we can write to.
absl::Status ValidateFolder(const std::string& path) {
  std::filesystem::path folder = path;
  struct stat info;
  while (stat(folder.c_str(), &info) != 0) {
    if (errno != ENOENT || !folder.has_relative_path()) return SystemError(errno, folder.string());
    folder = folder.parent_path();
  }
  if (!S_ISDIR(info.st_mode)) {
    return MakeError(absl::StatusCode::kFailedPrecondition, "TARGET_PATH_INVALID",
                     absl::StrCat(folder.string(), " is not a directory; name a folder"));
  }
  if (access(folder.c_str(), W_OK | X_OK) != 0)
    return SystemError(errno, absl::StrCat("cannot write to ", folder.string()));
  return absl::OkStatus();
}

absl::Status ValidateTarget(const StreamerSpec& spec, const TargetSpec& target, const std::string& field) {
  // A person waits for the answer.
  constexpr absl::Duration kPatience = absl::Seconds(5);
  if (target.file() != nullptr) return ValidateFolder(target.file()->path);
  if (target.kafka() != nullptr) {
    KafkaOptions options = MakeKafkaOptions(spec.name, target, absl::StrCat(field, ".kafka"));
    options.stall_timeout = kPatience;
    return CheckKafkaTarget(options);
  }
  S3Options options = MakeS3Options(*target.s3(), absl::StrCat(field, ".s3"));
  options.retry_time = kPatience;
  ASSIGN_OR_RETURN(std::unique_ptr<ObjectStore> store, MakeS3Store(options));
  ObjectStore::ListOptions first;
  first.prefix = target.s3()->prefix;
  first.most = 1;
  RETURN_IF_ERROR(store->List(first).status());
  S3Target::Options prefix;
  prefix.prefix = target.s3()->prefix;
  prefix.format = target.s3()->format;
  prefix.owner = TargetOwner(spec.name, target.name);
  return S3Target(target.name, std::move(store), std::move(prefix)).Check();
}

}  // namespace

std::vector<Finding> ValidateSpec(const StreamerSpec& spec, Interrupter* interrupter) {
  std::vector<Finding> findings;
  for (const std::string& endpoint : spec.source.endpoints) {
    if (interrupter->interrupted()) break;
    const absl::Status status = ValidateEndpoint(spec, endpoint, interrupter, &findings);
    if (!status.ok()) findings.push_back(Finding{status, false, absl::StrCat("source ", endpoint)});
  }
  for (size_t i = 0; i < spec.targets.size() && !interrupter->interrupted(); ++i) {
    const std::string subject = absl::StrCat("targets[", i, "]");
    findings.push_back(Finding{ValidateTarget(spec, spec.targets[i], subject), false, subject});
  }
  return findings;
}

}  // namespace binlogd
