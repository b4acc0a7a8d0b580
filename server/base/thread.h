// Threads with names, as `top -H`, `ps -L` and debuggers show them. A thread that is not named has the name of the one
// that started it.
#pragma once

#include <string>
#include <thread>
#include <utility>

#include "absl/strings/string_view.h"

namespace binlogd {

// The most characters that Linux keeps of a name.
inline constexpr size_t kMostThreadName = 15;

// "FIRST:SECOND", or with another separator, in kMostThreadName characters. Of two words that do not fit, those with
// more than half of the room lose their middle, for which "~" stands: "read:shop~eu-02".
std::string ThreadName(absl::string_view first, char separator, absl::string_view second);

// Of the calling thread. What is beyond kMostThreadName is left out.
void NameThisThread(const std::string& name);

// A thread that is called so and runs `work`; for the caller to join.
template <typename Work>
std::thread StartThread(std::string name, Work work) {
  return std::thread([name = std::move(name), work = std::move(work)]() mutable {
    NameThisThread(name);
    work();
  });
}

}  // namespace binlogd
