// The last position record of a transactional id.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "target/kafka_client.h"
#include "target/kafka_options.h"
#include "target/position_record.h"
#include "target/store_claim.h"

namespace binlogd {

// Reads the position topic, which has one partition, as far as its transactions are decided. A read ends where the
// topic ended when it began, however much others write meanwhile, and lasts as long as something comes: silence of
// options.stall_timeout is KAFKA_UNAVAILABLE. Not thread-safe.
class KafkaPositionReader {
 public:
  // Both outlive it.
  static absl::StatusOr<std::unique_ptr<KafkaPositionReader>> Make(const KafkaOptions& options,
                                                                   const std::atomic<bool>& interrupted);
  ~KafkaPositionReader();

  // Goes on to where somebody's open transaction is, or to the end.
  absl::Status ReadDecided();
  // Goes on to where the topic ends. In its way may be another's open transaction: KAFKA_UNAVAILABLE, with the way out,
  // unless it ends in time.
  absl::Status ReadAll();
  // Goes on to the record of this take, which was committed.
  absl::Status ReadUpTo(const StoreTake& take);
  // The last one read; nullopt when there is none. FAILED_PRECONDITION, permanent: it is another owner's
  // (TARGET_IN_USE, with its name), of another format or of a newer version (TARGET_FORMAT_MISMATCH).
  absl::StatusOr<std::optional<PositionRecord>> last() const;

 private:
  KafkaPositionReader(const KafkaOptions& options, const std::atomic<bool>& interrupted)
      : options_(options), interrupted_(interrupted) {}

  absl::Status Start();
  // Where the topic ends for who reads as `client` does.
  absl::StatusOr<int64_t> FindEnd(KafkaClient& client) const;
  // Takes the next message, if there is one soon.
  absl::Status ReadNext();
  absl::Status ReadUntil(absl::FunctionRef<bool()> done);
  // That nothing comes from `next_` on, because of another's transaction.
  std::string HeldUp() const;
  absl::Status CheckIsOurs(const PositionRecord& record) const;
  std::string Cannot() const;

  const KafkaOptions& options_;
  const std::atomic<bool>& interrupted_;
  std::unique_ptr<KafkaClient> client_;
  std::unique_ptr<KafkaClient> end_finder_;  // Null until it is needed.
  KafkaPtr<rd_kafka_topic_t> topic_;
  bool started_ = false;
  int64_t next_ = 0;  // Everything before it has been read, as an offset in the topic.
  std::optional<std::string> last_;
};

}  // namespace binlogd
