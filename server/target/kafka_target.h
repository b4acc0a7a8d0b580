// Records in the topics of a Kafka cluster.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "target/kafka_client.h"
#include "target/kafka_options.h"
#include "target/kafka_position_reader.h"
#include "target/kafka_producer.h"
#include "target/kafka_topics.h"
#include "target/position_record.h"
#include "target/target.h"

namespace binlogd {

// Each event's records, and the position after them, are committed in one transaction of Kafka, so that who reads what
// is committed sees each once (docs/kafka.md). Transactions hold whole transactions of the source: what follows the
// last boundary waits in memory, and from `hold_back_bytes` on in a transaction of its own, which stays open as long as
// the source's goes on.
class KafkaTarget : public Target {
 public:
  KafkaTarget(std::string name, KafkaOptions options);
  ~KafkaTarget() override;

  absl::string_view type() const override { return "kafka"; }
  std::optional<EventFormat> format() const override { return options_.format; }
  bool wants_records() const override { return true; }
  void Interrupt() override { interrupted_ = true; }

 private:
  // Where a table's records go.
  struct Route {
    KafkaTopic* topic = nullptr;
    std::string table;  // "database.table": tells records without a key their partition.
  };
  // Encoded records of a block that have not been sent.
  struct Unsent {
    std::string epoch;
    std::string file;
    EncodedBlock encoded;
  };

  absl::StatusOr<std::optional<DurablePosition>> DoOpen() override;
  absl::Status DoBegin(const DurablePosition& start, const EpochStart& epoch) override;
  absl::Status DoWrite(const Block& block, size_t from, const EncodedBlock* encoded) override;
  absl::Status DoCommit(const DurablePosition& position) override;
  void DoClose() override;

  // The last position record, unless the id is another's. TARGET_IN_USE, permanent, as KafkaPositionReader::last, and
  // when another took it after our claim did.
  absl::StatusOr<std::optional<PositionRecord>> FindOurs(const KafkaPositionReader& reader);
  // Whether `position` is what the last committed transaction says.
  bool IsCommitted(const DurablePosition& position) const;
  absl::Status CommitAt(const DurablePosition& position);
  // Makes room for what follows the last boundary: commits all before it, then sends on.
  absl::Status GoAhead();
  absl::Status SendUnsent();
  absl::Status Send(const std::string& epoch, const std::string& file, const EncodedBlock& encoded, size_t begin,
                    size_t end);
  absl::Status SendRecord(const Route& route, const RecordOrigin& origin, KafkaRecord record);
  absl::Status SendDeadLetter(const Route& route, const RecordOrigin& origin, const KafkaRecord& record);
  absl::StatusOr<const Route*> FindRoute(const RecordOrigin& origin);
  // Whether another table has the topic: TOPIC_SHARED, permanent, or a warning where the template names no database.
  absl::Status CheckShared(const std::string& topic, const std::string& table);

  const KafkaOptions options_;
  std::atomic<bool> interrupted_ = false;

  // Used by the client until it ends, so before it.
  std::map<std::pair<std::string, std::string>, Route> routes_;  // By database and table.
  std::map<std::string, std::string> table_of_topic_;            // The first, of topics that name a table.
  std::unique_ptr<KafkaClient> client_;
  std::unique_ptr<KafkaTopics> topics_;
  std::unique_ptr<KafkaProducer> producer_;

  KafkaTopic* position_topic_ = nullptr;
  StoreTake take_;  // Ours; of generation 0 while nothing is on record.
  std::optional<DurablePosition> committed_;
  std::vector<Unsent> unsent_;  // What follows the last boundary, unless `ahead_`.
  size_t unsent_bytes_ = 0;
  bool ahead_ = false;  // The open transaction holds nothing but records after the last boundary.
};

}  // namespace binlogd
