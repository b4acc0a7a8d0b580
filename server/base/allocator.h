// The process's memory allocator.
#pragma once

namespace binlogd {

// Keeps freed blocks at hand instead of giving their pages back to the kernel at once: every block of the log would
// otherwise pay for its pages anew. Called once, at the start of the process.
void TuneAllocator();

}  // namespace binlogd
