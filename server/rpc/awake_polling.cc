#include "rpc/awake_polling.h"

#include <grpcpp/alarm.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace binlogd {
namespace {

// Of two threads one took the last event; it does not sleep before a second has passed since, and the next event comes
// well before that.
constexpr absl::Duration kPeriod = absl::Milliseconds(300);

// An event: a call that ends at once, for its channel leads nowhere.
class Nudge : public std::enable_shared_from_this<Nudge> {
 public:
  void Make(grpc::GenericStub* stub) {
    stub->UnaryCall(&context_, "/none", grpc::StubOptions(), &request_, &response_,
                    [self = shared_from_this()](const grpc::Status&) {});
  }

 private:
  const grpc::Slice empty_;
  grpc::ClientContext context_;
  grpc::ByteBuffer request_{&empty_, 1};
  grpc::ByteBuffer response_;
};

}  // namespace

struct AwakePolling::State {
  // Without credentials there is no connection, and every call fails.
  grpc::GenericStub nowhere{grpc::CreateChannel("nowhere", nullptr)};
  absl::Mutex mutex;
  bool over ABSL_GUARDED_BY(mutex) = false;
  // Each time has its own: one cannot be set again while its callback runs.
  std::unique_ptr<grpc::Alarm> alarm ABSL_GUARDED_BY(mutex);
};

AwakePolling::AwakePolling() : state_(std::make_shared<State>()) { SetAlarm(state_); }

AwakePolling::~AwakePolling() {
  std::unique_ptr<grpc::Alarm> last;
  absl::MutexLock lock(&state_->mutex);
  state_->over = true;
  last = std::move(state_->alarm);
}

void AwakePolling::SetAlarm(const std::shared_ptr<State>& state) {
  auto next = std::make_unique<grpc::Alarm>();
  grpc::Alarm& alarm = *next;
  absl::MutexLock lock(&state->mutex);
  if (state->over) return;
  next.swap(state->alarm);
  alarm.Set(absl::ToChronoTime(absl::Now() + kPeriod), [weak = std::weak_ptr<State>(state)](bool fired) {
    const std::shared_ptr<State> still_wanted = fired ? weak.lock() : nullptr;
    if (still_wanted == nullptr) return;
    std::make_shared<Nudge>()->Make(&still_wanted->nowhere);
    SetAlarm(still_wanted);
  });
}

}  // namespace binlogd
