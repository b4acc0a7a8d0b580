// A client of a Kafka cluster, and how long it waits.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/histogram.h"
#include "base/log_limiter.h"
#include "target/kafka_config.h"
#include "target/kafka_handle.h"
#include "target/kafka_options.h"

namespace binlogd {

// One client of librdkafka. Its log goes to ours. Used by one thread, but that `interrupted` may be set by any: what
// waits ends soon after.
class KafkaClient {
 public:
  // `options` and `interrupted` outlive the client. Errors as MakeKafkaConfig; permanent KAFKA_CLIENT_REFUSED when
  // librdkafka cannot be had as configured: files that cannot be read, settings that clash.
  static absl::StatusOr<std::unique_ptr<KafkaClient>> Make(const KafkaOptions& options, KafkaRole role,
                                                           const std::atomic<bool>& interrupted);
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  rd_kafka_t* handle() const { return handle_.get(); }
  // A property as it is in force.
  std::string Property(const char* name) const;
  // When a request that begins now has gone on for too long.
  absl::Time Deadline() const { return absl::Now() + options_.stall_timeout; }

  // Waits up to ten seconds until a broker answers and has let us in: those who open wait for each other.
  // KAFKA_AUTHENTICATION_FAILED, KAFKA_TLS_FAILED, KAFKA_UNAVAILABLE.
  absl::Status Connect();
  // Serves callbacks for up to `patience`; a slice of a wait for `what`. CANCELLED when interrupted, the brokers'
  // refusal to talk to us, KAFKA_UNAVAILABLE after `deadline`.
  absl::Status Wait(absl::Duration patience, absl::Time deadline, absl::string_view what);
  // Serves callbacks without waiting.
  void Serve();
  // Who is told while Wait, for a deadline of Deadline(), or a record that Serve looks after gets no answer: after a
  // second when no broker can be reached, else after five. May be null. Before the first wait.
  void set_on_trouble(std::function<void(const absl::Status& why)> on_trouble) { on_trouble_ = std::move(on_trouble); }
  // What was known of brokers that cannot be reached counts from now on only: nothing had to wait for them until now.
  void BeginToWait();
  // A topic does not tell how large a record may be: to read that anew helps none that is too large.
  void set_limits_unknown() { limits_unknown_ = true; }
  // A record was not delivered: the first such failure; OK when there is none.
  const absl::Status& delivery() const { return delivery_; }
  // What the library said of the last partition that we may not write to, with its name, which the transaction's error
  // lacks; empty when there is none.
  std::string not_let_in() const;
  // Where it is to observe how long records take until they are acknowledged; outlives the client. Before the first.
  void set_delivery_seconds(Histogram* seconds) { delivery_seconds_ = seconds; }
  // The status of a call that returned `code`; of RD_KAFKA_RESP_ERR__FATAL the cause is told.
  rd_kafka_resp_err_t Cause(rd_kafka_resp_err_t code, std::string* detail) const;

  // `name`: topic; what the brokers know of it. The error of the topic is in the metadata.
  absl::StatusOr<KafkaPtr<const rd_kafka_metadata_t>> Metadata(rd_kafka_topic_t* topic, absl::string_view what) {
    return Metadata(topic, what, options_.stall_timeout);
  }

 private:
  absl::StatusOr<KafkaPtr<const rd_kafka_metadata_t>> Metadata(rd_kafka_topic_t* topic, absl::string_view what,
                                                               absl::Duration patience);
  // KAFKA_UNAVAILABLE, with what the library said last.
  absl::Status Unavailable(absl::string_view what, absl::string_view why) const;
  absl::Status NoAnswer(absl::string_view what, absl::Duration patience) const;
  // Nothing was answered since `since`.
  void TellTrouble(absl::Time since, absl::string_view what) const;

  KafkaClient(const KafkaOptions& options, KafkaRole role, const std::atomic<bool>& interrupted)
      : options_(options), role_(role), interrupted_(interrupted) {}

  static void OnLog(const rd_kafka_t* client, int level, const char* facility, const char* text);
  static void OnError(rd_kafka_t* client, int code, const char* text, void* self);
  void NoteSaid(absl::string_view facility, absl::string_view text);
  // What TLS complained of, which the error of a client that could not be made lacks.
  std::string tls_said() const;
  void OnDelivered(const rd_kafka_message_t& message);
  static void OnDelivery(rd_kafka_t* client, const rd_kafka_message_t* message, void* self);

  const KafkaOptions& options_;
  const KafkaRole role_;
  const std::atomic<bool>& interrupted_;
  mutable LogLimiter log_limiter_{absl::Seconds(10)};
  mutable absl::Mutex mutex_;
  std::string not_let_in_ ABSL_GUARDED_BY(mutex_);  // Comes by the library's threads, as does the next.
  std::string tls_said_ ABSL_GUARDED_BY(mutex_);
  std::function<void(const absl::Status& why)> on_trouble_;
  std::string last_error_;                          // Of a connection, since the last delivery.
  absl::Time down_since_ = absl::InfiniteFuture();  // No broker could be reached, and nothing was delivered since.
  absl::Status refusal_;
  absl::Status delivery_;
  bool limits_unknown_ = false;
  Histogram* delivery_seconds_ = nullptr;
  KafkaPtr<rd_kafka_t> handle_;  // The last member: it goes first, and its callbacks use the others.
};

}  // namespace binlogd
