#include "base/thread.h"

#include <pthread.h>

#include "absl/strings/str_cat.h"

namespace binlogd {
namespace {

constexpr size_t kHalf = kMostThreadName / 2;

std::string WithoutMiddle(absl::string_view word, size_t room) {
  if (word.size() <= room) return std::string(word);
  const size_t tail = (room - 1) / 2;
  return absl::StrCat(word.substr(0, room - 1 - tail), "~", word.substr(word.size() - tail));
}

}  // namespace

std::string ThreadName(absl::string_view first, char separator, absl::string_view second) {
  constexpr size_t kRoom = kMostThreadName - 1;
  const size_t of_first = second.size() < kHalf ? kRoom - second.size() : kHalf;
  const std::string head = WithoutMiddle(first, of_first);
  return absl::StrCat(head, std::string(1, separator), WithoutMiddle(second, kRoom - head.size()));
}

void NameThisThread(const std::string& name) {
  // Fails for a name that is too long only.
  (void)pthread_setname_np(pthread_self(), name.substr(0, kMostThreadName).c_str());
}

}  // namespace binlogd
