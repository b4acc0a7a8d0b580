#include "binlog/statement_event.h"

#include <gtest/gtest.h>

#include "tests/binlog/events.h"

namespace binlogd {
namespace {

// "name=value name=value", or "error".
std::string Describe(EventType type, const std::string& body) {
  ExtraFields extra;
  if (!DescribeStatementEvent(Flavor::kMySql, type, body, &extra).ok()) return "error";
  std::string all;
  for (const auto& [name, value] : extra) absl::StrAppend(&all, all.empty() ? "" : " ", name, "=", value);
  return all;
}

std::string UserVar(absl::string_view name, int type, uint32_t collation, absl::string_view value, int flags = 0) {
  return absl::StrCat(Little(name.size(), 4), name, Little(0, 1), Little(static_cast<uint64_t>(type), 1),
                      Little(collation, 4), Little(value.size(), 4), value, Little(static_cast<uint64_t>(flags), 1));
}

TEST(StatementEventTest, IntvarAndRand) {
  EXPECT_EQ(Describe(EventType::kIntvar, Little(1, 1) + Little(7, 8)), "variable=LAST_INSERT_ID value=7");
  EXPECT_EQ(Describe(EventType::kIntvar, Little(2, 1) + Little(~uint64_t{0}, 8)),
            "variable=INSERT_ID value=18446744073709551615");
  EXPECT_EQ(Describe(EventType::kIntvar, Little(3, 1) + Little(7, 8)), "error");
  EXPECT_EQ(Describe(EventType::kIntvar, Little(1, 1) + Little(7, 7)), "error");
  EXPECT_EQ(Describe(EventType::kRand, Little(5, 8) + Little(6, 8)), "seed1=5 seed2=6");
  EXPECT_EQ(Describe(EventType::kRand, Little(5, 8)), "error");
}

TEST(StatementEventTest, UserVariables) {
  EXPECT_EQ(Describe(EventType::kUserVar, Little(1, 4) + "n" + Little(1, 1)), "variable=@n type=NULL");
  EXPECT_EQ(Describe(EventType::kUserVar, UserVar("i", 2, 63, Little(~uint64_t{0}, 8))),
            "variable=@i type=INT value=-1");
  EXPECT_EQ(Describe(EventType::kUserVar, UserVar("i", 2, 63, Little(~uint64_t{0}, 8), 1)),
            "variable=@i type=INT value=18446744073709551615");
  EXPECT_EQ(Describe(EventType::kUserVar, UserVar("r", 1, 63, FromHex("000000000000f83f"))),
            "variable=@r type=REAL value=1.5");
  EXPECT_EQ(Describe(EventType::kUserVar, UserVar("d", 4, 63, FromHex("04028c22"))),
            "variable=@d type=DECIMAL value=12.34");
  EXPECT_EQ(Describe(EventType::kUserVar, UserVar("s", 0, 255, "h\xc3\xa9")),
            "variable=@s type=STRING collation=255 value=h\xc3\xa9");
  EXPECT_EQ(Describe(EventType::kUserVar, UserVar("s", 0, 8, "h\xe9")),
            "variable=@s type=STRING collation=8 value=h\xc3\xa9");
  EXPECT_EQ(Describe(EventType::kUserVar, UserVar("b", 0, 63, FromHex("00ff"))),
            "variable=@b type=STRING collation=63 value_base64=AP8=");
  EXPECT_EQ(Describe(EventType::kUserVar, UserVar("s", 0, 255, "\xff")),
            "variable=@s type=STRING collation=255 value_base64=/w==");
  EXPECT_EQ(Describe(EventType::kUserVar, UserVar("x", 3, 63, "")), "error");
  EXPECT_EQ(Describe(EventType::kUserVar, UserVar("i", 2, 63, "short")), "error");
  const std::string whole = UserVar("i", 2, 63, Little(1, 8));
  for (size_t size = 0; size + 1 < whole.size(); ++size) {
    EXPECT_EQ(Describe(EventType::kUserVar, whole.substr(0, size)), "error") << size;
  }
  EXPECT_EQ(Describe(EventType::kUserVar, whole.substr(0, whole.size() - 1)), "variable=@i type=INT value=1")
      << "old servers write no flags";
}

TEST(StatementEventTest, BlocksOfFiles) {
  for (const EventType type :
       {EventType::kBeginLoadQuery, EventType::kAppendBlock, EventType::kDeleteFile, EventType::kExecLoad}) {
    EXPECT_EQ(Describe(type, Little(9, 4) + "a,b\n"), "file_id=9");
    EXPECT_EQ(Describe(type, Little(9, 3)), "error");
  }
  EXPECT_EQ(Describe(EventType::kCreateFile, std::string(18, 'x') + Little(3, 4)), "file_id=3");
  EXPECT_EQ(Describe(EventType::kLoad, "anything"), "");
}

}  // namespace
}  // namespace binlogd
