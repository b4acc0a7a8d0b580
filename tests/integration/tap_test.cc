// Taps over RPC of streamers that follow real servers under load.
#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "binlogd/v1/service.grpc.pb.h"
#include "format/proto_json.h"
#include "mysql/server_info.h"
#include "rpc/server.h"
#include "rpc/spec_json.h"
#include "streamer/manager.h"
#include "tests/integration/streamer_testing.h"
#include "wire/status_detail.h"

namespace binlogd::testing {
namespace {

using grpc::StatusCode;
using nlohmann::json;

using Reader = std::unique_ptr<grpc::ClientReader<v1::TapResponse>>;

json ToJson(const v1::Event& event) {
  std::string line;
  AppendProtoAsJson(event, &line);
  return json::parse(line);
}

bool IsMark(const json& event) { return event.value("table", "") == "marks"; }

Position EndOf(const json& event) { return Position{event["position"]["file"], event["position"]["position"], ""}; }

class TapServerTest : public ::testing::TestWithParam<ServerKind> {
 protected:
  void SetUp() override {
    auto server = MySqlServer::Start(GetParam(), {"--max-binlog-size=1M"});
    if (!server.ok()) GTEST_SKIP() << server.status();
    source_ = *std::move(server);
    source_->Run({"CREATE DATABASE shop",
                  "CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, total INT, filler VARCHAR(500))",
                  "CREATE TABLE shop.bulk (id INT AUTO_INCREMENT PRIMARY KEY, filler LONGTEXT)",
                  "CREATE TABLE shop.marks (id INT AUTO_INCREMENT PRIMARY KEY)"});
    manager_ = std::make_unique<Manager>(*Store::Open(directory_ / "state", &codec_));
    ASSERT_TRUE(manager_->Load().ok());
    server_ = *RpcServer::Listen({.address = "127.0.0.1:0"}, manager_.get());
    stub_ = v1::StreamerService::NewStub(
        grpc::CreateChannel(absl::StrCat("127.0.0.1:", server_->port()), grpc::InsecureChannelCredentials()));
    StreamerSpec spec = SpecFor(*source_);
    spec.targets = {JsonTarget(directory_ / "json")};
    ASSERT_TRUE(manager_->Create(spec, true).ok());
  }
  void TearDown() override {
    if (manager_ != nullptr) manager_->Shutdown();
    server_.reset();
    manager_.reset();
  }

