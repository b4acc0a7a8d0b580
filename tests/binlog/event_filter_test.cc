#include "binlog/event_filter.h"

#include <gtest/gtest.h>

namespace binlogd {
namespace {

const TableMap kTable;

DecodedEvent Row(absl::string_view database, absl::string_view table, EventKind kind = EventKind::kWrite) {
  DecodedEvent event;
  event.kind = kind;
  event.database = database;
  event.table = table;
  event.table_map = &kTable;
  return event;
}

DecodedEvent Query(absl::string_view database, bool is_ddl) {
  DecodedEvent event;
  event.kind = EventKind::kQuery;
  event.database = database;
  event.is_ddl = is_ddl;
  return event;
}

DecodedEvent Other(EventKind kind) {
  DecodedEvent event;
  event.kind = kind;
  return event;
}

FilterSpec With(void (*set)(FilterSpec& spec)) {
  FilterSpec spec;
  set(spec);
  return spec;
}

TEST(EventFilterTest, Table) {
  const DecodedEvent orders = Row("shop", "orders");
  const DecodedEvent ddl = Query("shop", true);
  const DecodedEvent dml = Query("shop", false);
  const DecodedEvent commit = Other(EventKind::kCommit);
  const struct {
    const char* what;
    FilterSpec spec;
    DecodedEvent event;
    bool passes;
  } cases[] = {
      {"nothing set: rows", {}, orders, true},
      {"nothing set: commit", {}, commit, true},
      {"database named", With([](FilterSpec& s) { s.databases = {"shop"}; }), orders, true},
      {"database not named", With([](FilterSpec& s) { s.databases = {"other"}; }), orders, false},
      {"database by glob", With([](FilterSpec& s) {
         s.databases = {"x", "sh*"};
       }),
       orders, true},
      {"database named: its statement", With([](FilterSpec& s) { s.databases = {"shop"}; }), dml, true},
      {"database not named: its statement", With([](FilterSpec& s) { s.databases = {"other"}; }), dml, false},
      {"database named: boundaries belong to none", With([](FilterSpec& s) { s.databases = {"shop"}; }), commit, false},
      {"database excluded", With([](FilterSpec& s) { s.exclude_databases = {"shop"}; }), orders, false},
      {"another excluded", With([](FilterSpec& s) { s.exclude_databases = {"other"}; }), orders, true},
      {"excluded: boundaries pass", With([](FilterSpec& s) { s.exclude_databases = {"shop"}; }), commit, true},
      {"table named", With([](FilterSpec& s) { s.tables = {"shop.orders"}; }), orders, true},
      {"table by glob", With([](FilterSpec& s) { s.tables = {"shop.ord*"}; }), orders, true},
      {"table not named", With([](FilterSpec& s) { s.tables = {"shop.items"}; }), orders, false},
      {"table named: boundaries", With([](FilterSpec& s) { s.tables = {"shop.orders"}; }), commit, false},
      {"table named: a statement in its database", With([](FilterSpec& s) { s.tables = {"shop.orders"}; }), ddl, true},
      {"table named: a statement elsewhere", With([](FilterSpec& s) { s.tables = {"other.orders"}; }), ddl, false},
      {"table by a glob over databases", With([](FilterSpec& s) { s.tables = {"*orders"}; }), ddl, true},
      {"table by a glob of databases", With([](FilterSpec& s) { s.tables = {"sh*.orders"}; }), ddl, true},
      {"table excluded", With([](FilterSpec& s) { s.exclude_tables = {"shop.o*"}; }), orders, false},
      {"included and excluded", With([](FilterSpec& s) {
         s.tables = {"shop.*"};
         s.exclude_tables = {"shop.orders"};
       }),
       orders, false},
      {"case counts", With([](FilterSpec& s) { s.databases = {"SHOP"}; }), orders, false},
      {"kind named", With([](FilterSpec& s) { s.events = {EventKind::kWrite}; }), orders, true},
      {"kind not named", With([](FilterSpec& s) { s.events = {EventKind::kDelete}; }), orders, false},
      {"kind named: commit not", With([](FilterSpec& s) { s.events = {EventKind::kWrite}; }), commit, false},
      {"no DDL: DDL", With([](FilterSpec& s) { s.include_ddl = false; }), ddl, false},
      {"no DDL: another statement", With([](FilterSpec& s) { s.include_ddl = false; }), dml, true},
      {"no DDL: rows", With([](FilterSpec& s) { s.include_ddl = false; }), orders, true},
  };
  for (const auto& c : cases) EXPECT_EQ(EventFilter(c.spec).Passes(c.event), c.passes) << c.what;
}

TEST(FilterSpecTest, KnowsWhetherItDropsEvents) {
  EXPECT_FALSE(FilterSpec().drops_events());
  EXPECT_TRUE(With([](FilterSpec& s) { s.databases = {"a"}; }).drops_events());
  EXPECT_TRUE(With([](FilterSpec& s) { s.exclude_tables = {"a.b"}; }).drops_events());
  EXPECT_TRUE(With([](FilterSpec& s) { s.events = {EventKind::kWrite}; }).drops_events());
  EXPECT_TRUE(With([](FilterSpec& s) { s.include_ddl = false; }).drops_events());
}

}  // namespace
}  // namespace binlogd
