#include "base/logging.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/log_history.h"
#include "base/trace.h"

namespace binlogd {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kTraceparent[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kTraceId[] = "4bf92f3577b34da6a3ce929d0e0e4736";

LogRecord Record() {
  LogRecord record;
  record.time = absl::FromUnixMillis(1700000000123);
  record.level = "warning";
  record.streamer = "orders";
  record.file = "binlog.000007";
  record.offset = 4711;
  record.trace_id = kTraceId;
  record.message = "it says \"no\"\nand\tgoes on";
  return record;
}

TEST(LogLineTest, Text) {
  EXPECT_EQ(LogLineText(LogFormat::kText, Record()),
            "time=2023-11-14T22:13:20.123Z level=warning streamer=orders file=binlog.000007 offset=4711 "
            "trace_id=4bf92f3577b34da6a3ce929d0e0e4736 message=\"it says \\\"no\\\"\\nand\\tgoes on\"");
}

TEST(LogLineTest, ValuesThatNeedItAreQuoted) {
  LogRecord record = Record();
  record.streamer = "a b=\"c\"";
  EXPECT_THAT(LogLineText(LogFormat::kText, record), HasSubstr(" streamer=\"a b=\\\"c\\\"\" "));
}

TEST(LogLineTest, JsonIsOneObjectWhateverTheBytes) {
  LogRecord record = Record();
  record.message = "broken \xff UTF-8";
  const std::string line = LogLineText(LogFormat::kJson, record);
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  const auto json = nlohmann::json::parse(line);
  EXPECT_EQ(json["time"], "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(json["offset"], 4711);
  EXPECT_EQ(json["message"], "broken \xef\xbf\xbd UTF-8");
  EXPECT_FALSE(json.contains("component"));
}

// What Log() writes while it lives.
class LoggingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    SetLogFormat(LogFormat::kJson);
    SetLogLevel(LogLevel::kInfo);
  }
  void TearDown() override {
    SetLogFormat(LogFormat::kText);
    SetLogLevel(LogLevel::kInfo);
  }
  static nlohmann::json Logged(LogLevel level, const std::string& subject, const std::string& message) {
    ::testing::internal::CaptureStderr();
    Log(level, subject, message);
    const std::string line = ::testing::internal::GetCapturedStderr();
    return line.empty() ? nlohmann::json() : nlohmann::json::parse(line);
  }
};

TEST_F(LoggingTest, AStreamersLineTellsNameAndPosition) {
  const auto history = LogHistory::Of("logging-1");
  history->SetPlace("binlog.000002", 99);
  const auto line = Logged(LogLevel::kInfo, "logging-1", "hello");
  EXPECT_EQ(line["streamer"], "logging-1");
  EXPECT_EQ(line["file"], "binlog.000002");
  EXPECT_EQ(line["offset"], 99);
  EXPECT_EQ(line["level"], "info");
  EXPECT_EQ(line["message"], "hello");
}

TEST_F(LoggingTest, ATargetsLineIsItsStreamersToo) {
  const auto history = LogHistory::Of("logging-2");
  const auto line = Logged(LogLevel::kWarning, TargetSubject("logging-2", "archive"), "full");
  EXPECT_EQ(line["streamer"], "logging-2");
  EXPECT_EQ(line["target"], "archive");
  ASSERT_EQ(history->Lines(0).size(), 1u);
  EXPECT_EQ(history->Lines(0)[0].text, "target \"archive\": full");
}

TEST_F(LoggingTest, OtherLinesNameTheComponent) {
  const auto line = Logged(LogLevel::kError, "server", "x");
  EXPECT_EQ(line["component"], "server");
  EXPECT_FALSE(line.contains("streamer"));
  EXPECT_FALSE(line.contains("offset"));
}

TEST_F(LoggingTest, TheLevelChangesAtRunTimeAndAllLinesAreCounted) {
  const uint64_t before = LogCalls(LogLevel::kDebug);
  EXPECT_TRUE(Logged(LogLevel::kDebug, "server", "x").is_null());
  SetLogLevel(LogLevel::kDebug);
  EXPECT_EQ(CurrentLogLevel(), LogLevel::kDebug);
  EXPECT_EQ(Logged(LogLevel::kDebug, "server", "x")["level"], "debug");
  SetLogLevel(LogLevel::kError);
  EXPECT_TRUE(Logged(LogLevel::kWarning, "server", "x").is_null());
  EXPECT_EQ(LogCalls(LogLevel::kDebug), before + 2);
}

TEST_F(LoggingTest, LinesBelongToTheCallersTrace) {
  {
    const TraceScope outer(TraceIdOf(kTraceparent));
    EXPECT_EQ(Logged(LogLevel::kInfo, "server", "x")["trace_id"], kTraceId);
    {
      const TraceScope none("");
      EXPECT_FALSE(Logged(LogLevel::kInfo, "server", "x").contains("trace_id"));
    }
    EXPECT_EQ(CurrentTraceId(), kTraceId);
  }
  EXPECT_EQ(CurrentTraceId(), "");
}

TEST(TraceTest, ReadsTraceparents) {
  EXPECT_EQ(TraceIdOf(kTraceparent), kTraceId);
  EXPECT_EQ(TraceIdOf(std::string("01") + (kTraceparent + 2) + "-more"), kTraceId);
  EXPECT_EQ(TraceIdOf(""), "");
  EXPECT_EQ(TraceIdOf(std::string(kTraceparent) + "-more"), "") << "version 00 has no more";
  EXPECT_EQ(TraceIdOf(std::string("ff") + (kTraceparent + 2)), "");
  EXPECT_EQ(TraceIdOf("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), "");
  EXPECT_EQ(TraceIdOf("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01"), "");
  EXPECT_EQ(TraceIdOf("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"), "");
  EXPECT_EQ(TraceIdOf("00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01"), "");
}

}  // namespace
}  // namespace binlogd
