#include <gtest/gtest.h>

#include "mysql/connection.h"

namespace binlogd {
namespace {

TEST(ParseEndpointTest, TakesEveryForm) {
  struct {
    const char* text;
    const char* host;
    uint16_t port;
    const char* canonical;
  } const cases[] = {
      {"db1", "db1", 3306, "db1:3306"},
      {"db1:3307", "db1", 3307, "db1:3307"},
      {"10.0.0.1:1", "10.0.0.1", 1, "10.0.0.1:1"},
      {"[::1]", "::1", 3306, "[::1]:3306"},
      {"[fe80::1%eth0]:65535", "fe80::1%eth0", 65535, "[fe80::1%eth0]:65535"},
  };
  for (const auto& c : cases) {
    const absl::StatusOr<Endpoint> endpoint = ParseEndpoint(c.text);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(endpoint->host, c.host);
    EXPECT_EQ(endpoint->port, c.port);
    EXPECT_EQ(endpoint->ToString(), c.canonical);
  }
}

TEST(ParseEndpointTest, RefusesWhatIsNone) {
  for (const char* text : {"",       ":",      ":3306",  "db1:",   "db1:0", "db1:65536", "db1:123456789012",
                           "db1:-1", "db1:+1", "db1: 1", "db1:x",  "::1",   "a:1:2",     "[::1",
                           "[]",     "[]:1",   "[::1]x", "[::1]:", "a b",   "a/b",       "user@db1:1"}) {
    EXPECT_EQ(ParseEndpoint(text).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
  EXPECT_FALSE(ParseEndpoint(std::string(10000, 'a')).ok());
  EXPECT_FALSE(ParseEndpoint(absl::string_view("a\0b", 3)).ok());
}

TEST(ResultSetTest, FindsAColumnByName) {
  ResultSet set;
  EXPECT_EQ(set.First("a"), std::nullopt);
  set.columns = {"File", "Position"};
  set.rows = {{"binlog.000001", std::nullopt}};
  EXPECT_EQ(set.First("file"), "binlog.000001");
  EXPECT_EQ(set.First("POSITION"), std::nullopt);
  EXPECT_EQ(set.First("other"), std::nullopt);
}

}  // namespace
}  // namespace binlogd
