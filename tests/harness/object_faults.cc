#include "tests/harness/object_faults.h"

#include "base/status_macros.h"

namespace binlogd::testing {
namespace {

constexpr uint64_t kPartBytes = 16 << 20;
constexpr size_t kPageKeys = 1000;

absl::Status NoAnswer() { return absl::UnavailableError("the connection broke"); }

}  // namespace

class FaultyObjectStore : public ObjectStore {
 public:
  FaultyObjectStore(ObjectFaults* faults, std::unique_ptr<ObjectStore> store)
      : faults_(faults), store_(std::move(store)) {}

  absl::StatusOr<std::string> Put(const std::string& key, ObjectBody& body, const PutOptions& options) override {
    faults_->Call(&ObjectFaults::before_put_, key);
    int requests = 1;
    if (body.size() > kPartBytes) requests = static_cast<int>((body.size() + kPartBytes - 1) / kPartBytes) + 2;
    bool lost = false;
    RETURN_IF_ERROR(faults_->Pass(interrupted_, &ObjectFaults::Requests::puts, requests, &lost));
    absl::StatusOr<std::string> etag = store_->Put(key, body, options);
    if (lost) return NoAnswer();
    return etag;
  }
  absl::StatusOr<Object> Get(const std::string& key) override {
    RETURN_IF_ERROR(Read(&ObjectFaults::Requests::gets, 1));
    return store_->Get(key);
  }
  absl::StatusOr<Object> Head(const std::string& key) override {
    faults_->Call(&ObjectFaults::before_head_, key);
    RETURN_IF_ERROR(Read(&ObjectFaults::Requests::gets, 1));
    return store_->Head(key);
  }
  absl::Status Delete(const std::string& key) override {
    bool lost = false;
    RETURN_IF_ERROR(faults_->Pass(interrupted_, &ObjectFaults::Requests::deletes, 1, &lost));
    absl::Status deleted = store_->Delete(key);
    return lost ? NoAnswer() : deleted;
  }
  absl::StatusOr<Listing> List(const ListOptions& options) override {
    RETURN_IF_ERROR(Read(&ObjectFaults::Requests::lists, 0));
    absl::StatusOr<Listing> listing = store_->List(options);
    const size_t found = listing.ok() ? listing->objects.size() + listing->prefixes.size() : 0;
    RETURN_IF_ERROR(Read(&ObjectFaults::Requests::lists, static_cast<int>(found / kPageKeys) + 1));
    return listing;
  }
  absl::Status AbortUploads(const std::string& prefix) override {
    RETURN_IF_ERROR(Read(&ObjectFaults::Requests::lists, 1));
    return store_->AbortUploads(prefix);
  }
  void Interrupt() override {
    {
      absl::MutexLock lock(&faults_->mutex_);  // Wakes those who wait.
      interrupted_ = true;
    }
    store_->Interrupt();
  }

 private:
  absl::Status Read(int ObjectFaults::Requests::*kind, int count) {
    bool lost = false;
    RETURN_IF_ERROR(faults_->Pass(interrupted_, kind, count, &lost));
    return lost ? NoAnswer() : absl::OkStatus();
  }

  ObjectFaults* const faults_;
  const std::unique_ptr<ObjectStore> store_;
  std::atomic<bool> interrupted_ = false;
};

std::unique_ptr<ObjectStore> ObjectFaults::Wrap(std::unique_ptr<ObjectStore> store) {
  return std::make_unique<FaultyObjectStore>(this, std::move(store));
}

absl::Status ObjectFaults::Pass(const std::atomic<bool>& interrupted, int Requests::*kind, int count, bool* lost) {
  absl::MutexLock lock(&mutex_);
  ++waiting_;
  const auto may_go_on = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !held_ || interrupted; };
  mutex_.Await(absl::Condition(&may_go_on));
  --waiting_;
  if (interrupted) return absl::CancelledError("the store was interrupted");
  requests_.*kind += count;
  *lost = false;
  if (until_failure_ < 0 || count == 0) return absl::OkStatus();
  if (until_failure_ > 0) {
    --until_failure_;
    return absl::OkStatus();
  }
  if (failure_ == Failure::kRefused) return absl::UnavailableError("503 Slow Down");
  *lost = true;
  return absl::OkStatus();
}

void ObjectFaults::FailAfter(int requests, Failure failure) {
  absl::MutexLock lock(&mutex_);
  until_failure_ = requests;
  failure_ = failure;
}

void ObjectFaults::Heal() {
  absl::MutexLock lock(&mutex_);
  until_failure_ = -1;
}

void ObjectFaults::Hold() {
  absl::MutexLock lock(&mutex_);
  held_ = true;
}

void ObjectFaults::AwaitHeld() {
  absl::MutexLock lock(&mutex_);
  const auto waits = [this]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return waiting_ > 0; };
  mutex_.Await(absl::Condition(&waits));
}

void ObjectFaults::Release() {
  absl::MutexLock lock(&mutex_);
  held_ = false;
}

ObjectFaults::Requests ObjectFaults::requests() const {
  absl::MutexLock lock(&mutex_);
  return requests_;
}

void ObjectFaults::Call(std::function<void(const std::string&)> ObjectFaults::*hook, const std::string& key) {
  std::function<void(const std::string&)> set;
  {
    absl::MutexLock lock(&mutex_);
    set = this->*hook;
  }
  if (set) set(key);
}

void ObjectFaults::set_before_head(std::function<void(const std::string&)> hook) {
  absl::MutexLock lock(&mutex_);
  before_head_ = std::move(hook);
}

void ObjectFaults::set_before_put(std::function<void(const std::string&)> hook) {
  absl::MutexLock lock(&mutex_);
  before_put_ = std::move(hook);
}

}  // namespace binlogd::testing
