// S3 targets as kinds of the contract, over whatever bucket.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "target/s3_target.h"
#include "tests/harness/object_faults.h"
#include "tests/harness/temp_dir.h"
#include "tests/target/target_contract.h"

namespace binlogd::testing {

// A prefix of a bucket. Ways to fail: no request is done, or it is done and its answer is lost.
class PrefixStore : public NetworkContractStore {
 public:
  // `options` but for the owner; `connect` gives a client of the bucket.
  PrefixStore(S3Target::Options options, std::function<std::unique_ptr<ObjectStore>()> connect);

  std::unique_ptr<Target> Make(const std::string& owner) override { return MakeWith(options_, owner); }
  std::unique_ptr<Target> MakeWith(S3Target::Options options, const std::string& owner);
  std::map<std::string, std::string> Delivered() override;
  void TearTail() override;
  std::vector<std::function<void()>> Damages() override;
  void PutForeign() override;
  bool ForeignIsIntact() override;
  int ways_to_fail() const override { return 2; }
  void FailAfter(int operations, int way) override;
  void Heal() override { faults_.Heal(); }
  void Hold() override { faults_.Hold(); }
  void AwaitHeld() override { faults_.AwaitHeld(); }
  void Release() override { faults_.Release(); }

  const S3Target::Options& options() const { return options_; }
  ObjectFaults& faults() { return faults_; }
  // The keys of objects with data, in order.
  std::vector<std::string> DataKeys();
  // A client of the bucket that no fault stands before.
  ObjectStore& bucket() { return *bucket_; }

 private:
  Object Get(const std::string& key);
  void Put(const std::string& key, const Object& object);
  // Puts an object that begins where `key` does and ends one byte after it, of the owner's generation that put it.
  void PutOverlap(const std::string& key);

  const TempDir spool_;
  const S3Target::Options options_;
  const std::function<std::unique_ptr<ObjectStore>()> connect_;
  const std::unique_ptr<ObjectStore> bucket_;
  const S3Layout layout_;
  ObjectFaults faults_;
};

// `connect_new` gives, for each store, a function that gives clients of a bucket of its own, or of a prefix of its own.
struct S3KindOptions {
  std::string name;
  S3Target::Options target;
  std::function<std::function<std::unique_ptr<ObjectStore>()>(S3Target::Options*)> connect_new;
};
ContractKind MakeS3Kind(const S3KindOptions& kind);

}  // namespace binlogd::testing
