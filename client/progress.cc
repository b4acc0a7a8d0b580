#include "client/progress.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "client/text.h"

namespace binlogd {
namespace {

constexpr absl::Duration kInterval = absl::Milliseconds(200);

// 0 when it is not known.
uint64_t StoredSize(const std::string& path) {
  struct stat info = {};
  const bool known = (path == "-" ? fstat(STDIN_FILENO, &info) : stat(path.c_str(), &info)) == 0;
  return known && S_ISREG(info.st_mode) ? static_cast<uint64_t>(info.st_size) : 0;
}

}  // namespace

Progress::Progress(const std::vector<std::string>& paths)
    : enabled_(isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 0), next_(absl::Now() + kInterval) {
  for (const std::string& path : paths) {
    const uint64_t size = StoredSize(path);
    if (size == 0) {
      total_ = 0;
      break;
    }
    total_ += size;
  }
}

Progress::~Progress() { Clear(); }

void Progress::EndFile(const std::string& path) { done_ += StoredSize(path); }

void Progress::Clear() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

void Progress::Look(const LogFileReader& file) {
  const absl::Time now = absl::Now();
  if (now < next_) return;
  next_ = now + kInterval;
  const uint64_t done = done_ + file.bytes().stored_read();
  std::string line = absl::StrCat("\r", EscapeText(file.name()), "  ", BytesText(done));
  if (total_ > 0) absl::StrAppend(&line, " of ", BytesText(total_), "  ", done * 100 / total_, "%");
  std::fputs(absl::StrCat(line, "\x1b[K").c_str(), stderr);
  shown_ = true;
}

}  // namespace binlogd
