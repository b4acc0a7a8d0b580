// The Containerfile says in other words what the package and packages.txt say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/packaging/packages.h"

namespace binlogd::testing {
namespace {

TEST(ContainerfileTest, X) {}

}  // namespace
}  // namespace binlogd::testing
