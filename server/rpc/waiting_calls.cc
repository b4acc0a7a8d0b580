#include "rpc/waiting_calls.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/error.h"
#include "wire/status_detail.h"

namespace binlogd {
namespace {

// Up to when an answer still reaches the caller.
absl::Time AnswerBy(const grpc::CallbackServerContext& context) {
  const absl::Time deadline = absl::FromChrono(context.deadline());
  return deadline - std::clamp((deadline - absl::Now()) / 10, absl::ZeroDuration(), absl::Milliseconds(100));
}

absl::Status TooLate(const Cancellation& caller) {
  return MakeError(caller.cancelled() ? absl::StatusCode::kCancelled : absl::StatusCode::kDeadlineExceeded,
                   "CHANGE_NOT_BEGUN", "binlogd is busy with other changes; nothing was changed: try again");
}

// Frees itself.
class WaitingCall : public grpc::ServerUnaryReactor {
 public:
  WaitingCall(absl::Time deadline, std::atomic<int>* count) : caller_(deadline), count_(count) {}
  ~WaitingCall() override { --*count_; }

  const Cancellation& caller() const { return caller_; }
  void OnCancel() override { caller_.Cancel(); }
  void OnDone() override { delete this; }

 private:
  Cancellation caller_;
  std::atomic<int>* const count_;
};

}  // namespace

grpc::ServerUnaryReactor* WaitingCalls::Start(grpc::CallbackServerContext* context,
                                              std::function<absl::Status(const Cancellation&)> work) {
  const int before = count_++;
  auto* const call = new WaitingCall(AnswerBy(*context), &count_);
  if (before >= kMost) {
    call->Finish(ToGrpcStatus(MakeError(absl::StatusCode::kResourceExhausted, "TOO_MANY_CALLS",
                                        absl::StrCat("binlogd works on ", kMost, " calls already; try again later"))));
    return call;
  }
  pool_.Run([call, work = std::move(work)] {
    const absl::Status status = call->caller().over() ? TooLate(call->caller()) : work(call->caller());
    call->Finish(ToGrpcStatus(status));
  });
  return call;
}

}  // namespace binlogd
