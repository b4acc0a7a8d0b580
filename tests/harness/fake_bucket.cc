#include "tests/harness/fake_bucket.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/error.h"
#include "base/status_macros.h"

namespace binlogd::testing {
namespace {

constexpr uint64_t kPartBytes = 8 << 20;
constexpr size_t kMostMetadataBytes = 2048;

absl::Status NoObject(const std::string& key) {
  return MakeError(absl::StatusCode::kNotFound, "OBJECT_NOT_FOUND", absl::StrCat("there is no object ", key));
}

}  // namespace

// One client of a bucket.
class FakeObjectStore : public ObjectStore {
 public:
  explicit FakeObjectStore(FakeBucket* bucket) : bucket_(bucket) {}

  absl::StatusOr<std::string> Put(const std::string& key, ObjectBody& body, const PutOptions& options) override {
    RETURN_IF_ERROR(CheckInterrupted());
    std::string bytes;
    for (uint64_t at = 0; at < body.size(); at += kPartBytes) {
      ASSIGN_OR_RETURN(const std::string part, body.Read(at, std::min(kPartBytes, body.size() - at)));
      bytes += part;
    }
    return bucket_->Put(key, std::move(bytes), options);
  }

  absl::StatusOr<Object> Get(const std::string& key) override {
    RETURN_IF_ERROR(CheckInterrupted());
    absl::MutexLock lock(&bucket_->mutex_);
    const auto found = bucket_->objects_.find(key);
    if (found == bucket_->objects_.end()) return NoObject(key);
    return found->second;
  }

  absl::StatusOr<Object> Head(const std::string& key) override {
    ASSIGN_OR_RETURN(Object object, Get(key));
    object.bytes.clear();
    return object;
  }

  absl::Status Delete(const std::string& key) override {
    RETURN_IF_ERROR(CheckInterrupted());
    bucket_->Remove(key);
    return absl::OkStatus();
  }

  absl::StatusOr<Listing> List(const ListOptions& options) override {
    RETURN_IF_ERROR(CheckInterrupted());
    Listing listing;
    std::set<std::string> prefixes;
    absl::MutexLock lock(&bucket_->mutex_);
    for (const auto& [key, object] : bucket_->objects_) {
      if (!absl::StartsWith(key, options.prefix) || key <= options.after) continue;
      if (options.most > 0 && listing.objects.size() + prefixes.size() >= options.most) break;
      const size_t end =
          options.delimiter.empty() ? std::string::npos : key.find(options.delimiter, options.prefix.size());
      if (end != std::string::npos) {
        prefixes.insert(key.substr(0, end + 1));
      } else {
        listing.objects.push_back(ObjectInfo{key, object.bytes.size(), object.etag, absl::Time()});
      }
    }
    listing.prefixes.assign(prefixes.begin(), prefixes.end());
    return listing;
  }

  absl::Status AbortUploads(const std::string&) override { return CheckInterrupted(); }
  void Interrupt() override { interrupted_ = true; }

 private:
  absl::Status CheckInterrupted() const {
    return interrupted_ ? absl::CancelledError("the store was interrupted") : absl::OkStatus();
  }

  FakeBucket* const bucket_;
  std::atomic<bool> interrupted_ = false;
};

std::unique_ptr<ObjectStore> FakeBucket::Connect() { return std::make_unique<FakeObjectStore>(this); }

absl::StatusOr<std::string> FakeBucket::Put(const std::string& key, std::string bytes, const PutOptions& options) {
  size_t metadata = 0;
  for (const auto& [name, value] : options.metadata) metadata += name.size() + value.size();
  if (metadata > kMostMetadataBytes) return absl::InvalidArgumentError("MetadataTooLarge");
  absl::MutexLock lock(&mutex_);
  const auto found = objects_.find(key);
  if (options.only_if_new && found != objects_.end()) {
    return MakeError(absl::StatusCode::kAlreadyExists, "OBJECT_EXISTS", absl::StrCat("there is an object ", key));
  }
  if (!options.only_if_etag.empty()) {
    if (found == objects_.end()) return NoObject(key);
    if (found->second.etag != options.only_if_etag) {
      return MakeError(absl::StatusCode::kAborted, "OBJECT_CHANGED", absl::StrCat(key, " was changed"));
    }
  }
  Object& object = objects_[key];
  object = Object{std::move(bytes), absl::StrCat("\"", ++etags_, "\""), options.metadata};
  return object.etag;
}

std::map<std::string, Object> FakeBucket::objects() const {
  absl::MutexLock lock(&mutex_);
  return objects_;
}

void FakeBucket::Edit(const std::string& key, const std::function<void(Object&)>& edit) {
  absl::MutexLock lock(&mutex_);
  Object& object = objects_[key];
  edit(object);
  object.etag = absl::StrCat("\"", ++etags_, "\"");
}

void FakeBucket::Remove(const std::string& key) {
  absl::MutexLock lock(&mutex_);
  objects_.erase(key);
}

}  // namespace binlogd::testing
