#include "format/maxwell_encoder.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "format/json_writer.h"
#include "format/maxwell_value.h"

namespace binlogd {
namespace {

constexpr size_t kMostHeldBytes = 1 << 20;

absl::string_view TypeName(EventKind kind) {
  return kind == EventKind::kWrite ? "\"insert\"" : kind == EventKind::kUpdate ? "\"update\"" : "\"delete\"";
}

// {"database":…,"table":…,"pk.column":value,…}; nothing when the row has no primary key.
void AppendKey(const DecodedEvent& event, const WrittenRow& row, std::string* out) {
  std::string columns;
  if (!AppendPrimaryKeyObject(row, *event.table_map, &columns)) return;
  out->append("{\"database\":");
  AppendJsonText(event.database, out);
  AppendJsonNextMember("table", out);
  AppendJsonText(event.table, out);
  for (const uint32_t i : event.table_map->primary_key) {
    const std::string& name = event.table_map->columns[i].name;
    out->push_back(',');
    AppendJsonText(absl::StrCat("pk.", name.empty() ? absl::StrCat("@", i + 1) : absl::AsciiStrToLower(name)), out);
    out->push_back(':');
    out->append(row.value(i).data(), row.value(i).size());
  }
  out->push_back('}');
}

// The key's values and its columns; nothing when the row has no primary key.
void AppendPrimaryKey(const WrittenRow& row, const TableMap& table, std::string* out) {
  if (table.primary_key.empty()) return;
  for (const uint32_t i : table.primary_key) {
    if (!row.has(i)) return;
  }
  AppendJsonNextMember("primary_key", out);
  out->push_back('[');
  bool first = true;
  for (const uint32_t i : table.primary_key) {
    if (!first) out->push_back(',');
    first = false;
    out->append(row.value(i).data(), row.value(i).size());
  }
  out->push_back(']');
  AppendJsonNextMember("primary_key_columns", out);
  AppendPrimaryKeyNames(table, out);
}

}  // namespace

MaxwellEncoder::MaxwellEncoder() : changes_(AppendMaxwellValue) {}

absl::Status MaxwellEncoder::Append(const DecodedEvent& event, const EventPlace& place, bool passes,
                                    RecordBuffer* out) {
  transaction_.See(event);
  if (place.end_offset == 0) return absl::OkStatus();
  if (event.kind == EventKind::kGtid || event.kind == EventKind::kBegin) {
    Release(std::nullopt, false, out);
    rows_ = 0;
  }
  if (passes && event.rows != nullptr) {
    if (text_.size() >= kMostHeldBytes) Release(std::nullopt, false, out);
    return AppendRows(event, place, out->wants_records);
  }
  if (EndsTransaction(event)) {
    Release(ExtraNumber(event, "xid"), event.kind == EventKind::kCommit, out);
    rows_.reset();
  }
  return absl::OkStatus();
}

void MaxwellEncoder::Finish(RecordBuffer* out) { Release(std::nullopt, false, out); }

absl::Status MaxwellEncoder::AppendRows(const DecodedEvent& event, const EventPlace& place, bool wants_records) {
  const size_t text = text_.size();
  const size_t keys = keys_.size();
  const size_t held = held_.size();
  const std::optional<uint64_t> rows = rows_;
  const size_t origins = origins_.size();
  std::string query(event.query);
  if (wants_records) origins_.emplace_back(event, place);
  changes_.Start(event);
  while (changes_.Next()) AppendRow(event, place, wants_records, &query);
  if (changes_.status().ok()) return absl::OkStatus();
  text_.resize(text);
  keys_.resize(keys);
  held_.resize(held);
  origins_.resize(origins);
  rows_ = rows;
  return changes_.status();
}

void MaxwellEncoder::AppendRow(const DecodedEvent& event, const EventPlace& place, bool wants_records,
                               std::string* query) {
  const WrittenRow& row = changes_.after() != nullptr ? *changes_.after() : *changes_.before();
  const TableMap& table = *event.table_map;
  Held held;
  held.begin = text_.size();
  text_.append("{\"database\":");
  AppendJsonText(event.database, &text_);
  AppendJsonNextMember("table", &text_);
  AppendJsonText(event.table, &text_);
  if (!query->empty()) {
    AppendJsonNextMember("query", &text_);
    AppendJsonText(*query, &text_);
    query->clear();  // It may be megabytes long: the first row tells it.
  }
  AppendJsonNextMember("type", &text_);
  text_.append(TypeName(event.kind).data(), TypeName(event.kind).size());
  AppendJsonNextMember("ts", &text_);
  AppendJsonInteger(int64_t{event.header.timestamp}, &text_);
  held.commit_at = text_.size();
  AppendJsonNextMember("position", &text_);
  AppendJsonText(absl::StrCat(place.file, ":", place.end_offset), &text_);
  if (!event.gtid.empty()) {
    AppendJsonNextMember("gtid", &text_);
    AppendJsonText(event.gtid, &text_);
  }
  AppendJsonNextMember("server_id", &text_);
  AppendJsonInteger(uint64_t{event.header.server_id}, &text_);
  if (transaction_.thread_id()) {
    AppendJsonNextMember("thread_id", &text_);
    AppendJsonInteger(*transaction_.thread_id(), &text_);
  }
  AppendPrimaryKey(row, table, &text_);
  AppendJsonNextMember("data", &text_);
  AppendRowObject(row, table, &text_);
  if (event.kind == EventKind::kUpdate) {
    const size_t begin = text_.size();
    AppendJsonNextMember("old", &text_);
    AppendChangedColumns(*changes_.before(), row, table, &text_);
    if (text_.back() == '}' && text_[text_.size() - 2] == '{') text_.resize(begin);  // Nothing known has changed.
  }
  text_.append("}\n");
  held.end = text_.size();
  held.offset = rows_;
  if (rows_) ++*rows_;
  held.key_begin = keys_.size();
  if (wants_records) {
    AppendKey(event, row, &keys_);
    held.origin = origins_.size() - 1;
  }
  held.key_size = keys_.size() - held.key_begin;
  held_.push_back(held);
}

void MaxwellEncoder::Release(std::optional<uint64_t> xid, bool committed, RecordBuffer* out) {
  for (const Held& held : held_) {
    const size_t begin = out->values.size();
    out->values.append(text_, held.begin, held.commit_at - held.begin);
    if (xid) {
      AppendJsonNextMember("xid", &out->values);
      AppendJsonInteger(*xid, &out->values);
    }
    if (committed && &held == &held_.back()) {
      AppendJsonNextMember("commit", &out->values);
      out->values.append("true");
    } else if (held.offset) {
      AppendJsonNextMember("xoffset", &out->values);
      AppendJsonInteger(*held.offset, &out->values);
    }
    out->values.append(text_, held.commit_at, held.end - held.commit_at);
    ++out->count;
    if (!out->wants_records) continue;
    const absl::string_view key = absl::string_view(keys_).substr(held.key_begin, held.key_size);
    if (&held == &held_.front() || held.origin != (&held - 1)->origin) out->origins.push_back(origins_[held.origin]);
    out->AddRecord(begin, out->values.size() - begin - 1, key);
  }
  held_.clear();
  text_.clear();
  keys_.clear();
  origins_.clear();
}

}  // namespace binlogd
