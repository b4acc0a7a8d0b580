#include "target/kafka_client.h"

#include <syslog.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/status_macros.h"
#include "target/kafka_error.h"
#include "target/kafka_record.h"

namespace binlogd {
namespace {

// The longest that a call into the library waits, so that an interrupt is heeded soon.
constexpr absl::Duration kSlice = absl::Milliseconds(100);
constexpr absl::Duration kMostConnect = absl::Seconds(10);
// A request for metadata is not resumed by the next one: it needs time for a whole answer.
constexpr int kMetadataMilliseconds = 1000;
// A connection that breaks is soon there again. Brokers that choose a new leader take longer, but not much.
constexpr absl::Duration kMostDown = absl::Seconds(1);
constexpr absl::Duration kMostSilence = absl::Seconds(5);

bool IsPurged(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__PURGE_QUEUE || code == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT ||
         code == RD_KAFKA_RESP_ERR__DESTROY;
}

}  // namespace

absl::StatusOr<std::unique_ptr<KafkaClient>> KafkaClient::Make(const KafkaOptions& options, KafkaRole role,
                                                               const std::atomic<bool>& interrupted) {
  ASSIGN_OR_RETURN(KafkaPtr<rd_kafka_conf_t> conf, MakeKafkaConfig(options, role));
  std::unique_ptr<KafkaClient> client(new KafkaClient(options, role, interrupted));
  rd_kafka_conf_set_opaque(conf.get(), client.get());
  rd_kafka_conf_set_log_cb(conf.get(), &KafkaClient::OnLog);
  rd_kafka_conf_set_error_cb(conf.get(), &KafkaClient::OnError);
  const bool produces = role == KafkaRole::kProducer;
  if (produces) rd_kafka_conf_set_dr_msg_cb(conf.get(), &KafkaClient::OnDelivery);
  std::array<char, 512> text{};
  rd_kafka_t* const handle =
      rd_kafka_new(produces ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER, conf.get(), text.data(), text.size());
  if (handle == nullptr) {
    return KafkaClientError(rd_kafka_last_error(), absl::StrCat(text.data(), client->tls_said()));
  }
  (void)conf.release();  // The handle's now.
  client->handle_.reset(handle);
  return client;
}

std::string KafkaClient::Property(const char* name) const {
  std::array<char, 64> value{};
  size_t size = value.size();
  if (rd_kafka_conf_get(rd_kafka_conf(handle()), name, value.data(), &size) != RD_KAFKA_CONF_OK) return "";
  return value.data();
}

absl::Status KafkaClient::Connect() {
  const std::string what = absl::StrCat("cannot reach Kafka at ", options_.brokers.front());
  return Metadata(nullptr, what, std::min(options_.stall_timeout, kMostConnect)).status();
}

absl::Status KafkaClient::Wait(absl::Duration patience, absl::Time deadline, absl::string_view what) {
  rd_kafka_poll(handle(), static_cast<int>(absl::ToInt64Milliseconds(std::min(patience, kSlice))));
  if (interrupted_.load(std::memory_order_relaxed)) return absl::CancelledError("interrupted");
  RETURN_IF_ERROR(Annotate(refusal_, what));
  if (absl::Now() >= deadline) return NoAnswer(what, options_.stall_timeout);
  TellTrouble(deadline - options_.stall_timeout, what);
  return absl::OkStatus();
}

void KafkaClient::Serve() {
  rd_kafka_poll(handle(), 0);
  if (down_since_ != absl::InfiniteFuture()) TellTrouble(down_since_, "cannot deliver what is queued");
}

void KafkaClient::BeginToWait() {
  if (down_since_ != absl::InfiniteFuture()) down_since_ = absl::Now();
}

void KafkaClient::TellTrouble(absl::Time since, absl::string_view what) const {
  if (!on_trouble_) return;
  const absl::Time now = absl::Now();
  if (now - std::max(since, down_since_) >= kMostDown) {
    on_trouble_(Unavailable(what, absl::StrCat("cannot reach ", absl::StrJoin(options_.brokers, ", "))));
  } else if (now - since >= kMostSilence) {
    on_trouble_(NoAnswer(what, kMostSilence));
  }
}

absl::Status KafkaClient::Unavailable(absl::string_view what, absl::string_view why) const {
  return MakeError(absl::StatusCode::kUnavailable, "KAFKA_UNAVAILABLE",
                   absl::StrCat(what, ": ", why, last_error_.empty() ? "" : absl::StrCat("; last: ", last_error_)));
}

absl::Status KafkaClient::NoAnswer(absl::string_view what, absl::Duration patience) const {
  return Unavailable(what, absl::StrCat("no answer for ", absl::FormatDuration(patience)));
}

absl::StatusOr<KafkaPtr<const rd_kafka_metadata_t>> KafkaClient::Metadata(rd_kafka_topic_t* topic,
                                                                          absl::string_view what,
                                                                          absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  for (absl::Duration pause = absl::ZeroDuration();; pause = kSlice) {
    RETURN_IF_ERROR(Wait(pause, absl::InfiniteFuture(), what));
    if (absl::Now() >= deadline) return NoAnswer(what, patience);
    const rd_kafka_metadata_t* metadata = nullptr;
    const rd_kafka_resp_err_t code = rd_kafka_metadata(handle(), 0, topic, &metadata, kMetadataMilliseconds);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return KafkaPtr<const rd_kafka_metadata_t>(metadata);
  }
}

rd_kafka_resp_err_t KafkaClient::Cause(rd_kafka_resp_err_t code, std::string* detail) const {
  if (code != RD_KAFKA_RESP_ERR__FATAL) return code;
  std::array<char, 512> text{};
  const rd_kafka_resp_err_t cause = rd_kafka_fatal_error(handle(), text.data(), text.size());
  if (cause == RD_KAFKA_RESP_ERR_NO_ERROR) return code;
  *detail = text.data();
  return cause;
}

void KafkaClient::OnLog(const rd_kafka_t* client, int level, const char* facility, const char* text) {
  // A reader is configured with the producer's tuning too.
  if (absl::string_view(facility) == "CONFWARN") return;
  auto* const self = static_cast<KafkaClient*>(rd_kafka_opaque(client));
  if (self != nullptr && level <= LOG_ERR) self->NoteSaid(facility, text);
  const LogLevel ours = level <= LOG_ERR      ? LogLevel::kError
                        : level <= LOG_NOTICE ? LogLevel::kWarning
                                              : LogLevel::kDebug;
  if (self == nullptr) return Log(ours, "kafka", absl::StrCat(facility, ": ", text));
  // A broker that is away is told of with every try.
  const std::optional<uint64_t> kept_back = ours == LogLevel::kDebug ? 0 : self->log_limiter_.Admit(absl::Now());
  if (!kept_back) return;
  Log(ours, self->options_.owner, absl::StrCat("kafka: ", facility, ": ", text, KeptBackText(*kept_back)));
}

void KafkaClient::NoteSaid(absl::string_view facility, absl::string_view text) {
  constexpr size_t kMost = 1000;
  const absl::MutexLock lock(&mutex_);
  // Of a transaction's other partitions it says that they were not tried.
  if (facility == "ADDPARTS" && absl::StrContains(text, "authorization failed")) not_let_in_ = std::string(text);
  if (facility == "SSL" && tls_said_.size() < kMost) absl::StrAppend(&tls_said_, "; ", text);
}

std::string KafkaClient::not_let_in() const {
  const absl::MutexLock lock(&mutex_);
  return not_let_in_;
}

std::string KafkaClient::tls_said() const {
  const absl::MutexLock lock(&mutex_);
  return tls_said_;
}

void KafkaClient::OnError(rd_kafka_t*, int code, const char* text, void* self) {
  auto* const client = static_cast<KafkaClient*>(self);
  // It comes once, when the last broker is lost; the text before it says why.
  if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
    client->down_since_ = absl::Now();
    return;
  }
  client->last_error_ = text;
  client->refusal_.Update(KafkaRefusal(static_cast<rd_kafka_resp_err_t>(code), text));
}

