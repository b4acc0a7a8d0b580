// What a source is told to write while things break.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "tests/harness/mysql_server.h"

namespace binlogd::testing {

// Transactions from one connection, on a thread of its own that is joined on destruction. Every change of a row writes
// the next number into shop.orders.sequence, so that the order of changes can be told; the last change of a transaction
// is a row of shop.journal with how many others there were, so that none can be missing unnoticed. Goes on after the
// source has died and come back. Thread-safe.
class Load {
 public:
  // Makes the tables. Begins paused.
  static absl::StatusOr<std::unique_ptr<Load>> Start(MySqlServer* server, uint32_t seed);
  ~Load();

  void Resume();
  // Returns when no transaction is open and none will be. The source must be up, or come back.
  void Pause();
  // Transactions committed so far.
  int transactions() const;

 private:
  Load(ConnectOptions options, uint32_t seed) : options_(std::move(options)), random_(seed) {}
  void Run();
  // What the source holds decides where to go on: whether the last transaction was committed is not known.
  absl::Status LookUp(Connection& connection);
  absl::Status RunTransaction(Connection& connection);
  absl::Status Insert(Connection& connection, int rows, int bytes);
  // One row that is there.
  uint64_t Pick();
  bool stopping() const;

  const ConnectOptions options_;
  std::mt19937 random_;             // These three of the thread only.
  std::vector<uint64_t> live_ids_;  // Rows of shop.orders.
  uint64_t sequence_ = 0;

  mutable absl::Mutex mutex_;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  bool paused_ ABSL_GUARDED_BY(mutex_) = true;
  bool idle_ ABSL_GUARDED_BY(mutex_) = true;
  int transactions_ ABSL_GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace binlogd::testing