  std::shared_ptr<Streamer> streamer() { return *manager_->Find("test"); }
  static v1::TapRequest Request() {
    v1::TapRequest request;
    request.set_name("test");
    return request;
  }
  static v1::TapRequest From(const std::string& token) {
    v1::TapRequest request = Request();
    if (token.empty()) {
      request.mutable_start()->mutable_earliest();
    } else {
      request.mutable_start()->set_resume_token(token);
    }
    return request;
  }
  // All that the tap sends up to the mark, also on a machine on which it is overtaken.
  std::vector<json> ReadToMark(v1::TapRequest request) {
    request.set_replay_gaps(true);
    grpc::ClientContext context;
    const Reader reader = stub_->Tap(&context, request);
    std::vector<json> events;
    v1::TapResponse response;
    bool marked = false;
    while (!marked && reader->Read(&response)) {
      EXPECT_FALSE(response.has_gap()) << response.DebugString();
      for (const v1::Event& event : response.batch().events()) {
        events.push_back(ToJson(event));
        marked = marked || IsMark(events.back());
      }
    }
    context.TryCancel();
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(marked) << status.error_message();
    return events;
  }
  // Of the place behind the first events.
  std::string EarlyToken() {
    std::string token;
    v1::TapRequest request = From("");
    request.mutable_end()->set_events(3);
    grpc::ClientContext context;
    const Reader reader = stub_->Tap(&context, request);
    v1::TapResponse response;
    while (reader->Read(&response)) {
      if (!response.batch().resume_token().empty()) token = response.batch().resume_token();
    }
    EXPECT_TRUE(reader->Finish().ok());
    return token;
  }
  void Mark() { source_->Run({"INSERT INTO shop.marks VALUES ()"}); }
  // What the JSON target has up to the mark.
  std::vector<json> Delivered() {
    EXPECT_TRUE(WaitUntilCaughtUp(*streamer(), *source_));
    std::vector<json> events = ReadEvents(directory_ / "json");
    const auto mark = std::find_if(events.begin(), events.end(), IsMark);
    EXPECT_NE(mark, events.end());
    if (mark != events.end()) events.erase(mark + 1, events.end());
    return events;
  }
  // `tapped` up to the mark, the rest of what was read with it being left out, is the end of `all`. Where it begins.
  static size_t ExpectEnd(std::vector<json> tapped, const std::vector<json>& all, const std::string& what) {
    const auto mark = std::find_if(tapped.begin(), tapped.end(), IsMark);
    if (mark != tapped.end()) tapped.erase(mark + 1, tapped.end());
    EXPECT_LE(tapped.size(), all.size()) << what;
    if (tapped.size() > all.size()) return 0;
    const size_t first = all.size() - tapped.size();
    for (size_t i = 0; i < tapped.size(); ++i) {
      EXPECT_EQ(tapped[i], all[first + i]) << what << ": event " << i << " of " << tapped.size();
      if (tapped[i] != all[first + i]) break;
    }
    return first;
  }
  Position EndOfSourceLog() {
    Interrupter interrupter;
    const auto connection = source_->Connect(&interrupter);
    return *EndOfLog(**connection, *DescribeServer(**connection));
  }
  grpc::Status Refusal(const v1::TapRequest& request) {
    grpc::ClientContext context;
    const Reader reader = stub_->Tap(&context, request);
    v1::TapResponse response;
    while (reader->Read(&response)) EXPECT_TRUE(response.has_heartbeat());
    return reader->Finish();
  }

