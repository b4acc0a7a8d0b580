#include "binlog/gtid_set.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "tests/binlog/events.h"

namespace binlogd {
namespace {

constexpr char kA[] = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
constexpr char kB[] = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

std::string MySql(absl::string_view text) {
  const auto set = GtidSet::Parse(Flavor::kMySql, text);
  return set.ok() ? set->ToString() : absl::StrCat("error ", ErrorReason(set.status()));
}
std::string MariaDb(absl::string_view text) {
  const auto set = GtidSet::Parse(Flavor::kMariaDb, text);
  return set.ok() ? set->ToString() : absl::StrCat("error ", ErrorReason(set.status()));
}
GtidSet MySqlSet(absl::string_view text) { return *GtidSet::Parse(Flavor::kMySql, text); }
GtidSet MariaDbSet(absl::string_view text) { return *GtidSet::Parse(Flavor::kMariaDb, text); }

Gtid MySqlGtid(const std::string& source, uint64_t number) {
  Gtid gtid;
  gtid.source = source;
  gtid.number = number;
  return gtid;
}
Gtid MariaDbGtid(uint32_t domain, uint32_t server_id, uint64_t number) {
  Gtid gtid;
  gtid.flavor = Flavor::kMariaDb;
  gtid.domain = domain;
  gtid.server_id = server_id;
  gtid.number = number;
  return gtid;
}

TEST(GtidSetTest, EmptyTextIsTheEmptySet) {
  for (const char* text : {"", " ", ",", " , ,\n"}) {
    EXPECT_EQ(MySql(text), "");
    EXPECT_EQ(MariaDb(text), "");
  }
  EXPECT_TRUE(MySqlSet("").empty());
}

TEST(GtidSetTest, MergesAndSortsIntervals) {
  EXPECT_EQ(MySql(absl::StrCat(kA, ":1-5:7:6:10-12:11-20")), absl::StrCat(kA, ":1-7:10-20"));
  EXPECT_EQ(MySql(absl::StrCat(kB, ":1,\n", kA, ": 3 - 4 :1")), absl::StrCat(kA, ":1:3-4,", kB, ":1"));
  EXPECT_EQ(MySql(absl::StrCat(kA, ":1,", kA, ":2")), absl::StrCat(kA, ":1-2"));
  EXPECT_EQ(MySql("3E11FA47-71CA-11E1-9E33-C80AA9429562:9223372036854775807"),
            absl::StrCat(kA, ":9223372036854775807"));
}

TEST(GtidSetTest, KeepsTagsApart) {
  EXPECT_EQ(MySql(absl::StrCat(kA, ":Tag_1:1-3:5:_b:7,", kA, ":2")), absl::StrCat(kA, ":2:_b:7:tag_1:1-3:5"));
  EXPECT_EQ(MySql(absl::StrCat(kA, ":1-2:b:1,", kA, ":c:1,", kB, ":x:9")),
            absl::StrCat(kA, ":1-2:b:1:c:1,", kB, ":x:9"));
  const std::string canonical = absl::StrCat(kA, ":2:_b:7:tag_1:1-3:5");
  EXPECT_EQ(MySql(canonical), canonical);
}

TEST(GtidSetTest, RefusesBadMySqlText) {
  for (const char* rest : {"",
                           ":",
                           ":0",
                           ":0-5",
                           ":5-4",
                           ":-5",
                           ":1-",
                           ":1--2",
                           ":a",
                           ":tag",
                           ":tag:",
                           ":1:tag",
                           ":tag:other:1",
                           ":1x",
                           ":9223372036854775808",
                           ":99999999999999999999999",
                           ":+1",
                           ":1-2-3",
                           ":a-b:1",
                           "::1",
                           ":1 2",
                           ":abcdefghijklmnopqrstuvwxyz_1234567:1"}) {
    EXPECT_EQ(MySql(absl::StrCat(kA, rest)), "error GTID_SET_INVALID") << rest;
  }
  for (const char* text : {"x", "3e11fa47:1", "3e11fa47-71ca-11e1-9e33-c80aa942956:1",
                           "3e11fa47x71ca-11e1-9e33-c80aa9429562:1", "0-1-100", "\xff\xfe"}) {
    EXPECT_EQ(MySql(text), "error GTID_SET_INVALID") << text;
  }
}

TEST(GtidSetTest, RefusedTextIsInTheMessage) {
  const auto set = GtidSet::Parse(Flavor::kMySql, absl::StrCat(kA, ":7-5"));
  EXPECT_EQ(set.status().message(), "GTID set: \"7-5\" ends before it begins");
  EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(GtidSetTest, MariaDbText) {
  EXPECT_EQ(MariaDb("1-1-7, 0-1-100"), "0-1-100,1-1-7");
  EXPECT_EQ(MariaDb("4294967295-4294967295-18446744073709551614"), "4294967295-4294967295-18446744073709551614");
  for (const char* text : {"0-1", "0-1-2-3", "a-1-1", "0--1", "4294967296-1-1", "0-4294967296-1", "0-1-5,0-2-6",
                           "0-1-x", "-0-1-1", "0 -1-1", kA}) {
    EXPECT_EQ(MariaDb(text), "error GTID_SET_INVALID") << text;
  }
}

TEST(GtidSetTest, AddJoinsNeighbours) {
  GtidSet set;
  for (const uint64_t number : {5, 1, 3, 2, 4, 3, 9}) set.Add(MySqlGtid(kA, number));
  EXPECT_EQ(set.ToString(), absl::StrCat(kA, ":1-5:9"));
  set.Add(MySqlGtid(kA, 0));
  set.Add(MariaDbGtid(0, 1, 1));
  EXPECT_EQ(set.ToString(), absl::StrCat(kA, ":1-5:9"));
  set.Add(MySqlSet(absl::StrCat(kA, ":4-8,", kB, ":t:1")));
  EXPECT_EQ(set.ToString(), absl::StrCat(kA, ":1-9,", kB, ":t:1"));
}

TEST(GtidSetTest, MariaDbKeepsTheLastOfEachDomain) {
  GtidSet set(Flavor::kMariaDb);
  set.Add(MariaDbGtid(0, 1, 5));
  set.Add(MariaDbGtid(1, 1, 9));
  set.Add(MariaDbGtid(0, 2, 4));
  EXPECT_EQ(set.ToString(), "0-2-4,1-1-9");
}

TEST(GtidSetTest, Contains) {
  const GtidSet set = MySqlSet(absl::StrCat(kA, ":1-5:9:t:1-2"));
  EXPECT_TRUE(set.Contains(MySqlGtid(kA, 5)));
  EXPECT_FALSE(set.Contains(MySqlGtid(kA, 6)));
  EXPECT_TRUE(set.Contains(MySqlGtid(absl::StrCat(kA, ":t"), 2)));
  EXPECT_FALSE(set.Contains(MySqlGtid(kB, 1)));
  EXPECT_TRUE(set.Contains(MySqlSet(absl::StrCat(kA, ":2-3:9:t:1"))));
  EXPECT_FALSE(set.Contains(MySqlSet(absl::StrCat(kA, ":4-6"))));
  EXPECT_FALSE(set.Contains(MySqlSet(absl::StrCat(kA, ":1,", kB, ":1"))));
  EXPECT_TRUE(set.Contains(GtidSet()));
  EXPECT_TRUE(set.Contains(GtidSet(Flavor::kMariaDb)));
  EXPECT_FALSE(set.Contains(MariaDbSet("0-1-1")));
  EXPECT_TRUE(MariaDbSet("0-1-10,1-1-1").Contains(MariaDbSet("0-2-9")));
  EXPECT_FALSE(MariaDbSet("0-1-10").Contains(MariaDbSet("1-1-1")));
  EXPECT_TRUE(MariaDbSet("0-1-10").Contains(MariaDbGtid(0, 3, 10)));
  EXPECT_FALSE(MariaDbSet("0-1-10").Contains(MariaDbGtid(0, 1, 11)));
}

TEST(GtidSetTest, EncodingIsReadBack) {
  for (const std::string& text : {std::string(), absl::StrCat(kA, ":1-5:7"), absl::StrCat(kA, ":1,", kB, ":2-9"),
                                  absl::StrCat(kA, ":1-5:tag_one:3:7,", kB, ":x:1")}) {
    const std::string encoded = MySqlSet(text).Encode();
    const auto decoded = GtidSet::ParsePreviousGtids(encoded);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(decoded->ToString(), text);
    for (size_t size = 0; size < encoded.size(); ++size) {
      EXPECT_FALSE(GtidSet::ParsePreviousGtids(absl::string_view(encoded).substr(0, size)).ok());
    }
  }
  EXPECT_EQ(absl::BytesToHexString(MySqlSet(absl::StrCat(kA, ":1-5")).Encode()),
            "0100000000000000"
            "3e11fa4771ca11e19e33c80aa9429562"
            "0100000000000000"
            "0100000000000000"
            "0600000000000000");
}

// Captured from MySQL 9.7.
TEST(GtidSetTest, ReadsAServersTaggedSet) {
  const std::string body = FromHex(
      "0105000000000001111111112222333344445555aaaaffff0001000000000000000700000000000000080000000000000011111111222233"
      "3344445555"
      "aaaaffff02620100000000000000feffffffffffff7fffffffffffffff7f17ba520fe6f511f18fa602fc0000000100010000000000000001"
      "0000000000"
      "0000030000000000000017ba520fe6f511f18fa602fc00000001026201000000000000000100000000000000020000000000000017ba520f"
      "e6f511f18f"
      "a602fc00000001147461676765645f6f6e65010000000000000001000000000000000300000000000000");
  const auto set = GtidSet::ParsePreviousGtids(body);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->ToString(),
            "11111111-2222-3333-4444-5555aaaaffff:7:b:9223372036854775806,"
            "17ba520f-e6f5-11f1-8fa6-02fc00000001:1-2:b:1:tagged_one:1-2");
  EXPECT_EQ(set->Encode(), body);
}

TEST(GtidSetTest, RefusesMalformedEncodings) {
  for (const char* digits :
       {"", "01", "0000000000000002", "0200000000000001", "ffffffffffffff00", "000000000000000000",
        "01000000000000003e11fa4771ca11e19e33c80aa9429562010000000000000000000000000000000600000000000000",
        "01000000000000003e11fa4771ca11e19e33c80aa9429562010000000000000006000000000000000600000000000000",
        "01000000000000003e11fa4771ca11e19e33c80aa9429562ffffffffffffffff"}) {
    EXPECT_EQ(GtidSet::ParsePreviousGtids(FromHex(digits)).status().code(), absl::StatusCode::kDataLoss) << digits;
  }
}

// Captured from MariaDB 10.11; the flags of the count are set by hand.
TEST(GtidSetTest, EncodingAndTextAllowTheSame) {
  const auto encoded = [](uint64_t end) {
    return absl::StrCat(Little(1, 8), std::string(16, '\1'), Little(1, 8), Little(5, 8), Little(end, 8));
  };
  const uint64_t most = uint64_t{1} << 63;
  const auto set = GtidSet::ParsePreviousGtids(encoded(most));
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->ToString(), "01010101-0101-0101-0101-010101010101:5-9223372036854775807");
  EXPECT_FALSE(GtidSet::ParsePreviousGtids(encoded(most + 1)).ok());
  const auto tagged =
      GtidSet::ParsePreviousGtids(absl::StrCat(Little(uint64_t{1} << 56 | 1 << 8 | 1, 8), std::string(16, '\1'),
                                               Little(2, 1), "A", Little(1, 8), Little(5, 8), Little(6, 8)));
  ASSERT_TRUE(tagged.ok()) << tagged.status();
  EXPECT_EQ(tagged->ToString(), "01010101-0101-0101-0101-010101010101:a:5");
  EXPECT_TRUE(GtidSet::Parse(Flavor::kMariaDb, "0-1-18446744073709551615").ok());
}

TEST(GtidSetTest, CountsWhatAnotherSetLacks) {
  const auto missing = [](const std::string& all, const std::string& held) {
    return MySqlSet(all).CountMissingFrom(MySqlSet(held));
  };
  const std::string a = std::string(kA) + ":";
  const std::string b = std::string(kB) + ":";
  EXPECT_EQ(missing(a + "1-10", ""), 10u);
  EXPECT_EQ(missing(a + "1-10", a + "1-10"), 0u);
  EXPECT_EQ(missing(a + "1-10", a + "1-20"), 0u);
  EXPECT_EQ(missing(a + "1-10", a + "3-5:9-30"), 5u);
  EXPECT_EQ(missing(a + "1-3:8-10", a + "2-8"), 3u);
  EXPECT_EQ(missing(a + "5-10", a + "1-2:20-30"), 6u);
  EXPECT_EQ(missing(a + "1-10," + b + "1-4", a + "1-9"), 5u);
  EXPECT_EQ(missing("", a + "1-9"), 0u);
  EXPECT_EQ(MariaDbSet("0-1-100,1-1-7").CountMissingFrom(MariaDbSet("0-2-90")), 17u);
  EXPECT_EQ(MariaDbSet("0-1-100").CountMissingFrom(MariaDbSet("0-1-101")), 0u);
}

TEST(GtidSetTest, ReadsAGtidList) {
  const std::string body = FromHex("02000010050000000b0000000100000000000000000000000b0000000300000000000000");
  const auto set = GtidSet::ParseGtidList(body);
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->ToString(), "0-11-3,5-11-1");
  for (size_t size = 0; size < body.size(); ++size) {
    EXPECT_FALSE(GtidSet::ParseGtidList(absl::string_view(body).substr(0, size)).ok());
  }
}

TEST(GtidSetTest, TheLastEntryOfADomainCounts) {
  const auto set = GtidSet::ParseGtidList(
      absl::StrCat(Little(2, 4), Little(0, 4), Little(1, 4), Little(9, 8), Little(0, 4), Little(2, 4), Little(7, 8)));
  EXPECT_EQ(set->ToString(), "0-2-7");
}

}  // namespace
}  // namespace binlogd
