#include "target/kafka_target.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "base/logging.h"
#include "base/shown.h"
#include "base/status_macros.h"
#include "target/kafka_record.h"
#include "target/kafka_topic_names.h"

namespace binlogd {
namespace {

constexpr absl::Duration kAbortPatience = absl::Seconds(2);

// The records of `encoded` after the boundary, on their own.
EncodedBlock AfterBoundary(const EncodedBlock& encoded) {
  EncodedBlock rest;
  rest.bytes = encoded.bytes.substr(encoded.boundary_bytes);
  rest.records.assign(encoded.records.begin() + static_cast<std::ptrdiff_t>(encoded.boundary_records),
                      encoded.records.end());
  if (rest.records.empty()) return rest;
  const size_t keys = rest.records.front().key_begin;
  const size_t origins = rest.records.front().origin;
  rest.keys = encoded.keys.substr(keys);
  rest.origins.assign(encoded.origins.begin() + static_cast<std::ptrdiff_t>(origins), encoded.origins.end());
  for (RecordBuffer::Record& record : rest.records) {
    record.value_begin -= encoded.boundary_bytes;
    record.key_begin -= keys;
    record.origin -= origins;
  }
  return rest;
}

// What the record's position header says.
absl::string_view PlaceOf(const KafkaRecord& record) {
  for (const auto& [name, value] : record.headers) {
    if (name == kKafkaPositionHeader) return value;
  }
  return "";
}

// Of who takes the transactional id at the same moment only what is on record counts: to try again tells.
absl::Status MayPassWhileTaking(const absl::Status& status) {
  if (ErrorReason(status) != "TARGET_IN_USE") return status;
  return MakeError(absl::StatusCode::kAborted, "TARGET_IN_USE", status.message());
}

bool SamePlace(const DurablePosition& a, const DurablePosition& b) {
  return a.epoch == b.epoch && a.position.file == b.position.file && a.position.offset == b.position.offset;
}

}  // namespace

KafkaTarget::KafkaTarget(std::string name, KafkaOptions options)
    : Target(std::move(name)), options_(std::move(options)) {}

// A producer that ends amid a transaction without aborting it may trip over the registration of its partitions, which
// librdkafka 2.0 takes for a bug and ends the process.
KafkaTarget::~KafkaTarget() { DoClose(); }

absl::StatusOr<std::optional<DurablePosition>> KafkaTarget::DoOpen() {
  ASSIGN_OR_RETURN(client_, KafkaClient::Make(options_, KafkaRole::kProducer, interrupted_));
  client_->set_delivery_seconds(&counters()->store_seconds);
  client_->set_on_trouble(on_trouble());
  RETURN_IF_ERROR(client_->Connect());
  topics_ = std::make_unique<KafkaTopics>(options_, client_.get());
  ASSIGN_OR_RETURN(position_topic_, topics_->FindPositions());
  ASSIGN_OR_RETURN(const auto reader, KafkaPositionReader::Make(options_, interrupted_));
  // Whoever else has this transactional id is left alone before he is disturbed.
  RETURN_IF_ERROR(reader->ReadDecided());
  RETURN_IF_ERROR(FindOurs(*reader).status());
  producer_ = std::make_unique<KafkaProducer>(options_, client_.get());
  RETURN_IF_ERROR(MayPassWhileTaking(producer_->Init()));
  // Nobody can write a position for us any more, and what was open is decided.
  RETURN_IF_ERROR(reader->ReadAll());
  ASSIGN_OR_RETURN(const std::optional<PositionRecord> record, FindOurs(*reader));
  if (!record) return std::nullopt;
  take_ = claim().TakeAfter(record->take.generation);
  RETURN_IF_ERROR(MayPassWhileTaking(CommitAt(record->durable)));
  // From now on who had the id before sees that it is taken, whatever transactions of others come behind.
  RETURN_IF_ERROR(reader->ReadUpTo(take_));
  return committed_;
}

absl::StatusOr<std::optional<PositionRecord>> KafkaTarget::FindOurs(const KafkaPositionReader& reader) {
  ASSIGN_OR_RETURN(std::optional<PositionRecord> record, reader.last());
  if (!record || !claim().WasTakenBy(record->take)) return record;
  return Permanent(MakeError(
      absl::StatusCode::kFailedPrecondition, "TARGET_IN_USE",
      absl::StrCat("transactional id ", Shown(options_.transactional_id), " was taken over by ", record->owner, ", on ",
                   record->take.host, " since ", record->take.since, "; run each streamer in one binlogd only")));
}

absl::Status KafkaTarget::DoBegin(const DurablePosition& start, const EpochStart&) {
  // A transaction that was cut off by the end of an epoch comes again as a whole.
  unsent_.clear();
  unsent_bytes_ = 0;
  if (ahead_) RETURN_IF_ERROR(producer_->Abort(options_.stall_timeout));
  ahead_ = false;
  if (take_.generation == 0) take_ = claim().TakeAfter(0);
  return CommitAt(start);
}

absl::Status KafkaTarget::DoWrite(const Block& block, size_t, const EncodedBlock* encoded) {
  const std::string epoch = block.epoch->epoch.name();
  if (encoded->boundary_offset != 0) {
    RETURN_IF_ERROR(SendUnsent());
    RETURN_IF_ERROR(Send(epoch, block.start.file, *encoded, 0, encoded->boundary_records));
    ahead_ = false;
  }
  if (ahead_) return Send(epoch, block.start.file, *encoded, 0, encoded->records.size());
  // What a call before left is more than may wait, and its boundary is known by now.
  if (encoded->boundary_offset == 0 && unsent_bytes_ > options_.hold_back_bytes) {
    RETURN_IF_ERROR(GoAhead());
    return Send(epoch, block.start.file, *encoded, 0, encoded->records.size());
  }
  if (encoded->boundary_records == encoded->records.size()) return absl::OkStatus();
  unsent_.push_back({epoch, block.start.file, AfterBoundary(*encoded)});
  unsent_bytes_ += unsent_.back().encoded.bytes.size() + unsent_.back().encoded.keys.size();
  return absl::OkStatus();
}

absl::Status KafkaTarget::GoAhead() {
  if (producer_->in_transaction() || !IsCommitted(written())) RETURN_IF_ERROR(CommitAt(written()));
  ahead_ = true;
  return SendUnsent();
}

absl::Status KafkaTarget::DoCommit(const DurablePosition& position) {
  if (IsCommitted(position)) return absl::OkStatus();
  return CommitAt(position);
}

bool KafkaTarget::IsCommitted(const DurablePosition& position) const {
  return committed_ && SamePlace(*committed_, position);
}

absl::Status KafkaTarget::CommitAt(const DurablePosition& position) {
  PositionRecord durable;
  durable.format = std::string(EventFormatName(options_.format));
  durable.durable = position;
  durable.owner = options_.owner;
  durable.take = take_;
  const std::string json = PositionRecordJson(durable);
  KafkaRecord record;
  record.key = options_.transactional_id;
  record.value = json;
  if (record.size() > position_topic_->most_bytes) {
    return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "MESSAGE_TOO_LARGE",
                               absl::StrCat("the position, with its GTID sets, has ", record.size(),
                                            " bytes, but topic ", Shown(position_topic_->name()), " takes ",
                                            position_topic_->most_bytes, "; raise its max.message.bytes")));
  }
  RETURN_IF_ERROR(producer_->Produce(position_topic_, record, nullptr));
  RETURN_IF_ERROR(producer_->Commit());
  committed_ = position;
  return absl::OkStatus();
}

