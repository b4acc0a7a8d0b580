// What tests of the Kafka target share.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "target/kafka_target.h"
#include "tests/harness/kafka_broker.h"
#include "tests/harness/tcp_proxy.h"

namespace binlogd::testing {

// A broker, and a network to it that fails on demand; one for all tests of a binary, that starting takes seconds for.
class KafkaNetwork {
 public:
  // UNAVAILABLE with the reason when this machine cannot have it.
  static absl::StatusOr<KafkaNetwork*> Get() {
    static absl::StatusOr<KafkaNetwork*>* const network = new absl::StatusOr<KafkaNetwork*>(Start());
    return *network;
  }

  KafkaBroker& broker() { return *broker_; }
  TcpProxy& proxy() { return *proxy_; }
  // Past the proxy.
  KafkaClient client() const { return broker_->client(); }
  // Through it.
  std::string address() const { return absl::StrCat("127.0.0.1:", proxy_->port()); }

 private:
  static absl::StatusOr<KafkaNetwork*> Start() {
    auto network = std::make_unique<KafkaNetwork>();
    absl::StatusOr<std::unique_ptr<TcpProxy>> proxy = TcpProxy::Start(0);
    if (!proxy.ok()) return proxy.status();
    testing::KafkaOptions options;
    options.auto_create_topics = false;
    options.sasl = options.tls = options.client_certificates = options.authorizer = true;
    options.advertised_port = (*proxy)->port();
    options.properties["transaction.abort.timed.out.transaction.cleanup.interval.ms"] = "200";
    absl::StatusOr<std::unique_ptr<KafkaBroker>> broker = KafkaBroker::Start(options);
    if (!broker.ok()) return broker.status();
    (*proxy)->SetTarget((*broker)->forwarded_port());
    network->proxy_ = *std::move(proxy);
    network->broker_ = *std::move(broker);
    return network.release();  // Until the process ends, which ends the broker.
  }

  std::unique_ptr<TcpProxy> proxy_;
  std::unique_ptr<KafkaBroker> broker_;
};

// Where a partition ends for who reads with the isolation level; -1 when there is no such partition.
inline int64_t EndOfPartition(const std::string& bootstrap, const char* isolation, const std::string& topic,
                              int32_t partition) {
  std::array<char, 512> error{};
  rd_kafka_conf_t* const conf = rd_kafka_conf_new();
  rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap.c_str(), error.data(), error.size());
  rd_kafka_conf_set(conf, "isolation.level", isolation, error.data(), error.size());
  const KafkaPtr<rd_kafka_t> client(rd_kafka_new(RD_KAFKA_CONSUMER, conf, error.data(), error.size()));
  int64_t begin = 0, end = -1;
  const rd_kafka_resp_err_t code =
      rd_kafka_query_watermark_offsets(client.get(), topic.c_str(), partition, &begin, &end, 30000);
  return code == RD_KAFKA_RESP_ERR_NO_ERROR ? end : -1;
}

// Brokers answer a commit before who reads what is committed sees it: waits for that, but no longer than 10 s, for a
// transaction may be open on purpose.
inline void AwaitDecided(const std::string& bootstrap, const std::string& topic) {
  const absl::Time give_up = absl::Now() + absl::Seconds(10);
  for (int32_t partition = 0;; ++partition) {
    const int64_t end = EndOfPartition(bootstrap, "read_uncommitted", topic, partition);
    if (end < 0) return;
    while (absl::Now() < give_up && EndOfPartition(bootstrap, "read_committed", topic, partition) < end) continue;
  }
}

// A number that no other call has given.
inline std::string UniqueNumber() {
  static std::atomic<int> last = 0;
  return absl::StrCat(++last);
}

}  // namespace binlogd::testing
