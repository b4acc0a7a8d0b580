// Consumers of the formats: each applies a format's records to a table of its own, which then is what SELECT says.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>

#include "absl/strings/str_cat.h"
#include "binlogd/v1/event.pb.h"
#include "format/event_encoder.h"
#include "format/proto_json.h"
#include "tests/integration/streamer_testing.h"

namespace binlogd::testing {
namespace {

using nlohmann::json;

// A row by its primary key.
using Rows = std::map<std::string, json>;

constexpr char kTable[] =
    "CREATE TABLE shop.items (id BIGINT UNSIGNED PRIMARY KEY, name VARCHAR(40) CHARACTER SET utf8mb4, price "
    "DECIMAL(20,6), n INT, bits BIT(12), d DATE NOT NULL, t TIME(6), dt DATETIME(3), dt6 DATETIME(6), ts TIMESTAMP(2) "
    "NULL, b VARBINARY(20), e ENUM('small','lärge') CHARACTER SET utf8mb4, s SET('a','b','c'), f FLOAT, db DOUBLE)";

std::string RecordsOf(const std::string& path) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (entry.is_regular_file() && entry.path().filename() != "manifest.json") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  std::string all;
  for (const std::string& name : files) {
    std::ifstream file(name, std::ios::binary);
    all.append(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return all;
}

// Each record without its frame.
std::vector<std::string> Split(EventFormat format, const std::string& records) {
  std::vector<std::string> split;
  absl::string_view rest = records;
  const RecordFraming framing = EventFormatFraming(format);
  while (const size_t size = FramedRecordSize(framing, rest)) {
    size_t length_size = 0;
    if (framing == RecordFraming::kLengths) {
      while ((rest[length_size] & 0x80) != 0) ++length_size;
      ++length_size;
    }
    const size_t end = framing == RecordFraming::kLines ? size - 1 : size;
    split.emplace_back(rest.substr(length_size, end - length_size));
    rest.remove_prefix(size);
  }
  EXPECT_EQ(rest, "") << "a record that is not whole";
  return split;
}

void Put(const json& row, Rows* rows) { EXPECT_TRUE(rows->emplace(AsText(row["id"]), row).second) << row; }
void Take(const json& row, Rows* rows) { EXPECT_EQ(rows->erase(AsText(row["id"])), 1u) << row; }

Rows ReplayDebezium(const std::vector<std::string>& records) {
  Rows rows;
  for (const std::string& record : records) {
    const json change = json::parse(record);
    if (change["source"]["table"] != "items") continue;
    if (!change["before"].is_null()) Take(change["before"], &rows);
    if (!change["after"].is_null()) Put(change["after"], &rows);
  }
  return rows;
}

// `old` completes what `data` says to what the row was.
void Update(const json& data, const json& old, Rows* rows) {
  json before = data;
  before.update(old);
  Take(before, rows);
  Put(data, rows);
}

Rows ReplayMaxwell(const std::vector<std::string>& records) {
  Rows rows;
  for (const std::string& record : records) {
    const json change = json::parse(record);
    if (change["table"] != "items") continue;
    if (change["type"] == "insert") Put(change["data"], &rows);
    if (change["type"] == "update") Update(change["data"], change.value("old", json::object()), &rows);
    if (change["type"] == "delete") Take(change["data"], &rows);
  }
  return rows;
}

Rows ReplayCanal(const std::vector<std::string>& records) {
  Rows rows;
  for (const std::string& record : records) {
    const json change = json::parse(record);
    if (change["table"] != "items") continue;
    for (size_t i = 0; i < change["data"].size(); ++i) {
      const json& row = change["data"][i];
      if (change["type"] == "INSERT") Put(row, &rows);
      if (change["type"] == "UPDATE") Update(row, change["old"][i], &rows);
      if (change["type"] == "DELETE") Take(row, &rows);
    }
  }
  return rows;
}

// What of the values SELECT gives, in the order of the columns, as the format writes them.
struct Consumer {
  EventFormat format;
  Rows (*replay)(const std::vector<std::string>& records);
  const char* select;
};

constexpr Consumer kConsumers[] = {
    {EventFormat::kDebeziumJson, ReplayDebezium,
     "SELECT id, name, price, n, TO_BASE64(REVERSE(UNHEX(LPAD(HEX(bits+0),4,'0')))), DATEDIFF(d,'1970-01-01'), "
     "CAST(TIME_TO_SEC(t) AS SIGNED)*1000000+IF(t<0,-1,1)*MICROSECOND(t), "
     "TIMESTAMPDIFF(MICROSECOND,'1970-01-01',dt) DIV 1000, TIMESTAMPDIFF(MICROSECOND,'1970-01-01',dt6), "
     "CONCAT(REPLACE(ts,' ','T'),'Z'), TO_BASE64(b), e, s, f, db FROM shop.items ORDER BY id"},
    {EventFormat::kMaxwellJson, ReplayMaxwell,
     "SELECT id, name, price+0e0, n, bits+0, d, t, dt, dt6, ts, TO_BASE64(b), e, "
     "CONCAT('[\"',REPLACE(s,',','\",\"'),'\"]'), f, db FROM shop.items ORDER BY id"},
    {EventFormat::kCanalJson, ReplayCanal,
     "SELECT id, name, price, n, bits+0, d, t, dt, dt6, ts, CONVERT(b USING latin1), e+0, s+0, f, db FROM shop.items "
     "ORDER BY id"},
};
constexpr const char* kColumns[] = {"id",  "name", "price", "n", "bits", "d", "t", "dt",
                                    "dt6", "ts",   "b",     "e", "s",    "f", "db"};

class FormatsTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override {
    auto server = MySqlServer::Start(GetParam());
    if (!server.ok()) GTEST_SKIP() << server.status();
    server_ = *std::move(server);
  }

  void Write() {
    server_->Run({"SET time_zone='+00:00'", "CREATE DATABASE shop", kTable,
                  "INSERT INTO shop.items VALUES (18446744073709551615,'bïg',-99999999999999.999999,-2147483648,"
                  "b'101000000001','1000-01-01','-838:59:59','1000-01-01 00:00:00.001','9999-12-31 23:59:59.999999',"
                  "'2038-01-19 03:14:07.99','bytes','lärge','a,c',0.1,-1.5e100),"
                  "(1,'quote \" back \\\\ line \\n end',0.000001,0,b'0','2024-02-29','00:00:00.000001',"
                  "'1969-12-31 23:59:59.999','1970-01-01','1970-01-01 00:00:01','~','small','b',1.5,5e-300),"
                  "(2,NULL,NULL,NULL,NULL,'9999-12-31',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)",
                  "INSERT INTO shop.items(id,d,n) SELECT n.a*10+m.a+100, '2020-01-01', n.a FROM "
                  "(SELECT 1 a UNION SELECT 2 UNION SELECT 3 UNION SELECT 4) n, (SELECT 1 a UNION SELECT 2) m",
                  "UPDATE shop.items SET n=n*2, name='even' WHERE id>100 AND id<1000",
                  "UPDATE shop.items SET id=id+1000 WHERE id IN (121,122)", "DELETE FROM shop.items WHERE id=131",
                  "SET SESSION binlog_row_image=MINIMAL", "UPDATE shop.items SET price=1.25 WHERE id=132",
                  "DELETE FROM shop.items WHERE id=141"});
  }

  void RunToTheEnd(const StreamerSpec& spec) {
    Streamer streamer(spec, directory_ / "checkpoint.json");
    ASSERT_TRUE(streamer.Start().ok());
    ASSERT_TRUE(streamer.WaitStopped(absl::Now() + absl::Seconds(60)));
    ASSERT_EQ(streamer.Snapshot().state, StreamerState::kFinished) << streamer.Snapshot().error;
  }

  TempDir directory_;
  std::unique_ptr<MySqlServer> server_;
};

// Floating-point numbers count by value, since their text differs; everything else by its text.
bool SameValue(const std::string& column, const json& value, const std::optional<std::string>& expected) {
  if (!expected) return value.is_null();
  if (value.is_null()) return false;
  if (value.is_array()) return value == json::parse(*expected);
  if (column == "f") return std::stof(AsText(value)) == std::stof(*expected);
  if (value.is_number_float() || column == "db") return std::stod(AsText(value)) == std::stod(*expected);
  return AsText(value) == *expected;
}

TEST_P(FormatsTest, ConsumersEndUpWithTheTable) {
  Write();
  StreamerSpec spec = SpecFor(*server_);
  spec.oneshot = true;
  spec.batch.max_events = 7;  // Transactions go over several blocks.
  const EventFormat formats[] = {EventFormat::kJson, EventFormat::kDebeziumJson, EventFormat::kMaxwellJson,
                                 EventFormat::kCanalJson, EventFormat::kProtobuf};
  for (const EventFormat format : formats) {
    const std::string name = absl::StrCat("t", static_cast<int>(format));
    TargetSpec target = JsonTarget(directory_ / name);
    target.name = name;
    target.file()->format = format;
    target.file()->rotate_bytes = 4096;
    spec.targets.push_back(target);
  }
  RunToTheEnd(spec);
  const auto records = [&](EventFormat format) {
    return Split(format, RecordsOf(directory_ / absl::StrCat("t", static_cast<int>(format))));
  };
  for (const Consumer& consumer : kConsumers) {
    const Rows rows = consumer.replay(records(consumer.format));
    const ResultSet selected = server_->Run({"SET time_zone='+00:00'", consumer.select});
    EXPECT_EQ(rows.size(), selected.rows.size()) << EventFormatName(consumer.format);
    for (const auto& expected : selected.rows) {
      const auto row = rows.find(*expected[0]);
      ASSERT_NE(row, rows.end()) << *expected[0];
      for (size_t i = 0; i < std::size(kColumns); ++i) {
        if (!row->second.contains(kColumns[i])) continue;
        EXPECT_TRUE(SameValue(kColumns[i], row->second[kColumns[i]], expected[i]))
            << EventFormatName(consumer.format) << " " << *expected[0] << "." << kColumns[i] << ": "
            << row->second[kColumns[i]] << ", the server says " << expected[i].value_or("NULL");
      }
    }
  }
  std::string through;
  for (const std::string& message : records(EventFormat::kProtobuf)) {
    v1::Event event;
    ASSERT_TRUE(event.ParseFromString(message));
    AppendProtoAsJson(event, &through);
  }
  EXPECT_EQ(through, RecordsOf(directory_ / "t0")) << "PROTOBUF and JSON tell the same";
}

INSTANTIATE_TEST_SUITE_P(Servers, FormatsTest, ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011),
                         [](const auto& info) { return ServerIdentifier(info.param); });

}  // namespace
}  // namespace binlogd::testing
