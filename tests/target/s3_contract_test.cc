// The contract over S3 targets, on a bucket in memory.
#include "tests/target/s3_contract.h"

#include <gtest/gtest.h>

#include "tests/harness/fake_bucket.h"

namespace binlogd {
namespace {

using testing::ContractKind;
using testing::FakeBucket;
using testing::NetworkTargetContractTest;
using testing::S3KindOptions;
using testing::TakenTargetContractTest;
using testing::TargetContractTest;

ContractKind MakeKind(const char* name, std::optional<EventFormat> format, Compression compression,
                      uint64_t object_bytes = 16 << 20) {
  S3KindOptions kind;
  kind.name = name;
  kind.target.prefix = "backups/orders";
  kind.target.format = format;
  kind.target.compression = compression;
  kind.target.object_bytes = object_bytes;
  kind.target.ownership_check = absl::ZeroDuration();
  kind.connect_new = [](S3Target::Options*) {
    auto bucket = std::make_shared<FakeBucket>();
    return [bucket] { return bucket->Connect(); };
  };
  return testing::MakeS3Kind(kind);
}

const ContractKind kKinds[] = {
    MakeKind("Raw", std::nullopt, Compression::kNone),
    MakeKind("RawSmallObjects", std::nullopt, Compression::kNone, 300),
    MakeKind("RawZstd", std::nullopt, Compression::kZstd),
    MakeKind("Json", EventFormat::kJson, Compression::kNone),
    MakeKind("JsonSmallObjects", EventFormat::kJson, Compression::kNone, 300),
    MakeKind("JsonGzipSmallObjects", EventFormat::kJson, Compression::kGzip, 100),
    MakeKind("ProtobufZstd", EventFormat::kProtobuf, Compression::kZstd),
};

INSTANTIATE_TEST_SUITE_P(S3, TargetContractTest, ::testing::ValuesIn(kKinds), testing::KindName);
INSTANTIATE_TEST_SUITE_P(S3, TakenTargetContractTest, ::testing::ValuesIn(kKinds), testing::KindName);
INSTANTIATE_TEST_SUITE_P(S3, NetworkTargetContractTest, ::testing::ValuesIn(kKinds), testing::KindName);

}  // namespace
}  // namespace binlogd
