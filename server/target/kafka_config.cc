#include "target/kafka_config.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/shown.h"
#include "base/status_macros.h"

namespace binlogd {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

// What waits for the brokers at most. A record that is larger could never be queued.
constexpr char kQueueKilobytes[] = "16384";
constexpr char kQueueMessages[] = "20000";
constexpr char kMostMessageBytes[] = "16777216";

// Names that the guarantees rest on, or that a field of the target's sets; "x*": all that begin with x.
constexpr absl::string_view kOurs[] = {"acks",
                                       "allow.auto.create.topics",
                                       "bootstrap.servers",
                                       "builtin.features",
                                       "compression.codec",
                                       "compression.type",
                                       "consume.*",
                                       "debug",
                                       "delivery.report.only.error",
                                       "delivery.timeout.ms",
                                       "dr_*",
                                       "enable.auto.*",
                                       "enable.gapless.guarantee",
                                       "enable.idempotence",
                                       "enable.partition.eof",
                                       "enable.random.seed",
                                       "enable.sasl.*",
                                       "enable.ssl.*",
                                       "group.*",
                                       "interceptors",
                                       "isolation.level",
                                       "log*",
                                       "max.in.flight*",
                                       "message.send.max.retries",
                                       "message.timeout.ms",
                                       "metadata.broker.list",
                                       "opaque",
                                       "partitioner*",
                                       "plugin.*",
                                       "queuing.strategy",
                                       "rebalance_cb",
                                       "request.required.acks",
                                       "request.timeout.ms",
                                       "retries",
                                       "sasl.*",
                                       "security.protocol",
                                       "ssl.*",
                                       "statistics.interval.ms",
                                       "sticky.*",
                                       "test.*",
                                       "transaction.timeout.ms",
                                       "transactional.id",
                                       "*_cb"};

bool Fits(absl::string_view pattern, absl::string_view name) {
  if (absl::EndsWith(pattern, "*")) return absl::StartsWith(name, pattern.substr(0, pattern.size() - 1));
  if (absl::StartsWith(pattern, "*")) return absl::EndsWith(name, pattern.substr(1));
  return name == pattern;
}

absl::Status Refused(absl::string_view why) {
  return MakeError(absl::StatusCode::kInvalidArgument, "KAFKA_PROPERTY_REFUSED", why);
}

// Neither the value nor the library's text, which holds it, is told.
absl::Status Set(const std::string& name, const std::string& value, rd_kafka_conf_t* conf) {
  std::array<char, 512> unused;
  switch (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), unused.data(), unused.size())) {
    case RD_KAFKA_CONF_OK: return absl::OkStatus();
    case RD_KAFKA_CONF_UNKNOWN: return Refused(absl::StrCat("librdkafka has no property ", Shown(name)));
    default: return Refused(absl::StrCat("librdkafka does not take the value of ", Shown(name)));
  }
}

std::string CompressionName(KafkaOptions::Compression compression) {
  switch (compression) {
    case KafkaOptions::Compression::kNone: break;
    case KafkaOptions::Compression::kGzip: return "gzip";
    case KafkaOptions::Compression::kSnappy: return "snappy";
    case KafkaOptions::Compression::kLz4: return "lz4";
    case KafkaOptions::Compression::kZstd: return "zstd";
  }
  return "none";
}

std::string Milliseconds(absl::Duration duration) { return absl::StrCat(absl::ToInt64Milliseconds(duration)); }

absl::Status AddConnection(const KafkaOptions& options, Settings* settings) {
  settings->emplace_back("bootstrap.servers", absl::StrJoin(options.brokers, ","));
  settings->emplace_back("security.protocol",
                         absl::StrCat(options.sasl ? "sasl_" : "", options.tls ? "ssl" : "plaintext"));
  if (options.tls) {
    if (!options.tls->ca_file.empty()) settings->emplace_back("ssl.ca.location", options.tls->ca_file);
    if (!options.tls->cert_file.empty()) settings->emplace_back("ssl.certificate.location", options.tls->cert_file);
    if (!options.tls->key_file.empty()) settings->emplace_back("ssl.key.location", options.tls->key_file);
  }
  if (!options.sasl) return absl::OkStatus();
  ASSIGN_OR_RETURN(std::string password, options.sasl->password());
  settings->emplace_back("sasl.mechanism", options.sasl->mechanism);
  settings->emplace_back("sasl.username", options.sasl->user);
  settings->emplace_back("sasl.password", std::move(password));
  return absl::OkStatus();
}

void AddProducer(const KafkaOptions& options, Settings* settings) {
  settings->emplace_back("transactional.id", options.transactional_id);
  settings->emplace_back("transaction.timeout.ms", Milliseconds(options.transaction_timeout));
  settings->emplace_back("message.timeout.ms", Milliseconds(options.transaction_timeout));
  settings->emplace_back(
      "request.timeout.ms",
      Milliseconds(std::min({options.stall_timeout, options.transaction_timeout, absl::Seconds(30)})));
  settings->emplace_back("compression.type", CompressionName(options.compression));
  // Or else the library chooses the partition of a record without a key by itself, and does not ask for ours.
  settings->emplace_back("sticky.partitioning.linger.ms", "0");
}

void AddReader(KafkaRole role, Settings* settings) {
  settings->emplace_back("isolation.level", role == KafkaRole::kReader ? "read_committed" : "read_uncommitted");
  settings->emplace_back("enable.partition.eof", "true");
  settings->emplace_back("enable.auto.commit", "false");
  // An offset that is no more is no reason to leave out what follows: who has no position delivers all again.
  settings->emplace_back("auto.offset.reset", "error");
  settings->emplace_back("fetch.wait.max.ms", "10");  // Where the topic ends is to be known soon.
}

}  // namespace

absl::Status CheckKafkaProperties(const std::map<std::string, std::string>& properties) {
  const KafkaPtr<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  for (const auto& [name, value] : properties) {
    const auto fits = [name = absl::string_view(name)](absl::string_view pattern) { return Fits(pattern, name); };
    if (std::any_of(std::begin(kOurs), std::end(kOurs), fits)) {
      return Refused(absl::StrCat(Shown(name), " is not for you to set: delivery exactly once rests on it, or the ",
                                  "target has a field for it"));
    }
    RETURN_IF_ERROR(Set(name, value, conf.get()));
  }
  return absl::OkStatus();
}

absl::StatusOr<KafkaPtr<rd_kafka_conf_t>> MakeKafkaConfig(const KafkaOptions& options, KafkaRole role) {
  RETURN_IF_ERROR(Permanent(CheckKafkaProperties(options.properties)));
  Settings settings;
  if (role == KafkaRole::kProducer) {
    settings = {{"queue.buffering.max.kbytes", kQueueKilobytes},
                {"queue.buffering.max.messages", kQueueMessages},
                {"message.max.bytes", kMostMessageBytes}};
  }
  settings.insert(settings.end(), options.properties.begin(), options.properties.end());
  RETURN_IF_ERROR(AddConnection(options, &settings));
  if (role == KafkaRole::kProducer) {
    AddProducer(options, &settings);
  } else {
    AddReader(role, &settings);
  }
  KafkaPtr<rd_kafka_conf_t> conf(rd_kafka_conf_new());
  for (const auto& [name, value] : settings) RETURN_IF_ERROR(Permanent(Set(name, value, conf.get())));
  return conf;
}

}  // namespace binlogd
