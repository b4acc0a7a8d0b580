#include "binlog/query_event.h"

#include <gtest/gtest.h>

#include "tests/binlog/events.h"

namespace binlogd {
namespace {

// "create database d" on MySQL 9.7.
TEST(QueryEventTest, ReadsACapturedEvent) {
  const std::string body = FromHex(
      "09000000000000000100002c000000000000012000a04500000000060373746404ff00ff00ff000c01640011080000000000000012ff0014"
      "006400"
      "637265617465206461746162617365206482"
      "8880");
  const auto query = ParseQueryEvent(body);
  ASSERT_TRUE(query.ok()) << query.status();
  EXPECT_EQ(query->thread_id, 9u);
  EXPECT_EQ(query->error_code, 0);
  EXPECT_EQ(query->client_collation, 255u);
  EXPECT_EQ(query->schema, "d");
  EXPECT_EQ(query->statement.substr(0, 17), "create database d");
  for (size_t size = 0; size < 59; ++size) EXPECT_FALSE(ParseQueryEvent(body.substr(0, size)).ok()) << size;
}

TEST(QueryEventTest, PassesOverStatusVariablesThatItCannotRead) {
  for (const char* digits : {"", "04", "04ff", "ff00", "0203", "06ff"}) {
    const std::string variables = FromHex(digits);
    const std::string body = absl::StrCat(Little(1, 4), Little(2, 4), Little(0, 1), Little(3, 2),
                                          Little(variables.size(), 2), variables, Little(0, 1), "X");
    const auto query = ParseQueryEvent(body);
    ASSERT_TRUE(query.ok()) << query.status();
    EXPECT_EQ(query->client_collation, 0u);
    EXPECT_EQ(query->statement, "X");
  }
}

}  // namespace
}  // namespace binlogd
