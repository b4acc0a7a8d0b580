#include "base/allocator.h"

#include <malloc.h>

namespace binlogd {

void TuneAllocator() {
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  mallopt(M_TRIM_THRESHOLD, 2 << 20);
}

}  // namespace binlogd
