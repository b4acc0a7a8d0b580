#include <atomic>
#include <functional>
#include <random>
#include <thread>

#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "pipeline/resume_token.h"
#include "tests/binlog/events.h"
#include "tests/binlog/zstd.h"
#include "tests/harness/log_blocks.h"
#include "tests/rpc/rpc_testing.h"

namespace binlogd {
namespace {

using grpc::StatusCode;
using testing::BlocksOf;
using testing::Eventually;
using testing::Limits;
using testing::LogWriter;
using testing::MakeEpoch;

using Reader = std::unique_ptr<grpc::ClientReader<v1::TapResponse>>;

class TapTest : public testing::RpcTest {
 protected:
  TapTest() { EXPECT_TRUE(Create(Spec("a"), true).ok()); }

  Reader Tap(grpc::ClientContext* context, const v1::FilterSpec& filter = v1::FilterSpec(),
             const std::string& name = "a") {
    v1::TapRequest request;
    request.set_name(name);
    *request.mutable_filter() = filter;
    return stub_->Tap(context, request);
  }
  // The tap, when it is attached: the first message is a heartbeat.
  Reader Attached(grpc::ClientContext* context, const v1::FilterSpec& filter = v1::FilterSpec()) {
    Reader reader = Tap(context, filter);
    v1::TapResponse response;
    EXPECT_TRUE(reader->Read(&response));
    EXPECT_TRUE(response.has_heartbeat()) << response.DebugString();
    EXPECT_GT(response.heartbeat().time().seconds(), 0);
    return reader;
  }
  // As the pipeline does; each log is another epoch's.
  void Offer(const LogWriter& log, uint32_t max_events = 1000) {
    const auto streamer = *manager_->Find("a");
    const auto epoch = MakeEpoch(++epoch_);
    for (const auto& block : BlocksOf(log, Limits(max_events), epoch)) streamer->taps().Offer(block);
  }
  uint32_t taps() { return manager_->Get("a")->snapshot.taps; }
  static grpc::Status Rest(grpc::ClientReader<v1::TapResponse>& reader,
                           std::vector<v1::TapResponse>* responses = nullptr) {
    v1::TapResponse response;
    while (reader.Read(&response)) {
      if (responses != nullptr) responses->push_back(response);
    }
    return reader.Finish();
  }