absl::Status KafkaTarget::SendUnsent() {
  for (const Unsent& unsent : unsent_) {
    RETURN_IF_ERROR(Send(unsent.epoch, unsent.file, unsent.encoded, 0, unsent.encoded.records.size()));
  }
  unsent_.clear();
  unsent_bytes_ = 0;
  return absl::OkStatus();
}

absl::Status KafkaTarget::Send(const std::string& epoch, const std::string& file, const EncodedBlock& encoded,
                               size_t begin, size_t end) {
  const Route* route = nullptr;
  const RecordOrigin* origin = nullptr;
  std::string position;
  int64_t timestamp = 0;
  for (size_t i = begin; i < end; ++i) {
    const RecordBuffer::Record& from = encoded.records[i];
    if (origin != &encoded.origins[from.origin]) {
      origin = &encoded.origins[from.origin];
      ASSIGN_OR_RETURN(route, FindRoute(*origin));
      position = absl::StrCat(file, ":", origin->end_offset);
      timestamp = absl::ToUnixMillis(
          KafkaTimestamp(absl::FromUnixSeconds(origin->timestamp), route->topic->retention, absl::Now()));
    }
    KafkaRecord record;
    record.key = absl::string_view(encoded.keys).substr(from.key_begin, from.key_size);
    record.value = absl::string_view(encoded.bytes).substr(from.value_begin, from.value_size);
    record.has_value = !from.tombstone;
    record.timestamp = timestamp;
    record.headers = {{kKafkaStreamerHeader, options_.streamer},
                      {kKafkaEpochHeader, epoch},
                      {kKafkaPositionHeader, position},
                      {kKafkaEventHeader, EventKindName(origin->kind)}};
    if (!origin->gtid.empty()) record.headers.emplace_back(kKafkaGtidHeader, origin->gtid);
    RETURN_IF_ERROR(SendRecord(*route, *origin, std::move(record)));
  }
  return absl::OkStatus();
}

