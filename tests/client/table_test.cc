#include "client/table.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

TEST(TableTest, AlignsColumns) {
  Table table({{"NAME"}, {"SIZE", Table::Align::kRight}, {"NOTE"}});
  table.Add({"a", "1 B", "x"});
  table.Add({"längere", "10.0 KiB", ""});
  EXPECT_EQ(table.Text(false),
            "NAME         SIZE  NOTE\n"
            "a             1 B  x\n"
            "längere  10.0 KiB  -\n");
}

TEST(TableTest, ColoursDoNotDisturbTheColumns) {
  Table table({{"A"}, {"B"}});
  table.Add({{"x", Colour::kRed}, "y"});
  table.Add({"long", "z"});
  EXPECT_EQ(table.Text(true),
            "\x1b[1mA\x1b[0m     \x1b[1mB\x1b[0m\n"
            "\x1b[31mx\x1b[0m     y\n"
            "long  z\n");
}

TEST(TableTest, EscapesCells) {
  Table table({{"A"}});
  table.Add({"a\nb\x1b[2J"});
  EXPECT_EQ(table.Text(false), "A\na\\nb\\x1b[2J\n");
}

}  // namespace
}  // namespace binlogd