  uint32_t epoch_ = 0;
};

TEST_F(TapTest, Refusals) {
  v1::FilterSpec bad;
  bad.add_events(v1::WRITE);
  bad.add_events(static_cast<v1::EventType>(99));
  {
    grpc::ClientContext context;
    ExpectError(Rest(*Tap(&context, bad)), StatusCode::INVALID_ARGUMENT, "BAD_VALUE", "filter.events[1]");
  }
  {
    grpc::ClientContext context;
    ExpectError(Rest(*Tap(&context, v1::FilterSpec(), "none")), StatusCode::NOT_FOUND, "STREAMER_NOT_FOUND");
  }
  ASSERT_TRUE(Stop("a").ok());
  {
    grpc::ClientContext context;
    ExpectError(Rest(*Tap(&context)), StatusCode::FAILED_PRECONDITION, "NOT_RUNNING");
  }
  EXPECT_EQ(taps(), 0u);
}

// What is wrong names its field.
TEST_F(TapTest, RequestsThatAreRefused) {
  const auto refuse = [this](const std::string& field, const std::string& reason,
                             const std::function<void(v1::TapRequest*)>& spoil) {
    v1::TapRequest request;
    request.set_name("a");
    spoil(&request);
    grpc::ClientContext context;
    ExpectError(Rest(*stub_->Tap(&context, request)), StatusCode::INVALID_ARGUMENT, reason, field);
  };
  const auto column = [](v1::TapRequest* request, const std::string& name) {
    v1::ColumnMatch* match = request->mutable_rows()->add_columns();
    match->set_column(name);
    return match;
  };
  using Request = v1::TapRequest*;
  refuse("filter.tables[0]", "BAD_VALUE", [](Request r) { r->mutable_filter()->add_tables(""); });
  refuse("filter.tables", "BAD_VALUE", [](Request r) { r->mutable_filter()->add_tables("orders"); });
  refuse("filter.databases", "BAD_VALUE", [](Request r) {
    for (int i = 0; i < 1001; ++i) r->mutable_filter()->add_databases("a");
  });
  refuse("filter", "BAD_VALUE", [](Request r) {
    for (int i = 0; i < 20; ++i) r->mutable_filter()->add_databases(std::string(1000, '*'));
  });
  refuse("filter.events", "BAD_VALUE", [&](Request r) {
    r->mutable_filter()->add_events(v1::QUERY);
    column(r, "id")->set_equals("1");
  });
  refuse("rows.columns[0].column", "BAD_VALUE", [&](Request r) { column(r, "")->set_equals("1"); });
  refuse("rows.columns[1]", "BAD_VALUE", [&](Request r) {
    column(r, "id")->set_equals("1");
    column(r, "name");
  });
  refuse("rows.columns[0].equals", "BAD_VALUE",
         [&](Request r) { column(r, "id")->set_equals(std::string(65537, 'x')); });
  refuse("rows.columns", "BAD_VALUE", [&](Request r) {
    for (int i = 0; i < 17; ++i) column(r, "id")->set_equals("1");
  });
  refuse("rows.key", "BAD_VALUE", [](Request r) {
    for (int i = 0; i < 17; ++i) r->mutable_rows()->add_key("1");
  });
  refuse("rows.key[0]", "BAD_VALUE", [](Request r) { r->mutable_rows()->add_key(std::string(65537, 'x')); });
  refuse("start.resume_token", "BAD_RESUME_TOKEN", [](Request r) { r->mutable_start()->set_resume_token("tap1.x"); });
  refuse("start.time", "BAD_VALUE", [](Request r) { r->mutable_start()->mutable_time()->set_seconds(-1); });
  refuse("start.gtid_set", "BAD_VALUE", [](Request r) { r->mutable_start()->set_gtid_set("nonsense"); });
  refuse("start.position.file", "BAD_VALUE", [](Request r) { r->mutable_start()->mutable_position(); });
  refuse("end.position.offset", "BAD_VALUE", [](Request r) {
    r->mutable_end()->mutable_position()->set_file("binlog.000001");
    r->mutable_end()->mutable_position()->set_offset(3);
  });
  EXPECT_EQ(taps(), 0u);
}

// What it takes grows with the name, not by powers of it.
TEST_F(TapTest, APathologicalGlobIsOnlyAGlob) {
  grpc::ClientContext context;
  v1::FilterSpec filter;
  filter.add_databases("*s*h*o*p*");
  std::string stars;
  for (int i = 0; i < 500; ++i) stars += "*s";
  filter.add_exclude_databases(stars + "b");
  const Reader reader = Attached(&context, filter);
  LogWriter log;
  log.Transaction({{1, "one"}});
  Offer(log);
  v1::TapResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.batch().events(0).type(), v1::WRITE);
}

TEST_F(TapTest, RowsThatMatchComeAlone) {
  v1::TapRequest request;
  request.set_name("a");
  v1::ColumnMatch* match = request.mutable_rows()->add_columns();
  match->set_column("NAME");
  match->set_equals("two");
  grpc::ClientContext context;
  const Reader reader = stub_->Tap(&context, request);
  v1::TapResponse response;
  ASSERT_TRUE(reader->Read(&response));
  LogWriter log;
  log.Transaction({{1, "one"}, {2, "two"}, {3, "three"}});
  log.Transaction({{4, "two"}});
  Offer(log);
  ASSERT_TRUE(reader->Read(&response));
  ASSERT_EQ(response.batch().events_size(), 2) << response.DebugString();
  EXPECT_EQ(response.batch().events(0).rows(0).columns(0).value().int_value(), 2);
  EXPECT_EQ(response.batch().events(1).rows(0).columns(0).value().int_value(), 4);
  EXPECT_FALSE(response.batch().resume_token().empty());
}

// A batch tells where to go on only where it ends with a transaction.
TEST_F(TapTest, TokensStandAtBoundaries) {
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  LogWriter log;
  log.Transaction({{1, "one"}});
  const uint64_t boundary = log.offset();
  log.Gtid();
  log.Query("BEGIN");
  Offer(log);
  v1::TapResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.batch().events(response.batch().events_size() - 1).position().position(), boundary);
  const absl::StatusOr<ResumeToken> token = ParseResumeToken(response.batch().resume_token());
  ASSERT_TRUE(token.ok()) << token.status();
  EXPECT_EQ(token->at.position.offset, boundary);
  EXPECT_EQ(token->epoch, MakeEpoch(epoch_)->epoch);
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.batch().events_size(), 2);
  EXPECT_TRUE(response.batch().resume_token().empty());
}