  SpecJson codec_;
  TempDir directory_;
  std::unique_ptr<MySqlServer> source_;
  std::unique_ptr<Manager> manager_;
  std::unique_ptr<RpcServer> server_;
  std::unique_ptr<v1::StreamerService::Stub> stub_;
};

TEST_P(TapServerTest, WhereverItBeginsUnderLoadItHasWhatTheTargetHas) {
  OrdersLoad load(*source_);
  ASSERT_TRUE(WaitUntil([this] { return streamer()->Snapshot().events_read > 2000; }));
  const Position middle = EndOfSourceLog();
  const absl::Time time = absl::Now();
  ASSERT_TRUE(WaitUntil([this] { return streamer()->Snapshot().events_read > 4000; }));
  ASSERT_TRUE(WaitUntil([time] { return absl::Now() > time + absl::Seconds(2); }));
  v1::TapRequest by_time = Request(), by_place = Request(), by_gtid = Request();
  by_time.mutable_start()->mutable_time()->set_seconds(absl::ToUnixSeconds(time) + 1);
  by_place.mutable_start()->mutable_position()->set_file(middle.file);
  by_place.mutable_start()->mutable_position()->set_offset(middle.offset);
  by_gtid.mutable_start()->set_gtid_set(middle.gtid_set);
  const std::vector<v1::TapRequest> requests = {From(""), by_time, by_place, by_gtid};
  std::vector<std::vector<json>> tapped(requests.size());
  std::vector<std::thread> readers;
  for (size_t i = 0; i < requests.size(); ++i) {
    readers.emplace_back([this, &requests, &tapped, i] { tapped[i] = ReadToMark(requests[i]); });
  }
  // They are to join while there is load.
  const uint64_t before = streamer()->Snapshot().events_read;
  EXPECT_TRUE(WaitUntil([&] { return streamer()->Snapshot().events_read > before + 3000; }));
  load.Stop();
  Mark();
  for (std::thread& reader : readers) reader.join();
  const std::vector<json> all = Delivered();

  EXPECT_EQ(ExpectEnd(tapped[0], all, "earliest"), 0u);
  const size_t first_in_time = ExpectEnd(tapped[1], all, "time");
  ASSERT_GT(first_in_time, 0u);
  EXPECT_GE(all[first_in_time]["timestamp"], absl::ToUnixSeconds(time) + 1);
  EXPECT_LE(all[first_in_time - 1]["timestamp"], absl::ToUnixSeconds(time) + 1);
  const size_t first_at_place = ExpectEnd(tapped[2], all, "position");
  ASSERT_GT(first_at_place, 0u);
  EXPECT_EQ(ComparePositions(EndOf(all[first_at_place - 1]), middle), 0);
  // The file's own events come whatever the set.
  const auto has_no_gtid = [](const json& event) { return !event.contains("gtid"); };
  std::vector<json> transactions = all;
  std::erase_if(transactions, has_no_gtid);
  std::erase_if(tapped[3], has_no_gtid);
  const size_t first_of_set = ExpectEnd(tapped[3], transactions, "GTID set");
  ASSERT_GT(first_of_set, 0u);
  EXPECT_GT(ComparePositions(EndOf(transactions[first_of_set]), middle), 0);
  EXPECT_LE(ComparePositions(EndOf(transactions[first_of_set - 1]), middle), 0);
  EXPECT_EQ(streamer()->Snapshot().reconnects, 0u) << "none of it is a replica that takes the streamer's place";
}

// The source's own list of who reads its log: the streamer alone, once those are gone who read the past.
TEST_P(TapServerTest, WhoGoesWhileItReplaysTakesItsConnectionAlong) {
  for (int i = 0; i < 40; ++i) {
    source_->Run({"INSERT INTO shop.bulk (filler) VALUES (REPEAT('x', 524288)), (REPEAT('y', 524288))"});
  }
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer(), *source_));
  for (int i = 0; i < 12; ++i) {
    grpc::ClientContext context;
    if (i % 3 == 2) context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Milliseconds(30 * i)));
    const Reader reader = stub_->Tap(&context, From(""));
    v1::TapResponse response;
    for (int left = i; left > 0 && reader->Read(&response); --left) {
    }
    if (i % 3 != 2) context.TryCancel();
    while (reader->Read(&response)) {
    }
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.error_code() == StatusCode::CANCELLED || status.error_code() == StatusCode::DEADLINE_EXCEEDED)
        << status.error_message();
  }
  EXPECT_TRUE(WaitUntil([this] { return streamer()->taps().count() == 0; }));
  EXPECT_TRUE(WaitUntil([this] {
    const ResultSet users =
        source_->Run({"SELECT COUNT(*) AS dumps FROM information_schema.processlist WHERE user = 'repl' "
                      "AND command LIKE 'Binlog Dump%'"});
    return users.First("dumps") == "1";
  }));
}

TEST_P(TapServerTest, ATokenOfALogThatWasResetIsRefused) {
  const std::string token = EarlyToken();
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer(), *source_));
  source_->Run({source_->flavor() == Flavor::kMySql ? "RESET BINARY LOGS AND GTIDS" : "RESET MASTER",
                "INSERT INTO shop.marks VALUES ()"});
  ASSERT_TRUE(WaitUntil([this] { return streamer()->Snapshot().source.epoch.number == 2; }));
  const grpc::Status status = Refusal(From(token));
  EXPECT_EQ(status.error_code(), StatusCode::FAILED_PRECONDITION) << status.error_message();
  EXPECT_EQ(ErrorDetailOf(status).reason(), "TOKEN_OF_OTHER_LOG");
}

