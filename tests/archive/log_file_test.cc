#include "archive/log_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/error.h"
#include "tests/archive/log_files.h"
#include "tests/binlog/events.h"
#include "tests/binlog/golden_log.h"
#include "tests/codec/keys.h"
#include "tests/harness/log_writer.h"

namespace binlogd::testing {
namespace {

using ::testing::ElementsAreArray;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string SmallLog() {
  LogWriter log;
  log.PreviousGtids();
  log.Transaction({{1, "one"}, {2, "two"}});
  log.Ddl("CREATE TABLE u (a INT)");
  return log.FileBytes("binlog.000001");
}

class LogFileTest : public ::testing::Test {
 protected:
  // Expects the reason, and a message that begins with the path.
  void ExpectRefused(const std::string& bytes, const std::string& reason, const std::string& message) {
    const std::string path = folder_.Write("binlog.000001", bytes);
    const ReadLog read = ReadAll(path);
    EXPECT_EQ(ErrorReason(read.status), reason) << read.status;
    EXPECT_THAT(std::string(read.status.message()), StartsWith(path + ": "));
    EXPECT_THAT(std::string(read.status.message()), HasSubstr(message));
  }

  LogFolder folder_;
};

TEST_F(LogFileTest, ReadsEveryEventOfGoldenLogs) {
  for (const Flavor flavor : {Flavor::kMySql, Flavor::kMariaDb}) {
    const GoldenLog golden = ReadGoldenLog(flavor);
    const std::string bytes = ReadGoldenFile(golden.name + ".binlog");
    const size_t half = bytes.size() / 2;
    for (const std::string& stored :
         {bytes, Zstd(bytes), Gzip(bytes), Zstd(bytes.substr(0, half)) + Zstd(bytes.substr(half)),
          Gzip(bytes.substr(0, half)) + Gzip(bytes.substr(half)),
          "\x50\x2a\x4d\x18" + Little(3, 4) + "abc" + Zstd(bytes)}) {
      const ReadLog read = ReadAll(folder_.Write("binlog.000001", stored));
      EXPECT_TRUE(read.status.ok()) << read.status;
      EXPECT_THAT(read.events, ElementsAreArray(golden.events));
      EXPECT_EQ(read.offsets[0], kFirstEventOffset);
    }
  }
}

TEST_F(LogFileTest, TellsWhoseLogItIs) {
  for (const Flavor flavor : {Flavor::kMySql, Flavor::kMariaDb}) {
    const std::string bytes = ReadGoldenFile(ReadGoldenLog(flavor).name + ".binlog");
    const auto file = LogFileReader::Open(folder_.Write("x", bytes), {});
    ASSERT_TRUE(file.ok());
    LogFileEvent event;
    ASSERT_TRUE((*file)->Next(&event).ok());
    EXPECT_EQ((*file)->flavor(), flavor);
    EXPECT_FALSE((*file)->relay_log());
  }
  LogFileOptions options;
  options.flavor = Flavor::kMariaDb;
  const auto file = LogFileReader::Open(folder_.Write("y", SmallLog()), options);
  LogFileEvent event;
  ASSERT_TRUE((*file)->Next(&event).ok());
  EXPECT_EQ((*file)->flavor(), Flavor::kMariaDb);
}

TEST_F(LogFileTest, NamesAreTheServers) {
  EXPECT_EQ(LogFileName("/a/b/binlog.000007.zst"), "binlog.000007");
  EXPECT_EQ(LogFileName("binlog.000007.gz"), "binlog.000007");
  EXPECT_EQ(LogFileName("binlog.000007"), "binlog.000007");
}

TEST_F(LogFileTest, ATruncationAtAnyByteGivesWhatCameBefore) {
  const GoldenLog golden = ReadGoldenLog(Flavor::kMySql);
  const std::string bytes = ReadGoldenFile(golden.name + ".binlog").substr(0, 6000);
  const std::string path = folder_.path() + "/binlog.000001";
  std::vector<size_t> ends = {kFirstEventOffset};
  for (const std::string& event : golden.events) ends.push_back(ends.back() + event.size());
  for (size_t length = 0; length < bytes.size(); ++length) {
    folder_.Write("binlog.000001", absl::string_view(bytes).substr(0, length));
    const ReadLog read = ReadAll(path);
    const size_t whole = static_cast<size_t>(std::upper_bound(ends.begin() + 1, ends.end(), length) - ends.begin()) - 1;
    ASSERT_EQ(read.events.size(), length <= kFirstEventOffset ? 0 : whole) << length;
    const bool at_event_end = whole > 0 && ends[whole] == length;
    ASSERT_EQ(read.status.ok(), at_event_end) << length << ": " << read.status;
    if (at_event_end) continue;
    ASSERT_EQ(ErrorReason(read.status), length == 0 ? "NOT_A_BINARY_LOG" : "LOG_CUT_SHORT") << read.status;
    ASSERT_THAT(std::string(read.status.message()), StartsWith(path + ": ")) << length;
  }
}

TEST_F(LogFileTest, ATruncatedCompressedFileIsCutShort) {
  const std::string log = SmallLog();
  for (const std::string& stored : {Zstd(log), Gzip(log)}) {
    for (size_t length = 4; length < stored.size(); ++length) {
      const ReadLog read = ReadAll(folder_.Write("binlog.000001", absl::string_view(stored).substr(0, length)));
      ASSERT_FALSE(read.status.ok()) << length;
    }
  }
  ExpectRefused(Zstd(log).substr(0, 40), "LOG_CUT_SHORT", "the zstd data is cut short");
  ExpectRefused(Gzip(log).substr(0, 40), "LOG_CUT_SHORT", "the gzip data is cut short");
}

TEST_F(LogFileTest, DamagedCompressionIsAnError) {
  std::string zstd = Zstd(SmallLog()) + "rubbish behind it";
  ExpectRefused(zstd, "COMPRESSION_DAMAGED", "the zstd data is damaged");
  std::string gzip = Gzip(SmallLog());
  gzip[gzip.size() - 8] = static_cast<char>(gzip[gzip.size() - 8] ^ 1);
  ExpectRefused(gzip, "COMPRESSION_DAMAGED", "the gzip data is damaged");
  EXPECT_EQ(ReadAll(folder_.Write("binlog.000001", gzip)).events.size(),
            ReadAll(folder_.Write("binlog.000001", SmallLog())).events.size());
}

TEST_F(LogFileTest, ZstdWindowsBeyondTheLimitSayTheWayOut) {
  // A frame header with a window of 2 GiB.
  ExpectRefused(std::string("\x28\xb5\x2f\xfd\x00\xa8\x00\x00\x00", 9), "NOT_A_BINARY_LOG", "--long=31");
}

TEST_F(LogFileTest, RefusesWhatIsNoBinaryLog) {
  ExpectRefused("", "NOT_A_BINARY_LOG", "empty");
  ExpectRefused(
      "\xfe"
      "b",
      "LOG_CUT_SHORT", "2 bytes");
  ExpectRefused(std::string(kFileMagic), "LOG_CUT_SHORT", "offset 4: the file ends before its first event");
  ExpectRefused("select 1;\n", "NOT_A_BINARY_LOG", "fe 62 69 6e");
  ExpectRefused(SmallLog().substr(100), "NOT_A_BINARY_LOG", "middle of a log");
  ExpectRefused(std::string(100, '\0'), "NOT_A_BINARY_LOG", "fe 62 69 6e");
  ExpectRefused(std::string("\xfd"
                            "7zXZ\0\0",
                            7),
                "NOT_A_BINARY_LOG", "xz");
  ExpectRefused("BZh91AY", "NOT_A_BINARY_LOG", "bzip2");
  ExpectRefused(Gzip("no log"), "NOT_A_BINARY_LOG", "fe 62 69 6e");
}

TEST_F(LogFileTest, RefusesALogWithoutItsBeginning) {
  LogWriter log;
  log.Gtid();
  ExpectRefused(std::string(kFileMagic) + log.events().back().bytes, "EVENT_MALFORMED",
                "offset 4: Gtid: the first event must be a format description");
  ExpectRefused(std::string(kFileMagic) + std::string(100, '\0'), "EVENT_MALFORMED", "offset 4");
}

TEST_F(LogFileTest, EncryptedFilesSayTheWayOut) {
  ExpectRefused(std::string("\xfd\x62\x69\x6e", 4) + std::string(600, 'x'), "LOG_ENCRYPTED", "let a streamer read it");
  const GoldenLog golden = ReadGoldenLog(Flavor::kMariaDb);
  std::string start = MakeEvent(EventType::kMariaDbStartEncryption, std::string(17, '\1')) + "sum!";
  start[9] = static_cast<char>(start.size());
  const std::string path =
      folder_.Write("e", std::string(kFileMagic) + golden.events[0] + start + "what nobody can read");
  LogFileOptions options;
  options.check_checksums = false;
  const ReadLog read = ReadAll(path, options);
  EXPECT_EQ(read.events.size(), 1U);
  EXPECT_EQ(ErrorReason(read.status), "LOG_ENCRYPTED");
  EXPECT_THAT(std::string(read.status.message()), HasSubstr("Start_encryption: what follows is encrypted"));
}

TEST_F(LogFileTest, ACopyOfAnEncryptedLogIsInClear) {
  const GoldenLog golden = ReadGoldenLog(Flavor::kMariaDb);
  std::string start = MakeEvent(EventType::kMariaDbStartEncryption, std::string(17, '\1'), kIgnorableFlag) + "sum!";
  start[9] = static_cast<char>(start.size());
  LogFileOptions options;
  options.check_checksums = false;
  const ReadLog read =
      ReadAll(folder_.Write("e", std::string(kFileMagic) + golden.events[0] + start + golden.events[1]), options);
  EXPECT_EQ(read.events.size(), 3U);
  EXPECT_TRUE(read.status.ok()) << read.status;
}

TEST_F(LogFileTest, AWrongChecksumIsAnErrorUnlessNotAskedFor) {
  LogWriter log;
  log.Transaction({{1, "one"}});
  std::string bytes = log.FileBytes("binlog.000001");
  bytes[bytes.size() - 40] = static_cast<char>(bytes[bytes.size() - 40] ^ 0x20);
  ExpectRefused(bytes, "CHECKSUM_MISMATCH", "Write_rows: its checksum is wrong");
  LogFileOptions options;
  options.check_checksums = false;
  const ReadLog read = ReadAll(folder_.Write("binlog.000001", bytes), options);
  EXPECT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.events.size(), 6U);
}

TEST_F(LogFileTest, LogsWithoutChecksumsAreRead) {
  const std::string log = std::string(kFileMagic) + MakeFormat() + MakeQuery("BEGIN") + MakeXid();
  const ReadLog read = ReadAll(folder_.Write("binlog.000001", log));
  EXPECT_TRUE(read.status.ok()) << read.status;
  EXPECT_EQ(read.events.size(), 3U);
}

TEST_F(LogFileTest, AClaimedSizeIsNotBelieved) {
  std::string event = MakeQuery("BEGIN");
  event.replace(9, 4, "\xff\xff\xff\xff");
  const std::string log = std::string(kFileMagic) + MakeFormat() + event;
  rusage before = {};
  getrusage(RUSAGE_SELF, &before);
  for (const std::string& stored : {log, Zstd(log), Gzip(log)}) {
    ExpectRefused(stored, "EVENT_MALFORMED", "Query: an event header states a size of 4294967295 bytes");
  }
  event.replace(9, 4, "\xff\xff\xff\x7f");
  const std::string less = std::string(kFileMagic) + MakeFormat() + event;
  for (const std::string& stored : {less, Zstd(less), Gzip(less)}) {
    ExpectRefused(stored, "LOG_CUT_SHORT", "Query: the event claims 2147483647 bytes, but only");
  }
  rusage after = {};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 1 << 20);  // In KiB.
  event.replace(9, 4, std::string("\x05\0\0\0", 4));
  ExpectRefused(std::string(kFileMagic) + MakeFormat() + event, "EVENT_MALFORMED",
                ": Query: an event header states a size of 5 bytes");
}

