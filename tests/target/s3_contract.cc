#include "tests/target/s3_contract.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tests/harness/uncompressed.h"

namespace binlogd::testing {
namespace {

std::string NameOf(const std::string& key) { return key.substr(key.rfind('/') + 1); }

Compression CompressionOf(const std::string& key) {
  if (absl::EndsWith(key, ".zst")) return Compression::kZstd;
  return absl::EndsWith(key, ".gz") ? Compression::kGzip : Compression::kNone;
}

}  // namespace

PrefixStore::PrefixStore(S3Target::Options options, std::function<std::unique_ptr<ObjectStore>()> connect)
    : options_(std::move(options)),
      connect_(std::move(connect)),
      bucket_(connect_()),
      layout_(options_.prefix, options_.format) {}

std::unique_ptr<Target> PrefixStore::MakeWith(S3Target::Options options, const std::string& owner) {
  options.owner = owner;
  options.spool_directory = spool_.path();
  return std::make_unique<S3Target>("t", faults_.Wrap(connect_()), options);
}

std::vector<std::string> PrefixStore::DataKeys() {
  ObjectStore::ListOptions all;
  all.prefix = layout_.prefix();
  std::vector<std::string> keys;
  const auto listing = bucket_->List(all);
  for (const ObjectInfo& object : listing->objects) {
    uint64_t start = 0, end = 0;
    if (layout_.ParseName(NameOf(object.key), &start, &end)) keys.push_back(object.key);
  }
  return keys;
}

std::map<std::string, std::string> PrefixStore::Delivered() {
  std::map<std::string, std::string> delivered;
  for (const std::string& key : DataKeys()) {
    const std::string folder = key.substr(0, key.rfind('/')).substr(layout_.prefix().size());
    delivered[options_.format ? "records" : folder] += Uncompressed(CompressionOf(key), bucket_->Get(key)->bytes);
  }
  return delivered;
}

Object PrefixStore::Get(const std::string& key) {
  Object object = *bucket_->Get(key);
  object.metadata = bucket_->Head(key)->metadata;
  return object;
}

void PrefixStore::Put(const std::string& key, const Object& object) {
  MemoryBody body(object.bytes);
  PutOptions options;
  options.metadata = object.metadata;
  const absl::Status put = bucket_->Put(key, body, options).status();
  ASSERT_TRUE(put.ok()) << put;
}

void PrefixStore::TearTail() {
  // The last request of an owner that lost the prefix, which arrives only now.
  const std::string last = DataKeys().back();
  uint64_t start = 0, end = 0;
  ASSERT_TRUE(layout_.ParseName(NameOf(last), &start, &end));
  Object late = Get(last);
  late.bytes = "half a line";
  late.metadata["binlogd-generation"] = "0";
  const std::string folder = last.substr(0, last.rfind('/'));
  const std::string file = NameOf(folder);
  const std::string epoch = NameOf(folder.substr(0, folder.rfind('/')));
  Put(layout_.ObjectKey(epoch, file, end, end + late.bytes.size(), options_.compression), late);
}

void PrefixStore::PutOverlap(const std::string& key) {
  uint64_t start = 0, end = 0;
  ASSERT_TRUE(layout_.ParseName(NameOf(key), &start, &end));
  const std::string folder = key.substr(0, key.rfind('/'));
  Object object = Get(key);
  object.bytes = std::string(end + 1 - start, 'x');
  Put(layout_.ObjectKey(NameOf(folder.substr(0, folder.rfind('/'))), NameOf(folder), start, end + 1,
                        options_.compression),
      object);
}

std::vector<std::function<void()>> PrefixStore::Damages() {
  const std::string owner = layout_.OwnKey("owner.json");
  return {
      // One of the newest log file's objects is gone, but not the last.
      [this] {
        const std::vector<std::string> keys = DataKeys();
        ASSERT_TRUE(bucket_->Delete(keys[keys.size() - 2]).ok());
      },
      [this] { PutOverlap(DataKeys().back()); },
      [this] {
        const std::string last = DataKeys().back();
        Put(absl::StrCat(last.substr(0, last.rfind('/')), "/notes.txt"), Object{"mine", "", {}});
      },
      [this] {
        Put(absl::StrCat(layout_.prefix(), "notes.txt"), Object{"mine", "", {}});
      },
      // In a log file that the source has not come to.
      [this] {
        const std::string last = DataKeys().back();
        Put(absl::StrCat(last.substr(0, last.rfind('/')), "9/", NameOf(last)), Get(last));
      },
      [this] {
        const std::string last = DataKeys().back();
        Object object = Get(last);
        object.metadata["binlogd-position"].back() = ' ';
        Put(last, object);
      },
      [this] {
        const std::string last = DataKeys().back();
        Object object = Get(last);
        object.metadata.clear();
        Put(last, object);
      },
      [this, owner] {
        Object object = Get(owner);
        object.bytes[object.bytes.size() / 2] ^= 1;
        Put(owner, object);
      },
  };
}

void PrefixStore::PutForeign() { Put(absl::StrCat(layout_.prefix(), "precious.txt"), Object{"mine", "", {}}); }

bool PrefixStore::ForeignIsIntact() { return Get(absl::StrCat(layout_.prefix(), "precious.txt")).bytes == "mine"; }

void PrefixStore::FailAfter(int operations, int way) {
  faults_.FailAfter(operations, way == 0 ? ObjectFaults::Failure::kRefused : ObjectFaults::Failure::kLostAnswer);
}

ContractKind MakeS3Kind(const S3KindOptions& kind) {
  ContractKind made;
  made.name = kind.name;
  made.make = [kind] {
    S3Target::Options options = kind.target;
    auto connect = kind.connect_new(&options);
    return std::make_unique<PrefixStore>(options, std::move(connect));
  };
  made.may_commit_early = true;
  made.newest_has_it = true;
  made.of_other_formats = [](ContractStore& store) {
    auto& prefix = static_cast<PrefixStore&>(store);
    std::vector<std::unique_ptr<Target>> others;
    for (const std::optional<EventFormat> other :
         {std::optional<EventFormat>(), std::optional(EventFormat::kJson), std::optional(EventFormat::kProtobuf)}) {
      if (other == prefix.options().format) continue;
      S3Target::Options options = prefix.options();
      options.format = other;
      others.push_back(prefix.MakeWith(options, TargetContractTest::kOwner));
    }
    return others;
  };
  return made;
}

}  // namespace binlogd::testing
