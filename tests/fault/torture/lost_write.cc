// Preloaded into binlogd (LD_PRELOAD): a storage that lies. Writes to the files of RAW archives ("…/binlog.000001") are
// acknowledged at once and made a while later, so that a kill -9 loses what was acknowledged, as if binlogd told its
// position before the data is safe. The torture must notice.
#include <dlfcn.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kDelay = std::chrono::milliseconds(300);

struct Write {
  int file;  // A duplicate of the writer's.
  std::string bytes;
  off_t offset;
  Clock::time_point due;
};

using PwriteFunction = ssize_t(int, const void*, size_t, off_t);

PwriteFunction* RealPwrite() {
  static auto* const function = reinterpret_cast<PwriteFunction*>(dlsym(RTLD_NEXT, "pwrite"));
  return function;
}

// Makes the writes when they are due, on a thread that ends with the process.
class LateWriter {
 public:
  LateWriter() : thread_([this] { Run(); }) {}

  void Add(Write write) {
    const std::lock_guard<std::mutex> lock(mutex_);
    writes_.push_back(std::move(write));
    wake_.notify_one();
  }

 private:
  void Run() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      wake_.wait(lock, [this] { return !writes_.empty(); });
      wake_.wait_until(lock, writes_.front().due, [this] { return Clock::now() >= writes_.front().due; });
      const Write write = std::move(writes_.front());
      writes_.pop_front();
      RealPwrite()(write.file, write.bytes.data(), write.bytes.size(), write.offset);
      close(write.file);
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Write> writes_;
  std::thread thread_;
};

bool IsArchive(int file) {
  char path[4096];
  const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(file)).c_str(), path, sizeof(path) - 1);
  if (size <= 0) return false;
  path[size] = '\0';
  const char* name = std::strrchr(path, '/');
  return name != nullptr && std::strncmp(name, "/binlog.", 8) == 0;
}

}  // namespace

extern "C" {

ssize_t pwrite(int file, const void* bytes, size_t size, off_t offset) {
  if (!IsArchive(file)) return RealPwrite()(file, bytes, size, offset);
  static auto* const writer = new LateWriter;
  writer->Add({dup(file), std::string(static_cast<const char*>(bytes), size), offset, Clock::now() + kDelay});
  return static_cast<ssize_t>(size);
}

ssize_t pwrite64(int file, const void* bytes, size_t size, off_t offset) { return pwrite(file, bytes, size, offset); }

}  // extern "C"
