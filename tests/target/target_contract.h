// What every target must keep, whatever it writes and wherever: the suite that runs over all of them.
//
// A test binary links binlogd_target_contract, makes a ContractKind for each target and format, and instantiates:
//   INSTANTIATE_TEST_SUITE_P(Files, TargetContractTest, ::testing::ValuesIn(kinds), KindName);
// and, for stores over a network, NetworkTargetContractTest too.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "target/target.h"
#include "tests/target/target_testing.h"

namespace binlogd::testing {

// One store, which outlives the targets on it as a disk or a bucket does; new and empty when made. The test talks to it
// behind the targets' backs. Its destructor removes it.
class ContractStore {
 public:
  virtual ~ContractStore() = default;

  // A target on the store, which names itself by `owner` to whoever finds the store in use.
  virtual std::unique_ptr<Target> Make(const std::string& owner) = 0;

  // What a reader of the store finds now, in the order in which a reader takes it. RAW: the bytes of each log file, by
  // "EPOCH/FILE". Decoded: one entry, "records", with the records framed as the format's files are, all epochs.
  virtual std::map<std::string, std::string> Delivered() = 0;

  // Leaves behind what is durable what a crash amid a write may leave. No target is open.
  virtual void TearTail() = 0;

  // Ways to take away or change what was delivered that Open has to refuse as TARGET_DAMAGED.
  virtual std::vector<std::function<void()>> Damages() = 0;

  // Puts something into a new store that is not ours; whether it is there, unchanged.
  virtual void PutForeign() = 0;
  virtual bool ForeignIsIntact() = 0;

  // The store takes `operations` more (of whatever size the store counts in), then fails until Heal. `way` is less than
  // ways_to_fail(); one of them may be to do what was asked and yet to answer with an error.
  virtual int ways_to_fail() const { return 1; }
  virtual void FailAfter(int operations, int way) = 0;
  virtual void Heal() = 0;
};

// A store that is reached over a network.
class NetworkContractStore : public ContractStore {
 public:
  // From now on operations wait; AwaitHeld returns when one does; Release lets them go on.
  virtual void Hold() = 0;
  virtual void AwaitHeld() = 0;
  virtual void Release() = 0;
};

struct ContractKind {
  std::string name;
  std::function<std::unique_ptr<ContractStore>()> make;
  // Why the kind cannot be had on this machine: its tests are skipped, aloud. Empty when it can.
  std::function<std::string()> missing = [] { return std::string(); };
  // Data may become durable before the Commit that it is written for: an object that is full.
  bool may_commit_early = false;
  // Others' things may be in the store.
  bool shares_its_store = false;
  // Of one owner, the target that is opened last has the store; where false it is refused while another has it open.
  bool newest_has_it = false;
  // Kinds of other formats on this kind's own store: their targets have to be refused.
  std::function<std::vector<std::unique_ptr<Target>>(ContractStore&)> of_other_formats;
};

inline void PrintTo(const ContractKind& kind, std::ostream* out) { *out << kind.name; }
inline std::string KindName(const ::testing::TestParamInfo<ContractKind>& info) { return info.param.name; }

class TargetContractTest : public ::testing::TestWithParam<ContractKind> {
 public:
  static constexpr char kOwner[] = "streamer \"orders\", target \"t\"";
  using Blocks = std::vector<std::shared_ptr<const Block>>;

 protected:
  TargetContractTest();
  void SetUp() override;

  std::unique_ptr<ContractStore> MakeStore() const { return GetParam().make(); }
  std::unique_ptr<Target> Make() const { return store_->Make(kOwner); }
  // Where delivery of the log begins.
  static DurablePosition Start() { return StartOf(*MakeEpoch()); }
  // What a reader has to find when all of a log was delivered.
  std::map<std::string, std::string> Expected(const LogWriter& log) const;
  // Opens, begins if the store is new, hands over what the store does not have of the blocks, commits and closes.
  void Finish(Target& target) const { Finish(target, blocks_); }
  static void Finish(Target& target, const Blocks& blocks);
  // Open and Begin of a new store.
  static void OpenNew(Target& target);
  // Whether `had` is what Open may return after `committed` was durable and `written` was written.
  void ExpectBetween(const DurablePosition& had, const DurablePosition& committed, const Position& written) const;

  std::unique_ptr<ContractStore> store_;
  LogWriter log_;
  Blocks blocks_;  // Of the log; transactions have more events than a block.
  std::map<std::string, std::string> golden_;
};

// Of targets that find out, when they are opened again, that another took their store, and leave it to that one.
class TakenTargetContractTest : public TargetContractTest {};

class NetworkTargetContractTest : public TargetContractTest {
 protected:
  NetworkContractStore& network() const { return static_cast<NetworkContractStore&>(*store_); }
};

}  // namespace binlogd::testing
