#include "base/allocator.h"

#include <malloc.h>

namespace binlogd {

void TuneAllocator() {
  mallopt(M_MMAP_THRESHOLD, 16 << 20);
  mallopt(M_TRIM_THRESHOLD, 8 << 20);
}

}  // namespace binlogd
