// Tells ThreadSanitizer about absl::Mutex. The distribution's Abseil is built without it, so that every access under a
// mutex would look like a race. The linker sends our calls here (--wrap, cmake/BinlogdBuild.cmake); what Abseil itself
// does between "pre" and "post" is ignored, the conditions that it evaluates for others included.
#include <sanitizer/tsan_interface.h>

#include <cstdint>

namespace {

// As absl::Time and absl::Duration are passed.
struct TimeRepresentation {
  int64_t high;
  uint32_t low;
};

}  // namespace

// NOLINTBEGIN(bugprone-reserved-identifier): the linker makes these names.
#define WRAPPED(method) __wrap__ZN4absl7debian35Mutex##method
#define REAL(method) __real__ZN4absl7debian35Mutex##method

extern "C" {

void REAL(4LockEv)(void* mutex);
void WRAPPED(4LockEv)(void* mutex) {
  __tsan_mutex_pre_lock(mutex, 0);
  REAL(4LockEv)(mutex);
  __tsan_mutex_post_lock(mutex, 0, 0);
}

void REAL(6UnlockEv)(void* mutex);
void WRAPPED(6UnlockEv)(void* mutex) {
  __tsan_mutex_pre_unlock(mutex, 0);
  REAL(6UnlockEv)(mutex);
  __tsan_mutex_post_unlock(mutex, 0);
}

void REAL(10ReaderLockEv)(void* mutex);
void WRAPPED(10ReaderLockEv)(void* mutex) {
  __tsan_mutex_pre_lock(mutex, __tsan_mutex_read_lock);
  REAL(10ReaderLockEv)(mutex);
  __tsan_mutex_post_lock(mutex, __tsan_mutex_read_lock, 0);
}

void REAL(12ReaderUnlockEv)(void* mutex);
void WRAPPED(12ReaderUnlockEv)(void* mutex) {
  __tsan_mutex_pre_unlock(mutex, __tsan_mutex_read_lock);
  REAL(12ReaderUnlockEv)(mutex);
  __tsan_mutex_post_unlock(mutex, __tsan_mutex_read_lock);
}

// A wait gives the mutex up and takes it again.
void REAL(5AwaitERKNS0_9ConditionE)(void* mutex, const void* condition);
void WRAPPED(5AwaitERKNS0_9ConditionE)(void* mutex, const void* condition) {
  __tsan_mutex_pre_unlock(mutex, 0);
  __tsan_mutex_post_unlock(mutex, 0);
  __tsan_mutex_pre_lock(mutex, 0);
  REAL(5AwaitERKNS0_9ConditionE)(mutex, condition);
  __tsan_mutex_post_lock(mutex, 0, 0);
}

bool REAL(17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE)(void* mutex, const void* condition, TimeRepresentation time);
bool WRAPPED(17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE)(void* mutex, const void* condition,
                                                              TimeRepresentation time) {
  __tsan_mutex_pre_unlock(mutex, 0);
  __tsan_mutex_post_unlock(mutex, 0);
  __tsan_mutex_pre_lock(mutex, 0);
  const bool held = REAL(17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE)(mutex, condition, time);
  __tsan_mutex_post_lock(mutex, 0, 0);
  return held;
}

bool REAL(16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)(void* mutex, const void* condition,
                                                              TimeRepresentation time);
bool WRAPPED(16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)(void* mutex, const void* condition,
                                                                 TimeRepresentation time) {
  __tsan_mutex_pre_unlock(mutex, 0);
  __tsan_mutex_post_unlock(mutex, 0);
  __tsan_mutex_pre_lock(mutex, 0);
  const bool held = REAL(16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)(mutex, condition, time);
  __tsan_mutex_post_lock(mutex, 0, 0);
  return held;
}

void REAL(D1Ev)(void* mutex);
void WRAPPED(D1Ev)(void* mutex) {
  REAL(D1Ev)(mutex);
  __tsan_mutex_destroy(mutex, 0);
}

}  // extern "C"
// NOLINTEND(bugprone-reserved-identifier)