void KafkaClient::OnDelivered(const rd_kafka_message_t& message) {
  // Brokers that know nothing of a producer yet may refuse its first batch for now and take the next one: then the
  // first, when it comes again, is a duplicate to them, which the library takes for a success. They tell no place of
  // it.
  if (message.offset < 0 && delivery_.ok()) {
    delivery_ = MakeError(absl::StatusCode::kUnavailable, "KAFKA_UNAVAILABLE",
                          absl::StrCat(DescribeKafkaMessage(message), ": the brokers take it for a duplicate and do ",
                                       "not tell where it is; its transaction comes again"));
  }
  constexpr double kMicroseconds = 1e-6;
  last_error_.clear();
  down_since_ = absl::InfiniteFuture();
  if (delivery_seconds_ == nullptr) return;
  delivery_seconds_->Observe(static_cast<double>(rd_kafka_message_latency(&message)) * kMicroseconds);
}

void KafkaClient::OnDelivery(rd_kafka_t*, const rd_kafka_message_t* message, void* self) {
  auto* const client = static_cast<KafkaClient*>(self);
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return client->OnDelivered(*message);
  if (IsPurged(message->err) || !client->delivery_.ok()) return;
  std::string detail;
  const rd_kafka_resp_err_t cause = client->Cause(message->err, &detail);
  // The transaction's end tells it, and why.
  if (IsFenced(cause) || cause == RD_KAFKA_RESP_ERR_INVALID_TXN_STATE) return;
  const std::string what = DescribeKafkaMessage(*message);
  client->delivery_ = KafkaError(cause, what, detail);
  if (cause != RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE || !client->limits_unknown_) return;
  client->delivery_ = Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "MESSAGE_TOO_LARGE",
                                          absl::StrCat(what, ": it is too large; raise the topic's max.message.bytes, ",
                                                       "or grant the user DescribeConfigs on it")));
}

}  // namespace binlogd
