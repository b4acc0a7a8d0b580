// The main() of tests that need what a machine may lack. Ends with kSkipped when nothing failed but something was
// skipped, so that ctest says "Skipped" instead of "Passed", and repeats the reasons at the end.
#include <gtest/gtest.h>

#include <csignal>
#include <cstdio>

#include "tests/harness/test_arguments.h"

namespace {

constexpr int kSkipped = 77;

void PrintSkipped(const testing::TestInfo& test) {
  for (int i = 0; i < test.result()->total_part_count(); ++i) {
    const testing::TestPartResult& part = test.result()->GetTestPartResult(i);
    if (part.skipped()) std::printf("SKIPPED: %s.%s: %s\n", test.test_suite_name(), test.name(), part.message());
  }
}

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  binlogd::testing::SetTestArguments(argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  const int result = RUN_ALL_TESTS();
  const testing::UnitTest& all = *testing::UnitTest::GetInstance();
  if (result != 0 || all.skipped_test_count() == 0) return result;
  for (int i = 0; i < all.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *all.GetTestSuite(i);
    for (int j = 0; j < suite.total_test_count(); ++j) {
      if (suite.GetTestInfo(j)->result()->Skipped()) PrintSkipped(*suite.GetTestInfo(j));
    }
  }
  return kSkipped;
}