TEST_F(TapTest, EndsAfterTheWantedNumberOfEvents) {
  v1::TapRequest request;
  request.set_name("a");
  request.mutable_end()->set_events(5);
  grpc::ClientContext context;
  const Reader reader = stub_->Tap(&context, request);
  v1::TapResponse response;
  ASSERT_TRUE(reader->Read(&response));
  LogWriter log;
  for (int i = 0; i < 10; ++i) log.Transaction({{i, "one"}});
  Offer(log);
  std::vector<v1::TapResponse> responses;
  const grpc::Status end = Rest(*reader, &responses);
  EXPECT_TRUE(end.ok()) << end.error_message();
  int events = 0;
  for (const v1::TapResponse& each : responses) events += each.batch().events_size();
  EXPECT_EQ(events, 5);
  EXPECT_TRUE(Eventually([&] { return taps() == 0; }));
}

TEST_F(TapTest, ATokenOfAnotherLogIsRefused) {
  LogWriter log;
  log.Transaction({{1, "one"}});
  Offer(log);
  v1::TapRequest request;
  request.set_name("a");
  request.mutable_start()->set_resume_token(
      EncodeResumeToken(ResumeToken{Epoch{9, "0badcafe"}, ReadStart{Position{"binlog.000001", 4, ""}}}));
  grpc::ClientContext context;
  ExpectError(Rest(*stub_->Tap(&context, request)), StatusCode::FAILED_PRECONDITION, "TOKEN_OF_OTHER_LOG");
}

// Of a source that cannot be reached.
TEST_F(TapTest, AReplayThatCannotReadEndsTheTapWithItsReason) {
  LogWriter log;
  log.Transaction({{1, "one"}});
  Offer(log);
  v1::TapRequest request;
  request.set_name("a");
  request.mutable_start()->mutable_earliest();
  grpc::ClientContext context;
  ExpectError(Rest(*stub_->Tap(&context, request)), StatusCode::UNAVAILABLE, "SOURCE_UNREACHABLE");
  EXPECT_TRUE(Eventually([&] { return taps() == 0; }));
}

// 60 MiB out of a few kilobytes, with an event in between that is too large for a message.
TEST_F(TapTest, ALargeCompressedTransactionComesInMessagesOfBoundedSize) {
  constexpr int kRows = 1000;
  constexpr int kTooLarge = 500;
  std::string large = LogWriter::WriteRowsBody(kTooLarge, std::string(60000, 'x'), false);
  const std::string images = large.substr(large.size() - 60000 - 7);
  for (int i = 0; i < 40; ++i) large += images;
  ZstdStream stream;
  stream.Append(MakeQuery("BEGIN") + MakeEvent(EventType::kTableMap, LogWriter::TableMapBody()));
  for (int i = 0; i < kRows; ++i) {
    stream.Append(MakeEvent(EventType::kWriteRows,
                            i == kTooLarge ? large : LogWriter::WriteRowsBody(i, std::string(60000, 'x'), false)));
  }
  stream.Append(MakeXid());
  const std::string compressed = stream.Finish();
  LogWriter log;
  log.Gtid();
  const uint64_t begin = log.offset();
  log.Add(EventType::kTransactionPayload, MakePayloadBody(compressed, 0, stream.size()));
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  Offer(log);
  int next = 0;
  int gaps = 0;
  bool committed = false;
  v1::TapResponse response;
  while (!committed && reader->Read(&response)) {
    EXPECT_LT(response.ByteSizeLong(), size_t{4} << 20);
    if (response.has_gap()) {
      ++gaps;
      EXPECT_EQ(next++, kTooLarge);
      EXPECT_EQ(response.gap().from().position(), begin);
      EXPECT_EQ(response.gap().to().position(), log.offset());
    }
    for (const v1::Event& event : response.batch().events()) {
      if (event.type() == v1::WRITE) {
        EXPECT_EQ(event.rows(0).columns(0).value().int_value(), next++);
        EXPECT_EQ(event.position().position(), log.offset());
      }
      committed = committed || event.type() == v1::COMMIT;
    }
  }
  EXPECT_EQ(next, kRows);
  EXPECT_EQ(gaps, 1);
  ASSERT_TRUE(Stop("a").ok());
  Rest(*reader);
}

