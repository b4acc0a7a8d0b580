#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "rpc/convert.h"
#include "rpc/convert_parts.h"
#include "rpc/unknown_fields.h"

namespace binlogd {
namespace {

// Beside those below.
using binlogd::FromProto;
using binlogd::ToProto;

absl::StatusOr<TlsOptions> FromProto(const v1::TlsSpec& message) {
  TlsOptions tls;
  switch (message.mode()) {
    case v1::TlsSpec::PREFERRED: tls.mode = TlsMode::kPreferred; break;
    case v1::TlsSpec::DISABLED: tls.mode = TlsMode::kDisabled; break;
    case v1::TlsSpec::REQUIRED: tls.mode = TlsMode::kRequired; break;
    case v1::TlsSpec::VERIFY_CA: tls.mode = TlsMode::kVerifyCa; break;
    case v1::TlsSpec::VERIFY_IDENTITY: tls.mode = TlsMode::kVerifyIdentity; break;
    default: return NoMeaning("source.tls.mode", message.mode());
  }
  tls.ca_file = message.ca_file();
  tls.cert_file = message.cert_file();
  tls.key_file = message.key_file();
  return tls;
}

v1::TlsSpec::Mode ToProto(TlsMode mode) {
  switch (mode) {
    case TlsMode::kPreferred: return v1::TlsSpec::PREFERRED;
    case TlsMode::kDisabled: return v1::TlsSpec::DISABLED;
    case TlsMode::kRequired: return v1::TlsSpec::REQUIRED;
    case TlsMode::kVerifyCa: return v1::TlsSpec::VERIFY_CA;
    case TlsMode::kVerifyIdentity: return v1::TlsSpec::VERIFY_IDENTITY;
  }
  return v1::TlsSpec::PREFERRED;
}

absl::StatusOr<SourceSpec> FromProto(const v1::SourceSpec& message) {
  SourceSpec source;
  if (message.flavor() != v1::SourceSpec::MYSQL && message.flavor() != v1::SourceSpec::MARIADB) {
    return NoMeaning("source.flavor", message.flavor());
  }
  source.flavor = message.flavor() == v1::SourceSpec::MARIADB ? Flavor::kMariaDb : Flavor::kMySql;
  source.endpoints.assign(message.endpoints().begin(), message.endpoints().end());
  source.user = message.user();
  source.password = FromProto(message.password());
  if (message.server_id() != 0) source.server_id = message.server_id();
  ASSIGN_OR_RETURN(source.tls, FromProto(message.tls()));
  source.gtid = message.gtid();
  source.start = FromProto(message.start());
  return source;
}

absl::StatusOr<BatchLimits> FromProto(const v1::BatchSpec& message) {
  BatchLimits batch;
  if (message.max_events() != 0) batch.max_events = message.max_events();
  if (message.max_bytes() != 0) batch.max_bytes = message.max_bytes();
  if (message.has_max_wait()) {
    ASSIGN_OR_RETURN(batch.max_wait, FromProto(message.max_wait(), "batch.max_wait"));
  }
  return batch;
}

absl::StatusOr<CheckpointSpec> FromProto(const v1::CheckpointSpec& message) {
  CheckpointSpec checkpoint;
  if (message.has_enabled()) checkpoint.enabled = message.enabled();
  checkpoint.file = message.file();
  if (message.has_interval()) {
    ASSIGN_OR_RETURN(checkpoint.interval, FromProto(message.interval(), "checkpoint.interval"));
  }
  return checkpoint;
}

void WriteFilter(const FilterSpec& filter, v1::FilterSpec* message) {
  *message->mutable_databases() = {filter.databases.begin(), filter.databases.end()};
  *message->mutable_tables() = {filter.tables.begin(), filter.tables.end()};
  *message->mutable_exclude_databases() = {filter.exclude_databases.begin(), filter.exclude_databases.end()};
  *message->mutable_exclude_tables() = {filter.exclude_tables.begin(), filter.exclude_tables.end()};
  for (const EventKind kind : filter.events) message->add_events(static_cast<v1::EventType>(kind));
  message->set_include_ddl(filter.include_ddl);
}

}  // namespace

absl::StatusOr<FilterSpec> FromProto(const v1::FilterSpec& message) {
  FilterSpec filter;
  filter.databases.assign(message.databases().begin(), message.databases().end());
  filter.tables.assign(message.tables().begin(), message.tables().end());
  filter.exclude_databases.assign(message.exclude_databases().begin(), message.exclude_databases().end());
  filter.exclude_tables.assign(message.exclude_tables().begin(), message.exclude_tables().end());
  for (int i = 0; i < message.events_size(); ++i) {
    const int value = message.events(i);
    if (value == v1::EVENT_TYPE_UNSPECIFIED || !v1::EventType_IsValid(value)) {
      return NoMeaning(absl::StrCat("filter.events[", i, "]"), value);
    }
    filter.events.insert(static_cast<EventKind>(value));
  }
  if (message.has_include_ddl()) filter.include_ddl = message.include_ddl();
  return filter;
}

absl::StatusOr<StreamerSpec> FromProto(const v1::StreamerSpec& message) {
  RETURN_IF_ERROR(CheckFieldsKnown(message));
  StreamerSpec spec;
  spec.name = message.name();
  ASSIGN_OR_RETURN(spec.source, FromProto(message.source()));
  if (message.mode() != v1::StreamerSpec::CONTINUOUS && message.mode() != v1::StreamerSpec::ONESHOT) {
    return NoMeaning("mode", message.mode());
  }
  spec.oneshot = message.mode() == v1::StreamerSpec::ONESHOT;
  ASSIGN_OR_RETURN(spec.filter, FromProto(message.filter()));
  ASSIGN_OR_RETURN(spec.batch, FromProto(message.batch()));
  ASSIGN_OR_RETURN(spec.checkpoint, FromProto(message.checkpoint()));
  for (int i = 0; i < message.targets_size(); ++i) {
    ASSIGN_OR_RETURN(TargetSpec target, FromProto(message.targets(i), absl::StrCat("targets[", i, "]")));
    spec.targets.push_back(std::move(target));
  }
  spec.labels = {message.labels().begin(), message.labels().end()};
  return spec;
}

v1::StreamerSpec ToProto(const StreamerSpec& spec, Secrets secrets) {
  v1::StreamerSpec message;
  message.set_name(spec.name);
  v1::SourceSpec* source = message.mutable_source();
  source->set_flavor(spec.source.flavor == Flavor::kMariaDb ? v1::SourceSpec::MARIADB : v1::SourceSpec::MYSQL);
  *source->mutable_endpoints() = {spec.source.endpoints.begin(), spec.source.endpoints.end()};
  source->set_user(spec.source.user);
  WriteSecret(spec.source.password, secrets, [source] { return source->mutable_password(); });
  source->set_server_id(spec.source.server_id);
  source->mutable_tls()->set_mode(ToProto(spec.source.tls.mode));
  source->mutable_tls()->set_ca_file(spec.source.tls.ca_file);
  source->mutable_tls()->set_cert_file(spec.source.tls.cert_file);
  source->mutable_tls()->set_key_file(spec.source.tls.key_file);
  source->set_gtid(spec.source.gtid);
  WriteStart(spec.source.start, source->mutable_start());
  message.set_mode(spec.oneshot ? v1::StreamerSpec::ONESHOT : v1::StreamerSpec::CONTINUOUS);
  WriteFilter(spec.filter, message.mutable_filter());
  message.mutable_batch()->set_max_events(spec.batch.max_events);
  message.mutable_batch()->set_max_bytes(spec.batch.max_bytes);
  *message.mutable_batch()->mutable_max_wait() = ToProto(spec.batch.max_wait);
  message.mutable_checkpoint()->set_enabled(spec.checkpoint.enabled);
  message.mutable_checkpoint()->set_file(spec.checkpoint.file);
  *message.mutable_checkpoint()->mutable_interval() = ToProto(spec.checkpoint.interval);
  for (const TargetSpec& target : spec.targets) *message.add_targets() = ToProto(target, secrets);
  *message.mutable_labels() = {spec.labels.begin(), spec.labels.end()};
  return message;
}

}  // namespace binlogd
