#include "mysql/binlog_dump.h"

#include <filesystem>
#include <map>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/file.h"
#include "binlog/checksum.h"
#include "mysql/server_info.h"
#include "tests/mysql/server_test.h"

namespace binlogd::testing {
namespace {

constexpr size_t kFlagsOffset = kFirstEventOffset + 17;

// What a test holds against what was sent: the file, with the flag cleared that says it is being written.
std::string FileContent(const std::string& path) {
  absl::StatusOr<std::string> content = ReadWholeFile(path, size_t{1} << 30);
  EXPECT_TRUE(content.ok()) << content.status();
  if (!content.ok() || content->size() <= kFlagsOffset) return "";
  (*content)[kFlagsOffset] = static_cast<char>((*content)[kFlagsOffset] & ~kBinlogInUseFlag);
  return *std::move(content);
}

bool IsHeartbeat(EventType type) { return type == EventType::kHeartbeat || type == EventType::kHeartbeatV2; }

class BinlogDumpTest : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    server_->Run({"CREATE DATABASE IF NOT EXISTS dump", "CREATE TABLE IF NOT EXISTS dump.t (a INT, b VARCHAR(200))"});
    options_.flavor = server_->flavor();
    options_.server_id = 999;
    options_.replica_name = "dump-test";
    options_.heartbeat = absl::Milliseconds(500);
  }

  absl::StatusOr<std::unique_ptr<BinlogDump>> Start(const DumpOptions& options) {
    ConnectOptions connect = server_->connect_options();
    connect.user = "repl";
    connect.password = "replpass";
    absl::StatusOr<std::unique_ptr<Connection>> connection = Connection::Connect(connect, &interrupter_);
    if (!connection.ok()) return connection.status();
    return BinlogDump::Start(*std::move(connection), options);
  }

  Position End() {
    const auto connection = Connect();
    const absl::StatusOr<ServerInfo> info = DescribeServer(*connection);
    const absl::StatusOr<Position> end = EndOfLog(*connection, *info);
    EXPECT_TRUE(end.ok()) << end.status();
    return end.ok() ? *end : Position();
  }

  // All files from options_ to the end of the log, rebuilt from what was sent.
  std::map<std::string, std::string> Copy() {
    std::map<std::string, std::string> files;
    const Position end = End();
    const auto dump = Start(options_);
    EXPECT_TRUE(dump.ok()) << dump.status();
    if (!dump.ok()) return files;
    Position position;
    while (position.file != end.file || position.offset < end.offset) {
      const auto event = (*dump)->Next();
      EXPECT_TRUE(event.ok()) << event.status();
      if (!event.ok()) return files;
      const absl::StatusOr<EventHeader> header = ParseEventHeader(*event);
      EXPECT_TRUE(header.ok() && header->size == event->size());
      if (IsHeartbeat(header->type)) continue;
      if (header->type == EventType::kRotate && (header->flags & kArtificialFlag) != 0) {
        const size_t tail = ChecksumMatches(*event) ? kChecksumSize : 0;
        const absl::string_view name = event->substr(kEventHeaderSize + 8, event->size() - kEventHeaderSize - 8 - tail);
        position.file = std::string(name);
        position.offset = position.file == options_.file ? options_.offset : kFirstEventOffset;
        continue;
      }
      if (header->type == EventType::kFormatDescription && header->end_position == 0) continue;
      std::string& file = files[position.file];
      if (file.empty() && position.offset == kFirstEventOffset) file = std::string(kFileMagic);
      file.append(event->data(), event->size());
      position.offset += event->size();
    }
    return files;
  }

  // Whether `copy` is the file from `offset` on, as far as the log reached when it was copied: MariaDB may add a
  // checkpoint by itself at any time.
  static ::testing::AssertionResult IsCopyOf(const std::string& path, const std::string& copy, size_t offset = 0) {
    const std::string content = FileContent(path);
    if (copy.empty() || offset > content.size()) return ::testing::AssertionFailure() << path << ": nothing was copied";
    if (content.compare(offset, copy.size(), copy) == 0) return ::testing::AssertionSuccess();
    return ::testing::AssertionFailure() << path << ": the copy differs";
  }