TEST_F(TapTest, EventsComeInOrderWithTheirRows) {
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  LogWriter log;
  log.Ddl("CREATE TABLE t (id INT, name VARCHAR(200))");
  log.Transaction({{1, "one"}, {2, "two"}});
  Offer(log, 2);
  std::vector<v1::Event> events;
  v1::TapResponse response;
  while ((events.empty() || events.back().type() != v1::COMMIT) && reader->Read(&response)) {
    ASSERT_TRUE(response.has_batch()) << response.DebugString();
    events.insert(events.end(), response.batch().events().begin(), response.batch().events().end());
  }
  const std::vector<v1::EventType> expected = {
      v1::FORMAT_DESCRIPTION, v1::GTID, v1::QUERY, v1::GTID, v1::BEGIN, v1::WRITE, v1::WRITE, v1::COMMIT};
  std::vector<v1::EventType> types;
  for (const v1::Event& event : events) types.push_back(event.type());
  ASSERT_EQ(types, expected);
  EXPECT_EQ(events[5].rows(0).columns(1).value().text_value(), "one");
  EXPECT_EQ(events[6].rows(0).columns(0).value().int_value(), 2);
  EXPECT_EQ(events.back().position().position(), log.offset());
  EXPECT_EQ(events.back().gtid(), absl::StrCat(LogWriter::kServerUuid, ":2"));
}

TEST_F(TapTest, ItsFilterIsItsOwn) {
  grpc::ClientContext writes_context, all_context;
  v1::FilterSpec writes;
  writes.add_events(v1::WRITE);
  const Reader filtered = Attached(&writes_context, writes);
  const Reader all = Attached(&all_context);
  LogWriter log;
  log.Transaction({{1, "one"}});
  Offer(log);
  v1::TapResponse response;
  ASSERT_TRUE(filtered->Read(&response));
  ASSERT_EQ(response.batch().events_size(), 1);
  EXPECT_EQ(response.batch().events(0).type(), v1::WRITE);
  ASSERT_TRUE(all->Read(&response));
  EXPECT_EQ(response.batch().events_size(), 5);
}

TEST_F(TapTest, ManyBatchesOneAfterTheOther) {
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  int received = 0;
  for (int i = 0; i < 200; ++i) {
    LogWriter log;
    log.Ddl("CREATE TABLE t (a INT)");
    Offer(log);
    v1::TapResponse response;
    ASSERT_TRUE(reader->Read(&response));
    received += response.batch().events_size();
  }
  EXPECT_EQ(received, 600);
}

TEST_F(TapTest, ASlowReaderGetsGapsThatCountExactly) {
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  LogWriter log;
  for (int i = 0; i < 1500; ++i)
    log.Ddl(absl::StrCat("CREATE TABLE t", i, " (a INT) COMMENT '", std::string(30000, 'x'), "'"));
  Offer(log, 20);
  const uint64_t offered = 1 + 2 * 1500;
  uint64_t received = 0, told = 0, place = 4;
  v1::TapResponse response;
  while (received + told < offered && reader->Read(&response)) {
    if (response.has_gap()) {
      told += response.gap().dropped_events();
      EXPECT_EQ(response.gap().from().position(), place);
      EXPECT_GT(response.gap().to().position(), place);
      place = response.gap().to().position();
    }
    for (const v1::Event& event : response.batch().events()) {
      ++received;
      EXPECT_GT(event.position().position(), place);
      place = event.position().position();
    }
  }
  EXPECT_GT(told, 0u);
  EXPECT_EQ((*manager_->Find("a"))->Snapshot().tap_dropped_events, told);
  EXPECT_EQ(received + told, offered);
  EXPECT_EQ(place, log.offset());
}