TEST_F(LogFileTest, EventsLargerThanTheBufferAreRead) {
  LogWriter log;
  std::vector<std::string> statements;
  for (const size_t size : {size_t{100}, size_t{3} << 20, size_t{17} << 20, size_t{10}, size_t{5} << 20}) {
    log.Query("-- " + std::string(size, 'x'));
  }
  const std::string bytes = log.FileBytes("binlog.000001");
  for (const std::string& stored : {bytes, Zstd(bytes), Gzip(bytes)}) {
    const ReadLog read = ReadAll(folder_.Write("binlog.000001", stored));
    ASSERT_TRUE(read.status.ok()) << read.status;
    std::string all(kFileMagic);
    for (const std::string& event : read.events) all += event;
    EXPECT_TRUE(all == bytes);
  }
}

TEST_F(LogFileTest, ARelayLogIsRead) {
  LogWriter log;
  std::string format = log.events()[1].bytes;
  format[17] = static_cast<char>(kRelayLogFlag);
  LogFileOptions options;
  options.check_checksums = false;
  const std::string path =
      folder_.Write("relay.000001", std::string(kFileMagic) + format + log.events()[0].bytes + log.events()[1].bytes);
  const auto file = LogFileReader::Open(path, options);
  ASSERT_TRUE(file.ok());
  LogFileEvent event;
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(*(*file)->Next(&event));
  EXPECT_FALSE(*(*file)->Next(&event));
  EXPECT_TRUE((*file)->relay_log());
}

