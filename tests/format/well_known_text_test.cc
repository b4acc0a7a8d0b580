#include "format/well_known_text.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/binlog/events.h"

namespace binlogd {
namespace {

std::string Head(int type) { return absl::StrCat("\x01", Little(type, 4)); }
std::string Numbers(std::initializer_list<double> numbers) {
  std::string bytes;
  for (const double number : numbers) {
    uint64_t bits;
    memcpy(&bits, &number, sizeof bits);
    bytes += Little(bits, 8);
  }
  return bytes;
}
std::string Point(double x, double y) { return Head(1) + Numbers({x, y}); }
std::string Text(const std::string& wkb) {
  std::string out = "x";
  return AppendWellKnownText(wkb, &out) ? out.substr(1) : out == "x" ? "refused" : "left something";
}

const std::string kRing = Little(4, 4) + Numbers({0, 0, 1, 0, 1, 1, 0, 0});

TEST(WellKnownTextTest, EveryType) {
  EXPECT_EQ(Text(Point(1.5, -2)), "POINT (1.5 -2)");
  EXPECT_EQ(Text(Head(2) + Little(2, 4) + Numbers({0, 0, 1, 1})), "LINESTRING (0 0, 1 1)");
  EXPECT_EQ(Text(Head(3) + Little(1, 4) + kRing), "POLYGON ((0 0, 1 0, 1 1, 0 0))");
  EXPECT_EQ(Text(Head(4) + Little(2, 4) + Point(1, 2) + Point(3, 4)), "MULTIPOINT ((1 2), (3 4))");
  EXPECT_EQ(Text(Head(5) + Little(1, 4) + Head(2) + Little(1, 4) + Numbers({7, 8})), "MULTILINESTRING ((7 8))");
  EXPECT_EQ(Text(Head(6) + Little(1, 4) + Head(3) + Little(1, 4) + kRing), "MULTIPOLYGON (((0 0, 1 0, 1 1, 0 0)))");
  EXPECT_EQ(Text(Head(7) + Little(2, 4) + Point(1, 2) + Head(7) + Little(0, 4)),
            "GEOMETRYCOLLECTION (POINT (1 2), GEOMETRYCOLLECTION EMPTY)");
}

TEST(WellKnownTextTest, RefusesWhatIsNoGeometry) {
  const std::string good = Head(4) + Little(2, 4) + Point(1, 2) + Point(3, 4);
  for (size_t size = 0; size < good.size(); ++size) EXPECT_EQ(Text(good.substr(0, size)), "refused") << size;
  EXPECT_EQ(Text(good + "x"), "refused");
  EXPECT_EQ(Text(Head(8)), "refused");
  EXPECT_EQ(Text(Head(4) + Little(1, 4) + Head(2) + Little(0, 4)), "refused") << "a line among points";
  EXPECT_EQ(Text(Head(7) + Little(0xffffffff, 4)), "refused");
  EXPECT_EQ(Text(Point(std::numeric_limits<double>::infinity(), 0)), "refused");
  std::string deep;
  for (int i = 0; i < 10000; ++i) deep += Head(7) + Little(1, 4);
  EXPECT_EQ(Text(deep + Point(1, 2)), "refused");
}

}  // namespace
}  // namespace binlogd
