// Writes the seeds of the fuzz targets from captured logs: fuzz_seeds GOLDEN_DIRECTORY CORPUS_DIRECTORY.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "binlog/charset.h"
#include "binlog/checksum.h"
#include "binlog/event_header.h"
#include "binlog/gtid_set.h"
#include "binlog/rows.h"
#include "tests/fuzz/fuzz_events.h"

namespace binlogd::fuzz {
namespace {

constexpr size_t kMostSeedBytes = 3000;

class SeedWriter {
 public:
  explicit SeedWriter(std::string directory) : directory_(std::move(directory)) {}

  void Write(const std::string& target, const std::string& name, const std::string& bytes) const {
    if (bytes.size() > kMostSeedBytes) return;
    std::filesystem::create_directories(directory_ + "/" + target);
    std::ofstream(directory_ + "/" + target + "/" + name, std::ios::binary) << bytes;
  }

 private:
  const std::string directory_;
};

struct SeedEvent {
  EventHeader header;
  absl::string_view whole;
  absl::string_view body;
};

std::string AsPart(const SeedEvent& event) {
  std::string part(1, static_cast<char>(event.header.type));
  AppendLittle(event.header.flags, 2, &part);
  AppendPart(event.body, &part);
  return part;
}

std::vector<SeedEvent> SplitLog(absl::string_view log) {
  std::vector<SeedEvent> events;
  for (size_t at = kFirstEventOffset; at < log.size();) {
    const auto header = ParseEventHeader(log.substr(at));
    if (!header.ok() || header->size > log.size() - at) break;
    const absl::string_view whole = log.substr(at, header->size);
    events.push_back({*header, whole, whole.substr(kEventHeaderSize, whole.size() - kEventHeaderSize - kChecksumSize)});
    at += header->size;
  }
  return events;
}

// The documents among a row event's values, as they stand in it.
void WriteDocuments(const SeedWriter& writer, const std::string& name, const TableMap& table, const RowsEvent& rows) {
  if (rows.operation != RowsEvent::Operation::kWrite) return;
  ByteReader reader(rows.images);
  ValueText text;
  absl::string_view nulls;
  if (!reader.ReadBytes((table.columns.size() + 7) / 8, &nulls)) return;
  for (size_t i = 0; i < table.columns.size(); ++i) {
    if (ColumnBitmap(nulls).test(i)) continue;
    const absl::string_view before = reader.rest();
    ColumnValue value;
    if (!ReadValue(table.columns[i], &reader, &text, &value).ok()) return;
    if (table.columns[i].type != ColumnType::kJson) continue;
    const size_t prefix = table.columns[i].metadata;
    const size_t size = before.size() - reader.remaining();
    const absl::string_view document = before.substr(prefix, size - prefix);
    writer.Write("json", absl::StrCat(name, "-", i), absl::StrCat(absl::string_view("\0", 1), document));
    std::string patched = "\1";
    AppendPart(document, &patched);
    // Replaces $[0] with null, inserts $.a as true and removes $[1].
    patched += absl::StrCat(absl::string_view("\0\4$[0]\2\4\0", 9), absl::string_view("\1\3$.a\2\4\1", 8),
                            absl::string_view("\2\4$[1]", 6));
    writer.Write("json", absl::StrCat(name, "-", i, "-patched"), patched);
  }
}

void WriteRows(const SeedWriter& writer, const std::string& name, Flavor flavor, const SeedEvent& map,
               const SeedEvent& event) {
  std::string seed;
  AppendLittle(flavor == Flavor::kMySql ? 0 : 1, 1, &seed);
  AppendLittle(static_cast<uint8_t>(event.header.type), 1, &seed);
  AppendPart(map.body, &seed);
  seed.append(event.body.data(), event.body.size());
  writer.Write("rows", name, seed);
  const auto table = ParseTableMap(flavor, map.body, 6);
  RowsEvent rows;
  if (table.ok() && ParseRowsEvent(event.header.type, event.body, 6, &rows).ok()) {
    WriteDocuments(writer, name, *table, rows);
  }
}

// A transaction is what follows a GTID up to the next one.
void WriteLog(const SeedWriter& writer, const std::string& log_name, Flavor flavor, absl::string_view log) {
  const std::string flavor_byte(1, flavor == Flavor::kMySql ? '\0' : '\1');
  std::string transaction;
  std::string raw;
  SeedEvent map;
  int number = 0;
  const auto flush = [&] {
    const std::string name = absl::StrCat(log_name, "-", ++number);
    if (!transaction.empty()) {
      writer.Write("stream", name, flavor_byte + transaction);
      if (flavor == Flavor::kMySql && number % 4 == 0) writer.Write("payload", name, "\1" + transaction);
      if (number % 8 == 1) writer.Write("header", name, flavor_byte + raw);
    }
    transaction.clear();
    raw.clear();
  };
  for (const SeedEvent& event : SplitLog(log)) {
    const EventType type = event.header.type;
    if (type == EventType::kGtid || type == EventType::kTaggedGtid || type == EventType::kMariaDbGtid) flush();
    const std::string name = absl::StrCat(log_name, "-", number, "-", transaction.size());
    transaction += AsPart(event);
    raw.append(event.whole.data(), event.whole.size());
    if (type == EventType::kTableMap) map = event;
    if (IsRowsEvent(type) && !map.body.empty()) WriteRows(writer, name, flavor, map, event);
    if (type == EventType::kPreviousGtids) writer.Write("gtid", name, absl::StrCat("\2", event.body));
    if (type == EventType::kMariaDbGtidList) writer.Write("gtid", name, absl::StrCat("\3", event.body));
    if (type == EventType::kTransactionPayload)
      writer.Write("payload", name, absl::StrCat(std::string(1, '\0'), event.body));
  }
  flush();
}

void WriteGtidSets(const SeedWriter& writer) {
  const std::string uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
  const std::vector<std::string> texts = {
      uuid + ":1-5:7:9-100", uuid + ":1-5:tag:1-3:other_tag:7," + uuid.substr(0, 35) + "3:18446744073709551614", ""};
  for (size_t i = 0; i < texts.size(); ++i) {
    writer.Write("gtid", absl::StrCat("mysql-text-", i), std::string(1, '\0') + texts[i]);
    const auto set = GtidSet::Parse(Flavor::kMySql, texts[i]);
    if (set.ok()) writer.Write("gtid", absl::StrCat("mysql-binary-", i), "\2" + set->Encode());
  }
  writer.Write("gtid", "mariadb-text",
               "\1"
               "0-1-100,1-2-7,4294967295-4294967295-18446744073709551615");
}

void WriteTexts(const SeedWriter& writer) {
  for (int charset = 0; charset <= static_cast<int>(Charset::kOther); ++charset) {
    std::string text(1, static_cast<char>(charset));
    text += "ab\xb0\xa1\xc6\xfc\x81\x40 \x8f\xb0\xa1\x8e\xb1";
    writer.Write("charset", absl::StrCat(charset, "-mixed"), text);
    writer.Write("charset", absl::StrCat(charset, "-wide"),
                 absl::StrCat(text.substr(0, 1), "\x81\x30\x81\x30\xd8\x3d\xde\x10"));
  }
}

int WriteSeeds(const std::string& golden, const std::string& corpus) {
  const SeedWriter writer(corpus);
  for (const auto& entry : std::filesystem::directory_iterator(golden)) {
    if (entry.path().extension() != ".binlog") continue;
    const std::string name = entry.path().stem();
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string log((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    WriteLog(writer, name, name.rfind("mysql", 0) == 0 ? Flavor::kMySql : Flavor::kMariaDb, log);
  }
  WriteGtidSets(writer);
  WriteTexts(writer);
  return 0;
}

}  // namespace
}  // namespace binlogd::fuzz

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: fuzz_seeds GOLDEN_DIRECTORY CORPUS_DIRECTORY\n";
    return 2;
  }
  return binlogd::fuzz::WriteSeeds(argv[1], argv[2]);
}
