// Writes docs/metrics.md to standard output.
#include <iostream>

#include "tests/telemetry/metrics_page.h"

int main() {
  std::cout << binlogd::testing::MetricsPage();
  return std::cout.flush().good() ? 0 : 1;
}