  // A log of several files that ends with one that is being written.
  void WriteSome() {
    std::string value(150, 'x');
    for (int file = 0; file < 2; ++file) {
      server_->Run(
          {"FLUSH BINARY LOGS", "BEGIN", absl::StrCat("INSERT INTO dump.t VALUES (1, '", value, "'), (2, NULL)"),
           "UPDATE dump.t SET a = a + 1", "COMMIT", "CREATE OR REPLACE VIEW dump.v AS SELECT 1", "DELETE FROM dump.t"});
    }
  }

  // Purges all files but the last. MariaDB keeps a file for as long as its storage engine may need it to recover.
  void Purge() {
    const absl::Time deadline = absl::Now() + absl::Seconds(20);
    do {
      ASSERT_LT(absl::Now(), deadline);
      server_->Run({"FLUSH BINARY LOGS"});
      server_->Run({absl::StrCat("PURGE BINARY LOGS TO '", Name(server_->LogFiles().back()), "'")});
    } while (server_->LogFiles().size() > 1);
  }

  std::string Name(const std::string& path) { return std::filesystem::path(path).filename(); }

  DumpOptions options_;
};

INSTANTIATE_TEST_SUITE_P(Servers, BinlogDumpTest,
                         ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011, ServerKind::kMariaDb118),
                         ServerTestName);

TEST_P(BinlogDumpTest, FromTheFirstByteEqualsTheFiles) {
  WriteSome();
  options_.file = Name(server_->LogFiles().front());
  const auto files = Copy();
  ASSERT_EQ(files.size(), server_->LogFiles().size());
  const std::vector<std::string> paths = server_->LogFiles();
  for (const std::string& path : paths) {
    EXPECT_TRUE(IsCopyOf(path, files.at(Name(path))));
    if (path != paths.back()) {
      EXPECT_EQ(files.at(Name(path)).size(), std::filesystem::file_size(path)) << path;
    }
  }
}

TEST_P(BinlogDumpTest, FromTheMiddleEqualsTheRestOfTheFile) {
  server_->Run({"FLUSH BINARY LOGS", "INSERT INTO dump.t VALUES (7, 'seven')"});
  const Position middle = End();
  server_->Run({"INSERT INTO dump.t VALUES (8, 'eight')", "DELETE FROM dump.t"});
  options_.file = middle.file;
  options_.offset = middle.offset;
  const auto files = Copy();
  EXPECT_TRUE(IsCopyOf(server_->LogFiles().back(), files.at(middle.file), middle.offset));
}

TEST_P(BinlogDumpTest, AnOffsetThatTheProtocolCannotCarryIsReached) {
  server_->Run({"FLUSH BINARY LOGS", "INSERT INTO dump.t VALUES (7, 'seven')"});
  const Position middle = End();
  server_->Run({"INSERT INTO dump.t VALUES (8, 'eight')", "FLUSH BINARY LOGS", "DELETE FROM dump.t"});
  options_.file = middle.file;
  options_.offset = middle.offset;
  // What comes first is the same as from a source that begins there by itself, the checksums included.
  std::vector<std::string> first[2];
  for (int i = 0; i < 2; ++i) {
    if (i == 1) options_.largest_offset = 100;
    const auto dump = Start(options_);
    ASSERT_OK(dump);
    for (int j = 0; j < 8; ++j) {
      const auto event = (*dump)->Next();
      ASSERT_OK(event);
      if (!IsHeartbeat(ParseEventHeader(*event)->type)) first[i].emplace_back(*event);
    }
  }
  ASSERT_GE(first[1].size(), 6u);
  for (size_t i = 0; i < first[1].size(); ++i) EXPECT_TRUE(first[0][i] == first[1][i]) << i;
  const auto files = Copy();
  const std::vector<std::string> paths = server_->LogFiles();
  EXPECT_TRUE(IsCopyOf(paths[paths.size() - 2], files.at(middle.file), middle.offset));
  EXPECT_TRUE(IsCopyOf(paths.back(), files.at(Name(paths.back()))));
  // No event begins there, and the file ends before it.
  for (uint64_t offset : {middle.offset + 1, uint64_t{1} << 30}) {
    options_.offset = offset;
    const auto dump = Start(options_);
    ASSERT_OK(dump);
    absl::Status status;
    while (status.ok()) status = (*dump)->Next().status();
    EXPECT_EQ(ErrorReason(status), "POSITION_INVALID") << status;
  }
}

