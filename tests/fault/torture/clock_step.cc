// Preloaded into binlogd (LD_PRELOAD): the wall clock is ahead of the machine's by the nanoseconds that the file
// BINLOGD_TEST_CLOCK holds (8 bytes, which the test changes at will). What waits until a time of that clock is told the
// machine's.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <threads.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <ctime>

namespace {

constexpr int64_t kSecond = 1'000'000'000;

const std::atomic<int64_t>* OffsetInFile() {
  static const std::atomic<int64_t> none{0};
  const char* path = std::getenv("BINLOGD_TEST_CLOCK");
  if (path == nullptr) return &none;
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  void* bytes = mmap(nullptr, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  return bytes == MAP_FAILED ? &none : static_cast<const std::atomic<int64_t>*>(bytes);
}

int64_t Offset() {
  static const std::atomic<int64_t>* const offset = OffsetInFile();
  return offset->load(std::memory_order_relaxed);
}

template <typename Function>
Function* Next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

timespec Shifted(const timespec& time, int64_t nanoseconds) {
  const int64_t total = time.tv_sec * kSecond + time.tv_nsec + nanoseconds;
  return {total / kSecond, total % kSecond};
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto next = Next<int(clockid_t, timespec*)>("clock_gettime");
  const int result = next(clock, time);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) *time = Shifted(*time, Offset());
  return result;
}

int gettimeofday(timeval* __restrict time, void* __restrict) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

time_t time(time_t* result) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (result != nullptr) *result = now.tv_sec;
  return now.tv_sec;
}

// librdkafka's clock, and how it waits.
int timespec_get(timespec* time, int base) noexcept {
  static const auto next = Next<int(timespec*, int)>("timespec_get");
  const int result = next(time, base);
  if (result == TIME_UTC) *time = Shifted(*time, Offset());
  return result;
}

int cnd_timedwait(cnd_t* __restrict condition, mtx_t* __restrict mutex, const timespec* __restrict until) {
  static const auto next = Next<int(cnd_t*, mtx_t*, const timespec*)>("cnd_timedwait");
  const timespec machine_time = Shifted(*until, -Offset());
  return next(condition, mutex, &machine_time);
}

// absl waits with futexes of its own.
long syscall(long number, ...) noexcept {
  static const auto next = Next<long(long, ...)>("syscall");
  va_list list;
  va_start(list, number);
  long arguments[6];
  for (long& argument : arguments) argument = va_arg(list, long);
  va_end(list);
  timespec until{};
  const bool realtime = number == SYS_futex && (arguments[1] & FUTEX_CLOCK_REALTIME) != 0 && arguments[3] != 0;
  if (realtime) {
    until = Shifted(*reinterpret_cast<const timespec*>(arguments[3]), -Offset());
    arguments[3] = reinterpret_cast<long>(&until);
  }
  return next(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], arguments[5]);
}

}  // extern "C"
