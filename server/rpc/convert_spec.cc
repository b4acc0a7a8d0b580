#include <google/protobuf/util/time_util.h>

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "rpc/convert.h"

namespace binlogd {
namespace {

using google::protobuf::util::TimeUtil;

absl::Status NoMeaning(absl::string_view field, int value) {
  return InvalidField(field, "BAD_VALUE", absl::StrCat(value, " is not one of its values"));
}

absl::StatusOr<absl::Duration> FromProto(const google::protobuf::Duration& message, absl::string_view field) {
  constexpr int64_t kMostSeconds = 315576000000;
  if (message.seconds() < 0 || message.seconds() > kMostSeconds || message.nanos() < 0 || message.nanos() > 999999999) {
    return InvalidField(field, "BAD_VALUE", "it is no duration of 0 or more");
  }
  return absl::Seconds(message.seconds()) + absl::Nanoseconds(message.nanos());
}

google::protobuf::Duration ToProto(absl::Duration duration) {
  return TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(duration));
}

Secret FromProto(const v1::Secret& message) {
  switch (message.kind_case()) {
    case v1::Secret::kFile: return Secret{Secret::Kind::kFile, message.file()};
    case v1::Secret::kEnv: return Secret{Secret::Kind::kEnvironment, message.env()};
    case v1::Secret::kValue: return Secret{Secret::Kind::kValue, message.value()};
    case v1::Secret::KIND_NOT_SET: break;
  }
  return Secret();
}

void WriteSecret(const Secret& secret, Secrets secrets, v1::SourceSpec* message) {
  if (secret.kind == Secret::Kind::kFile) message->mutable_password()->set_file(secret.text);
  if (secret.kind == Secret::Kind::kEnvironment) message->mutable_password()->set_env(secret.text);
  if (secret.kind == Secret::Kind::kValue && secrets == Secrets::kIncluded)
    message->mutable_password()->set_value(secret.text);
}

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

StartSpec FromProto(const v1::StartSpec& message) {
  StartSpec start;
  switch (message.kind_case()) {
    case v1::StartSpec::kCurrent: start.kind = StartSpec::Kind::kCurrent; break;
    case v1::StartSpec::kPosition:
      start.kind = StartSpec::Kind::kPosition;
      start.file = message.position().file();
      start.offset = message.position().offset();
      break;
    case v1::StartSpec::kGtidSet:
      start.kind = StartSpec::Kind::kGtidSet;
      start.gtid_set = message.gtid_set();
      break;
    case v1::StartSpec::kEarliest:
    case v1::StartSpec::KIND_NOT_SET: break;
  }
  return start;
}

void WriteStart(const StartSpec& start, v1::StartSpec* message) {
  switch (start.kind) {
    case StartSpec::Kind::kEarliest: message->mutable_earliest(); break;
    case StartSpec::Kind::kCurrent: message->mutable_current(); break;
    case StartSpec::Kind::kPosition:
      message->mutable_position()->set_file(start.file);
      message->mutable_position()->set_offset(start.offset);
      break;
    case StartSpec::Kind::kGtidSet: message->set_gtid_set(start.gtid_set); break;
  }
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

// The formats of decoded events follow RAW, in their order.
constexpr int kFirstDecoded = v1::JSON;
static_assert(static_cast<int>(EventFormat::kJson) + kFirstDecoded == v1::JSON);
static_assert(static_cast<int>(EventFormat::kDebeziumJson) + kFirstDecoded == v1::DEBEZIUM_JSON);
static_assert(static_cast<int>(EventFormat::kMaxwellJson) + kFirstDecoded == v1::MAXWELL_JSON);
static_assert(static_cast<int>(EventFormat::kCanalJson) + kFirstDecoded == v1::CANAL_JSON);
static_assert(static_cast<int>(EventFormat::kProtobuf) + kFirstDecoded == v1::PROTOBUF);

v1::Format ToProto(const std::optional<EventFormat>& format) {
  return format ? static_cast<v1::Format>(static_cast<int>(*format) + kFirstDecoded) : v1::RAW;
}

absl::StatusOr<TargetSpec> FromProto(const v1::TargetSpec& message, const std::string& field) {
  TargetSpec target;
  target.name = message.name();
  if (!message.has_file()) return InvalidField(field, "BAD_VALUE", "say where it goes: file: {path: …}");
  target.file.path = message.file().path();
  if (!v1::Format_IsValid(message.file().format())) {
    return NoMeaning(absl::StrCat(field, ".file.format"), message.file().format());
  }
  if (message.file().format() != v1::RAW) {
    target.file.format = static_cast<EventFormat>(message.file().format() - kFirstDecoded);
  }
  if (message.file().rotate_bytes() != 0) target.file.rotate_bytes = message.file().rotate_bytes();
  return target;
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
  return spec;
}

v1::StreamerSpec ToProto(const StreamerSpec& spec, Secrets secrets) {
  v1::StreamerSpec message;
  message.set_name(spec.name);
  v1::SourceSpec* source = message.mutable_source();
  source->set_flavor(spec.source.flavor == Flavor::kMariaDb ? v1::SourceSpec::MARIADB : v1::SourceSpec::MYSQL);
  *source->mutable_endpoints() = {spec.source.endpoints.begin(), spec.source.endpoints.end()};
  source->set_user(spec.source.user);
  WriteSecret(spec.source.password, secrets, source);
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
  for (const TargetSpec& target : spec.targets) {
    v1::TargetSpec* added = message.add_targets();
    added->set_name(target.name);
    added->mutable_file()->set_path(target.file.path);
    added->mutable_file()->set_format(ToProto(target.file.format));
    added->mutable_file()->set_rotate_bytes(target.file.rotate_bytes);
  }
  return message;
}

}  // namespace binlogd