TEST_P(BinlogDumpTest, WithoutChecksumsNoneAreAdded) {
  server_->Run({"SET GLOBAL binlog_checksum = NONE", "INSERT INTO dump.t VALUES (1, 'x')"});
  options_.file = Name(server_->LogFiles().back());
  const auto files = Copy();
  EXPECT_TRUE(IsCopyOf(server_->LogFiles().back(), files.at(options_.file)));
  server_->Run({"SET GLOBAL binlog_checksum = CRC32"});
}

TEST_P(BinlogDumpTest, AnnotateRowsAndRowsQueriesAreSent) {
  server_->Run({"FLUSH BINARY LOGS",
                mysql() ? "SET SESSION binlog_rows_query_log_events = 1" : "SET SESSION binlog_annotate_row_events = 1",
                "INSERT INTO dump.t VALUES (42, 'annotated')"});
  options_.file = Name(server_->LogFiles().back());
  const std::string copy = Copy()[options_.file];
  EXPECT_TRUE(IsCopyOf(server_->LogFiles().back(), copy));
  EXPECT_NE(copy.find("INSERT INTO dump.t VALUES (42, 'annotated')"), std::string::npos);
}

TEST_P(BinlogDumpTest, LargeEventsArriveWhole) {
  server_->Run({"FLUSH BINARY LOGS", "CREATE TABLE IF NOT EXISTS dump.large (b LONGBLOB)",
                "INSERT INTO dump.large VALUES (REPEAT('x', 20 * 1024 * 1024))", "DROP TABLE dump.large"});
  options_.file = Name(server_->LogFiles().back());
  EXPECT_TRUE(IsCopyOf(server_->LogFiles().back(), Copy()[options_.file]));
}

TEST_P(BinlogDumpTest, HeartbeatsComeWhenTheSourceIsIdle) {
  const Position end = End();
  options_.file = end.file;
  options_.offset = end.offset;
  const auto dump = Start(options_);
  ASSERT_OK(dump);
  bool heartbeat = false;
  const absl::Time deadline = absl::Now() + absl::Seconds(20);
  while (!heartbeat && absl::Now() < deadline) {
    const auto event = (*dump)->Next();
    ASSERT_OK(event);
    heartbeat = IsHeartbeat(ParseEventHeader(*event)->type);
  }
  EXPECT_TRUE(heartbeat);
}

TEST_P(BinlogDumpTest, WaitReadableTellsWhetherSomethingCame) {
  const Position end = End();
  options_.file = end.file;
  options_.offset = end.offset;
  options_.heartbeat = absl::Seconds(30);
  const auto dump = Start(options_);
  ASSERT_OK(dump);
  while ((*dump)->WaitReadable(absl::Milliseconds(500))) ASSERT_OK((*dump)->Next());
  const absl::Time start = absl::Now();
  EXPECT_FALSE((*dump)->WaitReadable(absl::Milliseconds(50)));
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(40));
  EXPECT_FALSE((*dump)->WaitReadable(absl::ZeroDuration()));
  server_->Run({"INSERT INTO dump.t VALUES (1, 'x')"});
  EXPECT_TRUE((*dump)->WaitReadable(absl::Seconds(10)));
  EXPECT_TRUE((*dump)->Next().ok());
}

