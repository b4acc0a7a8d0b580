#include "auth/audit_log.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "absl/strings/str_split.h"
#include "base/error.h"
#include "base/file.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

using nlohmann::json;

std::vector<std::string> LinesOf(const std::string& path) {
  return absl::StrSplit(*ReadWholeFile(path), '\n', absl::SkipEmpty());
}

TEST(AuditLogTest, OneJsonObjectALine) {
  AuditEntry entry{"alice", "token", "ipv4:192.0.2.7:4711", "Delete", "orders"};
  EXPECT_FALSE(json::parse(AuditLine(entry)).contains("reason"));
  EXPECT_FALSE(json::parse(AuditLine(entry)).contains("request_id"));
  EXPECT_FALSE(json::parse(AuditLine(entry)).contains("validate_only"));
  entry.SetResult(MakeError(absl::StatusCode::kNotFound, "STREAMER_NOT_FOUND", "x"));
  entry.request_id = "0b5c";
  entry.validate_only = true;
  const json line = json::parse(AuditLine(entry));
  EXPECT_EQ(line["request_id"], "0b5c");
  EXPECT_EQ(line["validate_only"], true);
  EXPECT_EQ(line["user"], "alice");
  EXPECT_EQ(line["shown"], "token");
  EXPECT_EQ(line["peer"], "ipv4:192.0.2.7:4711");
  EXPECT_EQ(line["method"], "Delete");
  EXPECT_EQ(line["streamer"], "orders");
  EXPECT_EQ(line["phase"], "end");
  EXPECT_EQ(line["code"], "NOT_FOUND");
  EXPECT_EQ(line["reason"], "STREAMER_NOT_FOUND");
  EXPECT_TRUE(line.contains("time"));
}

TEST(AuditLogTest, NamesCannotForgeALine) {
  AuditEntry entry;
  entry.streamer = "a\n{\"user\": \"root\"}\xff";
  const std::string line = AuditLine(entry);
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_TRUE(json::accept(line));
}

TEST(AuditLogTest, AppendsToAFileThatOnlyItsOwnerReads) {
  testing::TempDir directory;
  const std::string path = directory / "audit";
  for (int i = 0; i < 2; ++i) {
    const auto log = AuditLog::Open(path);
    ASSERT_TRUE(log.ok()) << log.status();
    (*log)->Write(AuditEntry());
  }
  EXPECT_EQ(LinesOf(path).size(), 2u);
  struct stat about;
  ASSERT_EQ(stat(path.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600u);
  EXPECT_FALSE(AuditLog::Open(directory / "missing/audit").ok());
}

TEST(AuditLogTest, ARenamedFileIsReplacedWhenItIsOpenedAnew) {
  testing::TempDir directory;
  const std::string path = directory / "audit";
  const auto log = AuditLog::Open(path);
  ASSERT_TRUE(log.ok()) << log.status();
  (*log)->Write(AuditEntry());
  ASSERT_EQ(std::rename(path.c_str(), (path + ".1").c_str()), 0);
  (*log)->Write(AuditEntry());
  ASSERT_TRUE((*log)->Reopen().ok());
  (*log)->Write(AuditEntry());
  EXPECT_EQ(LinesOf(path + ".1").size(), 2u);
  EXPECT_EQ(LinesOf(path).size(), 1u);
}

}  // namespace
}  // namespace binlogd