TEST_F(LogFileTest, AMissingFileIsNamed) {
  const ReadLog read = ReadAll(folder_.path() + "/none");
  EXPECT_TRUE(absl::IsNotFound(read.status));
  EXPECT_THAT(std::string(read.status.message()), HasSubstr("/none"));
  EXPECT_FALSE(ReadAll(folder_.path()).status.ok());
}

TEST_F(LogFileTest, EncryptedFilesAreReadAsPlainOnes) {
  const std::string log = SmallLog();
  const ReadLog plain = ReadAll(folder_.Write("binlog.000001", log));
  ASSERT_TRUE(plain.status.ok()) << plain.status;
  LogFileOptions options;
  options.keys = MakeKeyRing("ab");
  for (const std::string& stored : {log, Zstd(log), Gzip(log)}) {
    const ReadLog read = ReadAll(folder_.Write("binlog.000001.enc", Encrypt(stored, KeyOf('b'))), options);
    EXPECT_TRUE(read.status.ok()) << read.status;
    EXPECT_EQ(read.events, plain.events);
  }
  EXPECT_EQ(LogFileName("/a/binlog.000007.zst.enc"), "binlog.000007");
}

TEST_F(LogFileTest, EncryptedFilesThatCannotBeReadSayWhy) {
  const std::string stored = Encrypt(SmallLog(), KeyOf('a'));
  const std::string path = folder_.Write("binlog.000001.enc", stored);
  const absl::Status missing = ReadAll(path).status;
  EXPECT_EQ(ErrorReason(missing), "ENCRYPTION_KEY_MISSING");
  EXPECT_NE(missing.message().find(path), absl::string_view::npos) << missing;
  EXPECT_NE(missing.message().find(KeyOf('a').name()), absl::string_view::npos) << missing;
  LogFileOptions options;
  options.keys = MakeKeyRing("a");
  for (size_t length = 1; length < stored.size(); ++length) {
    const ReadLog cut = ReadAll(folder_.Write("cut", absl::string_view(stored).substr(0, length)), options);
    ASSERT_FALSE(cut.status.ok() && cut.events.size() == ReadAll(path, options).events.size()) << length;
  }
  for (size_t at = 0; at < stored.size(); ++at) {
    std::string changed = stored;
    changed[at] ^= 1;
    ASSERT_FALSE(ReadAll(folder_.Write("changed", changed), options).status.ok()) << at;
  }
}

}  // namespace
}  // namespace binlogd::testing