TEST_P(BinlogDumpTest, InterruptEndsABlockedNextAtOnce) {
  const Position end = End();
  options_.file = end.file;
  options_.offset = end.offset;
  options_.heartbeat = absl::Seconds(30);
  const auto dump = Start(options_);
  ASSERT_OK(dump);
  absl::Time interrupted;
  std::thread other([&] {
    absl::SleepFor(absl::Milliseconds(200));
    interrupted = absl::Now();
    interrupter_.Interrupt();
  });
  absl::Status status;
  while (status.ok()) status = (*dump)->Next().status();
  const absl::Time ended = absl::Now();
  other.join();
  EXPECT_EQ(status.code(), absl::StatusCode::kCancelled) << status;
  EXPECT_LT(ended - interrupted, absl::Seconds(1));
  EXPECT_TRUE((*dump)->WaitReadable(absl::Seconds(10)));
  EXPECT_EQ((*dump)->Next().status().code(), absl::StatusCode::kCancelled);
}

TEST_P(BinlogDumpTest, APurgedFileIsPositionPurged) {
  const std::string first = Name(server_->LogFiles().front());
  Purge();
  for (const std::string& file : {first, std::string("binlog.999999"), std::string("../../etc/passwd")}) {
    options_.file = file;
    const auto dump = Start(options_);
    const absl::Status status = dump.ok() ? (*dump)->Next().status() : dump.status();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << status;
    EXPECT_EQ(ErrorReason(status), "POSITION_PURGED") << status;
    EXPECT_TRUE(IsPermanent(status));
  }
}

TEST_P(BinlogDumpTest, AnOffsetThatIsNoneIsPositionInvalid) {
  server_->Run({"FLUSH BINARY LOGS", "INSERT INTO dump.t VALUES (7, 'seven')"});
  const Position end = End();
  options_.file = end.file;
  for (uint64_t offset : {end.offset + 1000, end.offset - 1, uint64_t{5}}) {
    options_.offset = offset;
    const auto dump = Start(options_);
    absl::Status status = dump.status();
    for (int i = 0; i < 10 && status.ok(); ++i) status = (*dump)->Next().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << offset << " " << status;
    EXPECT_EQ(ErrorReason(status), "POSITION_INVALID") << offset << " " << status;
    EXPECT_TRUE(IsPermanent(status));
  }
  options_.offset = 3;
  EXPECT_EQ(Start(options_).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_P(BinlogDumpTest, AnAccountWithoutThePrivilegeIsToldSo) {
  server_->Run({"CREATE USER IF NOT EXISTS 'bare'@'%' IDENTIFIED BY 'pass'"});
  ConnectOptions connect = server_->connect_options();
  connect.user = "bare";
  connect.password = "pass";
  options_.file = Name(server_->LogFiles().back());
  const auto dump = BinlogDump::Start(Connect(connect), options_);
  const absl::Status status = dump.ok() ? (*dump)->Next().status() : dump.status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  EXPECT_EQ(ErrorReason(status), "MISSING_PRIVILEGE") << status;
}

TEST_P(BinlogDumpTest, LocateGtidSetFindsTheFileOfTheNextTransaction) {
  std::vector<Position> boundaries;
  for (int i = 0; i < 3; ++i) {
    server_->Run({"FLUSH BINARY LOGS", "INSERT INTO dump.t VALUES (1, 'x')"});
    boundaries.push_back(End());
    server_->Run({"INSERT INTO dump.t VALUES (2, 'y')"});
  }
  for (const Position& boundary : boundaries) {
    const auto set = GtidSet::Parse(server_->flavor(), boundary.gtid_set);
    ASSERT_OK(set);
    const auto file = BinlogDump::LocateGtidSet(Connect(), options_, *set);
    ASSERT_OK(file);
    EXPECT_EQ(*file, boundary.file);
  }
  const auto all = GtidSet::Parse(server_->flavor(), End().gtid_set);
  ASSERT_OK(all);
  const auto last = BinlogDump::LocateGtidSet(Connect(), options_, *all);
  ASSERT_OK(last);
  EXPECT_EQ(*last, boundaries.back().file);
}

TEST_P(BinlogDumpTest, LocateGtidSetOfWhatIsGoneIsPositionPurged) {
  server_->Run({"INSERT INTO dump.t VALUES (1, 'x')"});
  const auto old = GtidSet::Parse(server_->flavor(), End().gtid_set);
  ASSERT_OK(old);
  server_->Run({"INSERT INTO dump.t VALUES (1, 'x')"});
  Purge();
  for (const GtidSet& set : {*old, GtidSet(server_->flavor())}) {
    const absl::StatusOr<std::string> file = BinlogDump::LocateGtidSet(Connect(), options_, set);
    EXPECT_EQ(Reason(file), "POSITION_PURGED")
        << set.ToString() << ": " << (file.ok() ? *file : file.status().ToString());
    EXPECT_EQ(file.status().code(), absl::StatusCode::kOutOfRange);
  }
}

TEST_P(BinlogDumpTest, LocateGtidSetThatTheSourceNeverHadIsPositionInvalid) {
  const Position end = End();
  // One transaction more than the source has.
  std::string text = end.gtid_set;
  const size_t cut = text.find_last_of("-:") + 1;
  text = absl::StrCat(text.substr(0, cut), std::stoull(text.substr(cut)) + 1000);
  const auto set = GtidSet::Parse(server_->flavor(), text);
  ASSERT_OK(set);
  const absl::Status status = BinlogDump::LocateGtidSet(Connect(), options_, *set).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kOutOfRange) << status;
  EXPECT_EQ(ErrorReason(status), "POSITION_INVALID") << status;
}

TEST_P(BinlogDumpTest, TheSameReplicaTakesItsPlaceBack) {
  options_.file = Name(server_->LogFiles().back());
  const auto first = Start(options_);
  ASSERT_OK(first);
  ASSERT_OK((*first)->Next());
  Interrupter interrupter;
  absl::StatusOr<std::unique_ptr<Connection>> connection =
      Connection::Connect(server_->connect_options(), &interrupter);
  ASSERT_OK(connection);
  const auto second = BinlogDump::Start(*std::move(connection), options_);
  ASSERT_OK(second);
  ASSERT_OK((*second)->Next());
  absl::Status status;
  while (status.ok()) status = (*first)->Next().status();
  EXPECT_EQ(ErrorReason(status), "SERVER_ID_CLASH") << status;
  EXPECT_TRUE(IsPermanent(status));
}

// On servers of their own, because they end.
class BinlogDumpShutdownTest : public BinlogDumpTest {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<MySqlServer>> server = MySqlServer::Start(GetParam());
    if (absl::IsUnavailable(server.status())) GTEST_SKIP() << server.status().message();
    ASSERT_OK(server);
    own_server_ = *std::move(server);
    server_ = own_server_.get();
    options_.flavor = server_->flavor();
    options_.file = Name(server_->LogFiles().back());
  }
  std::unique_ptr<MySqlServer> own_server_;
};