absl::Status KafkaTarget::SendRecord(const Route& route, const RecordOrigin& origin, KafkaRecord record) {
  if (record.size() <= route.topic->most_bytes) return producer_->Produce(route.topic, record, &route.table);
  if (options_.oversize == KafkaOptions::Oversize::kDeadLetter) return SendDeadLetter(route, origin, record);
  return Permanent(MakeError(
      absl::StatusCode::kFailedPrecondition, "MESSAGE_TOO_LARGE",
      absl::StrCat("the ", EventKindName(origin.kind), " of ", Shown(route.table), " at ", PlaceOf(record),
                   " makes a record of ", record.size(), " bytes, but topic ", Shown(route.topic->name()), " takes ",
                   route.topic->most_bytes,
                   "; raise the topic's max.message.bytes (beyond 16 MiB also message.max.bytes and ",
                   "queue.buffering.max.kbytes in kafka.properties), set kafka.oversize to DEAD_LETTER, or leave the ",
                   "table out with a filter")));
}

absl::Status KafkaTarget::SendDeadLetter(const Route& route, const RecordOrigin& origin, const KafkaRecord& record) {
  ASSIGN_OR_RETURN(KafkaTopic* const topic, topics_->Find(options_.dead_letter_topic));
  const std::string size = absl::StrCat(record.size());
  const std::string most = absl::StrCat(route.topic->most_bytes);
  KafkaRecord letter = record;
  letter.headers.insert(letter.headers.end(), {{kKafkaReasonHeader, "MESSAGE_TOO_LARGE"},
                                               {kKafkaTopicHeader, route.topic->name()},
                                               {kKafkaDatabaseHeader, origin.database},
                                               {kKafkaTableHeader, origin.table},
                                               {kKafkaSizeHeader, size},
                                               {kKafkaLimitHeader, most}});
  // First the value is cut, then a key that still does not fit.
  const auto cut = [&letter, topic](absl::string_view* part) {
    const size_t excess = letter.size() - std::min(letter.size(), topic->most_bytes);
    *part = part->substr(0, part->size() - std::min(part->size(), excess));
  };
  cut(&letter.value);
  cut(&letter.key);
  Log(LogLevel::kWarning, options_.streamer,
      absl::StrCat("kafka: the ", EventKindName(origin.kind), " of ", Shown(route.table), " at ", PlaceOf(record),
                   " makes a record of ", size, " bytes, too large for topic ", Shown(route.topic->name()),
                   "; it goes to ", Shown(topic->name())));
  return producer_->Produce(topic, letter, &route.table);
}

absl::StatusOr<const KafkaTarget::Route*> KafkaTarget::FindRoute(const RecordOrigin& origin) {
  const auto [found, is_new] = routes_.try_emplace({origin.database, origin.table});
  Route& route = found->second;
  if (is_new) route.table = absl::StrCat(origin.database, ".", origin.table);
  if (route.topic == nullptr) {
    const std::string& form = origin.table.empty() ? options_.events_topic : options_.topic;
    const std::string topic = KafkaTopicName(form, options_.streamer, origin.database, origin.table);
    if (topic == options_.position_topic) {
      const std::string what = origin.table.empty() ? "events" : absl::StrCat("records of ", Shown(route.table));
      return Permanent(MakeError(
          absl::StatusCode::kFailedPrecondition, "POSITION_TOPIC_INVALID",
          absl::StrCat(what, " would go to topic ", Shown(topic), ", which holds the positions and nothing else: name ",
                       "another kafka.topic or kafka.events_topic, or leave them out with a filter")));
    }
    RETURN_IF_ERROR(CheckShared(topic, route.table));
    ASSIGN_OR_RETURN(route.topic, topics_->Find(topic));
  }
  return &route;
}

absl::Status KafkaTarget::CheckShared(const std::string& topic, const std::string& table) {
  // Of events that belong to no table, and of a template without {table}, that is what was asked for.
  if (absl::EndsWith(table, ".") || !absl::StrContains(options_.topic, "{table}")) return absl::OkStatus();
  const auto [first, is_new] = table_of_topic_.try_emplace(topic, table);
  if (is_new || first->second == table) return absl::OkStatus();
  const std::string what = absl::StrCat("tables ", Shown(first->second), " and ", Shown(table), " share topic ",
                                        Shown(topic), ", as kafka.topic ", Shown(options_.topic), " says");
  if (!absl::StrContains(options_.topic, "{database}")) {
    Log(LogLevel::kWarning, options_.streamer, absl::StrCat("kafka: ", what, "; {database} in it tells them apart"));
    return absl::OkStatus();
  }
  return Permanent(MakeError(absl::StatusCode::kFailedPrecondition, "TOPIC_SHARED",
                             absl::StrCat(what, ": choose another template, or leave one out with a filter")));
}

void KafkaTarget::DoClose() {
  // Whoever reads what is committed need not wait until the brokers abort what is open.
  if (producer_ != nullptr) producer_->Abort(kAbortPatience).IgnoreError();
  producer_.reset();
  topics_.reset();
  client_.reset();
  routes_.clear();
  table_of_topic_.clear();
  position_topic_ = nullptr;
  take_ = StoreTake();
  committed_.reset();
  unsent_.clear();
  unsent_bytes_ = 0;
  ahead_ = false;
}

}  // namespace binlogd
