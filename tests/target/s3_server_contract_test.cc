// The contract over S3 targets, on a real server.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "s3/s3_store.h"
#include "tests/harness/s3_server.h"
#include "tests/target/s3_contract.h"

namespace binlogd {
namespace {

using testing::ContractKind;
using testing::NetworkTargetContractTest;
using testing::S3KindOptions;
using testing::S3Server;
using testing::TakenTargetContractTest;
using testing::TargetContractTest;

constexpr char kBucket[] = "backups";

// One server for all tests; the reason when there is none.
const absl::StatusOr<std::unique_ptr<S3Server>>& Server() {
  static auto* const server = [] {
    auto* started = new absl::StatusOr<std::unique_ptr<S3Server>>(S3Server::Start());
    if (started->ok()) {
      if (const absl::Status made = (**started)->CreateBucket(kBucket); !made.ok()) *started = made;
    }
    return started;
  }();
  return *server;
}

std::unique_ptr<ObjectStore> Connect() {
  S3Options options;
  options.bucket = kBucket;
  options.endpoint = (*Server())->endpoint();
  options.region = "us-east-1";
  options.path_style = true;
  options.credentials.access_key_id = [] { return std::string(S3Server::kAccessKey); };
  options.credentials.secret_access_key = [] { return std::string(S3Server::kSecret); };
  return *MakeS3Store(options);
}

ContractKind MakeKind(const char* name, std::optional<EventFormat> format, Compression compression,
                      uint64_t object_bytes) {
  S3KindOptions kind;
  kind.name = name;
  kind.target.format = format;
  kind.target.compression = compression;
  kind.target.object_bytes = object_bytes;
  kind.target.ownership_check = absl::ZeroDuration();
  // Each store has a prefix of its own in the one bucket.
  kind.connect_new = [name](S3Target::Options* options) {
    static int stores = 0;
    options->prefix = absl::StrCat(name, "/", ++stores, "/");
    return Connect;
  };
  ContractKind made = testing::MakeS3Kind(kind);
  made.missing = [] { return Server().ok() ? std::string() : std::string(Server().status().message()); };
  return made;
}

const ContractKind kKinds[] = {
    MakeKind("RawZstd", std::nullopt, Compression::kZstd, 16 << 20),
    MakeKind("RawSmallObjects", std::nullopt, Compression::kNone, 600),
    MakeKind("Json", EventFormat::kJson, Compression::kNone, 16 << 20),
};

INSTANTIATE_TEST_SUITE_P(S3, TargetContractTest, ::testing::ValuesIn(kKinds), testing::KindName);
INSTANTIATE_TEST_SUITE_P(S3, TakenTargetContractTest, ::testing::ValuesIn(kKinds), testing::KindName);
INSTANTIATE_TEST_SUITE_P(S3, NetworkTargetContractTest, ::testing::ValuesIn(kKinds), testing::KindName);

}  // namespace
}  // namespace binlogd