INSTANTIATE_TEST_SUITE_P(Servers, BinlogDumpShutdownTest,
                         ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011), ServerTestName);

TEST_P(BinlogDumpShutdownTest, AServerThatEndsIsUnavailableAndComesBackAtTheSamePlace) {
  for (bool orderly : {false, true}) {
    const auto dump = Start(options_);
    ASSERT_OK(dump);
    ASSERT_OK((*dump)->Next());
    absl::Status stopped;
    std::thread other([&] {
      if (orderly) {
        stopped = server_->Stop();
      } else {
        server_->Kill();
      }
    });
    absl::Status status;
    while (status.ok()) status = (*dump)->Next().status();
    other.join();
    ASSERT_OK(stopped);
    EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable) << status;
    EXPECT_FALSE(IsPermanent(status)) << status;
    EXPECT_EQ(Start(options_).status().code(), absl::StatusCode::kUnavailable);
    const uint16_t port = server_->port();
    ASSERT_OK(server_->Restart());
    EXPECT_EQ(server_->port(), port);
  }
  EXPECT_GE(server_->LogFiles().size(), 3u);
  for (const auto& [name, content] : Copy()) {
    EXPECT_TRUE(IsCopyOf(absl::StrCat(server_->data_dir(), "/", name), content));
  }
}

}  // namespace
}  // namespace binlogd::testing
