#include "binlog/position.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

TEST(PositionTest, AnOlderFileHasTheSameNameAndALowerNumber) {
  EXPECT_TRUE(IsOlderFile("binlog.000006", "binlog.000007"));
  EXPECT_TRUE(IsOlderFile("binlog.999999", "binlog.1000000"));
  EXPECT_FALSE(IsOlderFile("binlog.000007", "binlog.000007"));
  EXPECT_FALSE(IsOlderFile("binlog.000008", "binlog.000007"));
  EXPECT_FALSE(IsOlderFile("nofile", "binlog.000007")) << "it never was one";
  EXPECT_FALSE(IsOlderFile("mysql-bin.000001", "binlog.000007"));
  EXPECT_FALSE(IsOlderFile("binlog.", "binlog.000007"));
  EXPECT_FALSE(IsOlderFile("binlog.000000", "binlog.000007"));
}

TEST(PositionTest, FilesAreOrderedByNumber) {
  EXPECT_EQ(FileSequence("binlog.000007"), 7u);
  EXPECT_EQ(FileSequence("a1.b2.1000000"), 1000000u);
  EXPECT_EQ(FileSequence("binlog"), 0u);
  EXPECT_EQ(FileSequence(""), 0u);
  EXPECT_EQ(FileSequence("binlog.99999999999999999999999"), 0u);
  EXPECT_LT(ComparePositions({"binlog.999999", 900, ""}, {"binlog.1000000", 4, ""}), 0);
  EXPECT_GT(ComparePositions({"binlog.000002", 4, ""}, {"binlog.000001", 1000, ""}), 0);
  EXPECT_LT(ComparePositions({"binlog.000002", 4, ""}, {"binlog.000002", 5000000000, ""}), 0);
  EXPECT_EQ(ComparePositions({"binlog.000002", 4, "a"}, {"binlog.000002", 4, "b"}), 0);
  EXPECT_EQ(ToString(Position{"binlog.000007", 1234, ""}), "binlog.000007:1234");
}

TEST(EpochTest, NamesAndParses) {
  const Epoch epoch{1, "6f1c2a9e"};
  EXPECT_EQ(epoch.name(), "0001-6f1c2a9e");
  for (const Epoch& each : {epoch, Epoch{12345, "00000000"}, Epoch{4294967295u, "ffffffff"}}) {
    Epoch parsed;
    ASSERT_TRUE(ParseEpochName(each.name(), &parsed)) << each.name();
    EXPECT_EQ(parsed, each);
  }
}

TEST(EpochTest, RefusesOtherNames) {
  Epoch parsed{9, "unchanged"};
  for (const char* name :
       {"", "1-6f1c2a9e", "0000-6f1c2a9e", "0001_6f1c2a9e", "0001-6f1c2a9", "0001-6f1c2a9g", "0001-6F1C2A9E",
        "00001-6f1c2a9e", "99999999999-6f1c2a9e", "-001-6f1c2a9e", "0001-6f1c2a9e/", " 0001-6f1c2a9e"}) {
    EXPECT_FALSE(ParseEpochName(name, &parsed)) << name;
  }
  EXPECT_EQ(parsed.number, 9u);
}

}  // namespace
}  // namespace binlogd
