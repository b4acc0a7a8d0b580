// The process's memory allocator.
#pragma once

namespace binlogd {

// Gives large memory back to the kernel as soon as it is freed, so that what a transaction took is not kept in as many
// places as there are threads. What is needed again and again is kept by its users. Called once, at the start of the
// process.
void TuneAllocator();

}  // namespace binlogd