TEST_F(TapTest, WhatCannotBeDecodedEndsItAfterWhatCould) {
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  LogWriter log;
  log.Ddl("CREATE TABLE t (a INT)");
  log.Gtid();
  log.Query("BEGIN");
  log.WriteRows(1, "without a table map", true);
  Offer(log);
  std::vector<v1::TapResponse> responses;
  ExpectError(Rest(*reader, &responses), StatusCode::DATA_LOSS, "TABLE_MAP_MISSING");
  int events = 0;
  for (const v1::TapResponse& response : responses) events += response.batch().events_size();
  EXPECT_EQ(events, 5);
  EXPECT_TRUE(Eventually([&] { return taps() == 0; }));
}

TEST_F(TapTest, EndsWithTheStreamersStop) {
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  ASSERT_TRUE(Stop("a").ok());
  ExpectError(Rest(*reader), StatusCode::UNAVAILABLE, "STREAMER_STOPPED");
}

TEST_F(TapTest, EndsWithItsDeletion) {
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  ASSERT_TRUE(Delete("a").ok());
  ExpectError(Rest(*reader), StatusCode::NOT_FOUND, "STREAMER_NOT_FOUND");
}

TEST_F(TapTest, EndsWithAChangeOfTheSpec) {
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  StreamerSpec spec = manager_->Get("a")->spec;
  spec.source.server_id = 5;
  ASSERT_TRUE(manager_->Update(spec, "").ok());
  ExpectError(Rest(*reader), StatusCode::UNAVAILABLE, "SPEC_CHANGED");
}

TEST_F(TapTest, EndsWithTheServersShutdown) {
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  manager_->Shutdown();
  ExpectError(Rest(*reader), StatusCode::UNAVAILABLE, "SHUTTING_DOWN");
  grpc::ClientContext again;
  EXPECT_FALSE(Rest(*Tap(&again)).ok());
}

TEST_F(TapTest, AServerThatGoesWithoutWaitingEndsIt) {
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  server_->Shutdown(absl::ZeroDuration());
  EXPECT_FALSE(Rest(*reader).ok());
  EXPECT_TRUE(Eventually([&] { return taps() == 0; }));
}

TEST_F(TapTest, ACancelFreesIt) {
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  EXPECT_EQ(taps(), 1u);
  context.TryCancel();
  EXPECT_EQ(Rest(*reader).error_code(), StatusCode::CANCELLED);
  EXPECT_TRUE(Eventually([&] { return taps() == 0; }));
}

TEST_F(TapTest, ACancelWhileItIsStuckFreesIt) {
  grpc::ClientContext context;
  const Reader reader = Attached(&context);
  LogWriter log;
  for (int i = 0; i < 100; ++i) log.Ddl(std::string(100000, 'x'));
  Offer(log, 10);  // More than the transport takes without a reader.
  context.TryCancel();
  EXPECT_EQ(Rest(*reader).error_code(), StatusCode::CANCELLED);
  EXPECT_TRUE(Eventually([&] { return taps() == 0; }));
}

TEST_F(TapTest, ManyAtOnceWithCancelsAnytime) {
  std::atomic<bool> done = false;
  std::thread offering([&] {
    while (!done) {
      LogWriter log;
      log.Transaction({{1, "one"}, {2, std::string(1000, 'x')}});
      Offer(log, 3);
    }
  });
  std::vector<std::thread> clients;
  for (unsigned client = 0; client < 20; ++client) {
    clients.emplace_back([this, client] {
      std::mt19937 random(client);
      for (int round = 0; round < 5; ++round) {
        grpc::ClientContext context;
        const Reader reader = Tap(&context);
        v1::TapResponse response;
        for (unsigned reads = random() % 20; reads > 0 && reader->Read(&response); --reads) {
        }
        context.TryCancel();
        EXPECT_EQ(Rest(*reader).error_code(), StatusCode::CANCELLED);
      }
    });
  }
  for (std::thread& client : clients) client.join();
  done = true;
  offering.join();
  EXPECT_TRUE(Eventually([&] { return taps() == 0; }));
  EXPECT_TRUE(Stop("a").ok());
}

}  // namespace
}  // namespace binlogd