// Readers that break off anywhere and go on with their newest token.
TEST_P(TapServerTest, ManyResumesUnderLoadLoseAndDoubleNothing) {
  OrdersLoad load(*source_);
  ASSERT_TRUE(WaitUntil([this] { return streamer()->Snapshot().events_read > 1000; }));
  std::vector<std::vector<json>> tapped(3);
  std::atomic<int> resumes = 0;
  std::vector<std::thread> readers;
  for (unsigned seed = 0; seed < tapped.size(); ++seed) {
    readers.emplace_back([this, seed, &tapped, &resumes] {
      std::mt19937 random(seed + 1);
      std::vector<json>& events = tapped[seed];
      std::string token;
      for (bool marked = false; !marked; ++resumes) {
        grpc::ClientContext context;
        v1::TapRequest request = From(token);
        request.set_replay_gaps(true);
        const Reader reader = stub_->Tap(&context, request);
        std::vector<json> since;
        v1::TapResponse response;
        for (unsigned left = 1 + random() % 60; left > 0 && !marked && reader->Read(&response); --left) {
          ASSERT_FALSE(response.has_gap());
          for (const v1::Event& event : response.batch().events()) since.push_back(ToJson(event));
          if (response.batch().resume_token().empty()) continue;
          token = response.batch().resume_token();
          marked = std::any_of(since.begin(), since.end(), IsMark);
          events.insert(events.end(), since.begin(), since.end());
          since.clear();
        }
        context.TryCancel();
        const grpc::Status status = reader->Finish();
        ASSERT_TRUE(status.ok() || status.error_code() == StatusCode::CANCELLED) << status.error_message();
      }
    });
  }
  EXPECT_TRUE(WaitUntil([&] { return resumes > 60; }, absl::Seconds(120)));
  load.Stop();
  Mark();
  for (std::thread& reader : readers) reader.join();
  const std::vector<json> all = Delivered();
  for (const std::vector<json>& each : tapped) EXPECT_EQ(ExpectEnd(each, all, "resumed"), 0u);
  EXPECT_TRUE(WaitUntil([this] { return streamer()->taps().count() == 0; }));
}

TEST_P(TapServerTest, ASlowReaderIsToldExactlyWhatItMissed) {
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer(), *source_));
  grpc::ClientContext context;
  const Reader reader = stub_->Tap(&context, Request());
  v1::TapResponse response;
  ASSERT_TRUE(reader->Read(&response));
  ASSERT_TRUE(response.has_heartbeat());
  const Position begin{response.heartbeat().position().file(), response.heartbeat().position().position(), ""};
  for (int i = 0; i < 40; ++i) {
    source_->Run({"INSERT INTO shop.bulk (filler) VALUES (REPEAT('x', 524288)), (REPEAT('y', 524288))"});
  }
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer(), *source_));
  const std::vector<json> all = ReadEvents(directory_ / "json");
  const auto index_of = [&all](const Position& place) {
    return std::count_if(all.begin(), all.end(),
                         [&place](const json& event) { return ComparePositions(EndOf(event), place) <= 0; });
  };
  auto next = index_of(begin);
  uint64_t gaps = 0;
  while (next < static_cast<long>(all.size()) && reader->Read(&response)) {
    if (response.has_gap()) {
      const v1::TapResponse::Gap& gap = response.gap();
      EXPECT_EQ(index_of(Position{gap.from().file(), gap.from().position(), ""}), next);
      next += static_cast<long>(gap.dropped_events());
      EXPECT_EQ(index_of(Position{gap.to().file(), gap.to().position(), ""}), next);
      ++gaps;
    }
    for (const v1::Event& event : response.batch().events()) {
      ASSERT_LT(next, static_cast<long>(all.size()));
      EXPECT_EQ(ToJson(event), all[static_cast<size_t>(next++)]);
    }
  }
  EXPECT_GT(gaps, 0u);
  EXPECT_EQ(next, static_cast<long>(all.size()));
  context.TryCancel();
  reader->Finish();
}

