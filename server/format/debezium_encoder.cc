#include "format/debezium_encoder.h"

#include "format/debezium_value.h"
#include "format/json_writer.h"

namespace binlogd {
namespace {

constexpr absl::string_view kNull = "null";

void AppendMember(absl::string_view name, absl::string_view json, std::string* out) {
  AppendJsonNextMember(name, out);
  out->append(json.data(), json.size());
}

void AppendTextMember(absl::string_view name, absl::string_view text, std::string* out) {
  AppendJsonNextMember(name, out);
  if (text.empty()) {
    out->append(kNull.data(), kNull.size());
  } else {
    AppendJsonText(text, out);
  }
}

void AppendNumberMember(absl::string_view name, int64_t number, std::string* out) {
  AppendJsonNextMember(name, out);
  AppendJsonInteger(number, out);
}

std::string SourceHead(const EncoderOptions& options) {
  std::string head = "{\"version\":\"" BINLOGD_VERSION "\"";
  AppendMember("connector", options.flavor == Flavor::kMariaDb ? "\"mariadb\"" : "\"mysql\"", &head);
  AppendJsonNextMember("name", &head);
  AppendJsonText(options.source_name, &head);
  return head;
}

std::string Tail(absl::Time received) {
  std::string tail;
  if (received == absl::InfinitePast()) {
    for (const absl::string_view name : {"ts_ms", "ts_us", "ts_ns"}) AppendMember(name, kNull, &tail);
  } else {
    AppendNumberMember("ts_ms", absl::ToUnixMillis(received), &tail);
    AppendNumberMember("ts_us", absl::ToUnixMicros(received), &tail);
    AppendNumberMember("ts_ns", absl::ToUnixNanos(received), &tail);
  }
  tail.append("}\n");
  return tail;
}

void AppendImage(absl::string_view name, const WrittenRow* row, const TableMap& table, std::string* out) {
  out->push_back('"');
  out->append(name.data(), name.size());
  out->append("\":", 2);
  if (row == nullptr) {
    out->append(kNull.data(), kNull.size());
  } else {
    AppendRowObject(*row, table, out);
  }
  out->push_back(',');
}

bool ChangesPrimaryKey(const WrittenRow& before, const WrittenRow& after, const TableMap& table) {
  for (const uint32_t i : table.primary_key) {
    if (after.Differs(before, i)) return true;
  }
  return false;
}

}  // namespace

DebeziumEncoder::DebeziumEncoder(const EncoderOptions& options)
    : source_head_(SourceHead(options)), tail_(Tail(options.received)), changes_(AppendDebeziumValue) {}

absl::Status DebeziumEncoder::Append(const DecodedEvent& event, const EventPlace& place, bool passes,
                                     RecordBuffer* out) {
  transaction_.See(event);
  if (!passes || event.rows == nullptr) return absl::OkStatus();
  const size_t values = out->values.size();
  const size_t keys = out->keys.size();
  const size_t records = out->records.size();
  const size_t origins = out->origins.size();
  const uint64_t count = out->count;
  StartEvent(event, place);
  if (out->wants_records) out->origins.emplace_back(event, place);
  changes_.Start(event);
  for (row_ = 0; changes_.Next(); ++row_) AppendChange(event, out);
  if (changes_.status().ok()) return absl::OkStatus();
  out->values.resize(values);
  out->keys.resize(keys);
  out->records.resize(records);
  out->origins.resize(origins);
  out->count = count;
  return changes_.status();
}

void DebeziumEncoder::StartEvent(const DecodedEvent& event, const EventPlace& place) {
  const int64_t seconds = event.header.timestamp;
  source_ = source_head_;
  AppendNumberMember("ts_ms", seconds * 1000, &source_);
  AppendMember("snapshot", "\"false\"", &source_);
  AppendTextMember("db", event.database, &source_);
  AppendMember("sequence", kNull, &source_);
  AppendNumberMember("ts_us", seconds * 1000000, &source_);
  AppendNumberMember("ts_ns", seconds * 1000000000, &source_);
  AppendTextMember("table", event.table, &source_);
  AppendNumberMember("server_id", event.header.server_id, &source_);
  AppendTextMember("gtid", event.gtid, &source_);
  AppendTextMember("file", place.file, &source_);
  AppendNumberMember("pos", static_cast<int64_t>(place.end_offset - event.log_bytes), &source_);
  AppendJsonNextMember("thread", &source_);
  if (transaction_.thread_id()) {
    AppendJsonInteger(*transaction_.thread_id(), &source_);
  } else {
    source_.append(kNull.data(), kNull.size());
  }
  query_ = std::string(event.query);
}

void DebeziumEncoder::AppendChange(const DecodedEvent& event, RecordBuffer* out) {
  const TableMap& table = *event.table_map;
  const WrittenRow* before = changes_.before();
  const WrittenRow* after = changes_.after();
  if (out->wants_records) {
    old_key_.clear();
    new_key_.clear();
    if (before != nullptr) AppendPrimaryKeyObject(*before, table, &old_key_);
    if (after != nullptr) AppendPrimaryKeyObject(*after, table, &new_key_);
  }
  if (before != nullptr && after != nullptr && !ChangesPrimaryKey(*before, *after, table)) {
    AppendRecord(before, after, 'u', table, out);
    return;
  }
  if (before != nullptr) {
    AppendRecord(before, nullptr, 'd', table, out);
    AppendTombstone(old_key_, out);
  }
  if (after != nullptr) AppendRecord(nullptr, after, 'c', table, out);
}

void DebeziumEncoder::AppendRecord(const WrittenRow* before, const WrittenRow* after, char operation,
                                   const TableMap& table, RecordBuffer* out) {
  std::string* const values = &out->values;
  const size_t begin = values->size();
  values->push_back('{');
  AppendImage("before", before, table, values);
  AppendImage("after", after, table, values);
  values->append("\"source\":");
  values->append(source_);
  AppendNumberMember("row", row_, values);
  AppendTextMember("query", query_, values);
  query_.clear();  // A statement's text may be megabytes long and have thousands of rows: the first one tells it.
  values->append("},\"transaction\":null,\"op\":\"");
  values->push_back(operation);
  values->push_back('"');
  values->append(tail_);
  ++out->count;
  if (!out->wants_records) return;
  out->AddRecord(begin, values->size() - begin - 1, after == nullptr ? old_key_ : new_key_);
}

void DebeziumEncoder::AppendTombstone(absl::string_view key, RecordBuffer* out) {
  if (!out->wants_records || key.empty()) return;
  out->AddRecord(out->values.size(), 0, key, /*tombstone=*/true);
}

}  // namespace binlogd
