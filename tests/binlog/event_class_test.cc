#include "binlog/event_class.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace binlogd {
namespace {

TEST(EventClassTest, SortsTheEventsOfBothFlavors) {
  EXPECT_EQ(ClassOf(EventType::kWriteRows), EventClass::kWrite);
  EXPECT_EQ(ClassOf(EventType::kMariaDbWriteRowsCompressedV1), EventClass::kWrite);
  EXPECT_EQ(ClassOf(EventType::kPartialUpdateRows), EventClass::kUpdate);
  EXPECT_EQ(ClassOf(EventType::kDeleteRowsV1), EventClass::kDelete);
  EXPECT_EQ(ClassOf(EventType::kMariaDbQueryCompressed), EventClass::kQuery);
  for (const EventType type :
       {EventType::kGtid, EventType::kAnonymousGtid, EventType::kTaggedGtid, EventType::kMariaDbGtid}) {
    EXPECT_EQ(ClassOf(type), EventClass::kGtid);
  }
  EXPECT_EQ(ClassOf(EventType::kXid), EventClass::kCommit);
  EXPECT_EQ(ClassOf(EventType::kTransactionPayload), EventClass::kCompressed);
  EXPECT_EQ(ClassOf(EventType::kMariaDbGtidList), EventClass::kControl);
  EXPECT_EQ(ClassOf(static_cast<EventType>(250)), EventClass::kOther);
}

TEST(EventClassTest, EachHasANameOfItsOwn) {
  std::set<std::string> names;
  for (size_t i = 0; i < kEventClasses; ++i) {
    const std::string name(EventClassName(static_cast<EventClass>(i)));
    EXPECT_NE(name, "");
    EXPECT_TRUE(names.insert(name).second) << name;
  }
}

TEST(EventClassTest, CountersAddUp) {
  EventClassCounters counters;
  counters.Add(EventClass::kWrite, 3);
  counters.Add(EventClass::kOther, 4);
  counters.Add(EventClass::kWrite, 1);
  EXPECT_EQ(counters.of(EventClass::kWrite), 4u);
  EXPECT_EQ(counters.of(EventClass::kGtid), 0u);
  EXPECT_EQ(counters.total(), 8u);
}

}  // namespace
}  // namespace binlogd