TEST_P(TapServerTest, RowsByKeyAndByValueInEitherImage) {
  source_->Run({"INSERT INTO shop.orders VALUES (41, 1, 'new'), (42, 2, 'new'), (43, 3, NULL)",
                "UPDATE shop.orders SET filler = 'paid' WHERE id > 40",
                "UPDATE shop.orders SET filler = 'sent' WHERE id = 42", "DELETE FROM shop.orders WHERE id = 42"});
  Mark();
  const auto ids = [this](v1::TapRequest request) {
    request.mutable_start()->mutable_earliest();
    const Position end = EndOfSourceLog();
    request.mutable_end()->mutable_position()->set_file(end.file);
    request.mutable_end()->mutable_position()->set_offset(end.offset);
    grpc::ClientContext context;
    const Reader reader = stub_->Tap(&context, request);
    std::vector<std::string> found;
    v1::TapResponse response;
    while (reader->Read(&response)) {
      for (const v1::Event& event : response.batch().events()) {
        const json read = ToJson(event);
        for (const json& row : read.contains("rows") ? read["rows"] : read["old_rows"]) {
          found.push_back(absl::StrCat(read["type"].get<std::string>(), " ", row["id"].get<int>()));
        }
      }
    }
    const grpc::Status status = reader->Finish();
    EXPECT_TRUE(status.ok()) << status.error_message();
    return found;
  };
  using ::testing::ElementsAre;
  v1::TapRequest by_key = Request(), by_value = Request(), by_null = Request(), both = Request();
  by_key.mutable_filter()->add_tables("shop.o*");
  by_key.mutable_rows()->add_key("42");
  EXPECT_THAT(ids(by_key), ElementsAre("write 42", "update 42", "update 42", "delete 42"));
  v1::ColumnMatch* match = by_value.mutable_rows()->add_columns();
  match->set_column("Filler");
  match->set_equals("paid");
  EXPECT_THAT(ids(by_value), ElementsAre("update 41", "update 42", "update 43", "update 42"));
  match = by_null.mutable_rows()->add_columns();
  match->set_column("filler");
  match->mutable_is_null();
  EXPECT_THAT(ids(by_null), ElementsAre("write 43", "update 43"));
  both = by_value;
  both.mutable_rows()->add_key("42");
  EXPECT_THAT(ids(both), ElementsAre("update 42", "update 42"));
}

TEST_P(TapServerTest, WhatWasPurgedIsSaid) {
  const std::string token = EarlyToken();
  ASSERT_FALSE(token.empty());
  const std::string early = EndOfSourceLog().gtid_set;
  source_->Run({"CREATE DATABASE IF NOT EXISTS later"});
  source_->Run({"FLUSH BINARY LOGS", "FLUSH BINARY LOGS"});
  ASSERT_TRUE(WaitUntilCaughtUp(*streamer(), *source_));
  const Position end = EndOfSourceLog();
  // A server keeps what a dump still reads.
  EXPECT_TRUE(WaitUntil([&] {
    source_->Run({absl::StrCat("PURGE BINARY LOGS TO '", end.file, "'")});
    return source_->LogFiles().size() == 1;
  }));
  v1::TapRequest by_time = Request(), by_place = Request(), by_gtid = Request(), beyond = Request(), never = Request();
  v1::TapRequest behind_the_end = Request();
  behind_the_end.mutable_start()->mutable_position()->set_file(end.file);
  behind_the_end.mutable_start()->mutable_position()->set_offset(end.offset + 1000000);
  by_time.mutable_start()->mutable_time()->set_seconds(1000000000);
  by_place.mutable_start()->mutable_position()->set_file("binlog.000001");
  by_gtid.mutable_start()->set_gtid_set(early);
  beyond.mutable_start()->mutable_position()->set_file("binlog.000900");
  never.mutable_start()->mutable_position()->set_file("nofile");
  for (const v1::TapRequest& request : {From(token), by_time, by_place, by_gtid, beyond, never, behind_the_end}) {
    const grpc::Status status = Refusal(request);
    EXPECT_EQ(status.error_code(), StatusCode::OUT_OF_RANGE) << status.error_message();
    const std::string& file = request.start().position().file();
    const bool was_there = file.empty() || file == "binlog.000001";
    EXPECT_EQ(ErrorDetailOf(status).reason(), was_there ? "POSITION_PURGED" : "POSITION_INVALID");
    EXPECT_THAT(status.error_message(), ::testing::HasSubstr("begin"));
    // That is the way out for a streamer.
    EXPECT_THAT(status.error_message(), ::testing::Not(::testing::HasSubstr("source.start")));
  }
  EXPECT_EQ(streamer()->Snapshot().state, StreamerState::kRunning) << "nothing of it concerns the streamer";
}

INSTANTIATE_TEST_SUITE_P(Servers, TapServerTest, ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011),
                         [](const auto& info) { return ServerIdentifier(info.param); });

}  // namespace
}  // namespace binlogd::testing
