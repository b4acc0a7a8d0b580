#include "pipeline/definition_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "tests/harness/temp_dir.h"

namespace binlogd {
namespace {

const TableName kOrders{"shop", "orders"};

KeptDefinitions Example() {
  auto definition = std::make_shared<TableDefinition>();
  definition->columns.resize(3);
  definition->columns[0].name = "id";
  definition->columns[0].type = ColumnType::kLongLong;
  definition->columns[0].signedness_known = definition->columns[0].is_unsigned = true;
  definition->columns[1].name = "żółw \"x\"";
  definition->columns[1].type = ColumnType::kEnum;
  definition->columns[1].metadata = 1;
  definition->columns[1].nullable = true;
  definition->columns[1].collation = 255;
  definition->columns[1].labels = {"a", "", "b\n"};
  definition->columns[2].name = "uuid";
  definition->columns[2].type = ColumnType::kString;
  definition->columns[2].metadata = 16;
  definition->columns[2].fixed_binary = FixedBinaryType::kUuid;
  definition->primary_key = {0};
  KeptDefinitions kept;
  kept.epoch = "0001-6f1c2a9e";
  kept.observed = Position{"binlog.000007", uint64_t{5} << 32, ""};
  kept.files["binlog.000007"] = LogFileIdentity{1700000000, 1};
  kept.versions.Add(kOrders, TableVersion{{1, 4}, LogPlace{3, 9}, definition, 77});
  kept.versions.Add(kOrders, TableVersion{{3, 10}, std::nullopt, definition, 78});
  kept.versions.Add(TableName{"shop", "unknown"}, TableVersion{{3, 10}, std::nullopt, nullptr, 0});
  return kept;
}

TEST(DefinitionFileTest, ReadsWhatItWrote) {
  KeptDefinitions kept = Example();
  absl::StatusOr<KeptDefinitions> read = ParseDefinitions(SerializeDefinitions(kept));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->epoch, kept.epoch);
  EXPECT_EQ(ToString(read->observed), ToString(kept.observed));
  EXPECT_EQ(read->files, kept.files);
  EXPECT_EQ(read->versions.tables().size(), 1u);  // That nothing is known is found out again.
  for (const LogPlace place : {LogPlace{1, 4}, LogPlace{3, 10}}) {
    const TableVersion* before = kept.versions.Find(kOrders, place);
    const TableVersion* after = read->versions.Find(kOrders, place);
    ASSERT_NE(after, nullptr);
    EXPECT_EQ(after->since, before->since);
    EXPECT_EQ(after->until, before->until);
    EXPECT_EQ(after->table_id, before->table_id);
    EXPECT_TRUE(SameDefinition(*after->definition, *before->definition));
  }
  EXPECT_EQ(read->versions.Find(kOrders, {3, 9}), nullptr);
}

TEST(DefinitionFileTest, RefusesEveryCutAndEveryFlippedBit) {
  const std::string bytes = SerializeDefinitions(Example());
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(absl::IsDataLoss(ParseDefinitions(bytes.substr(0, size)).status())) << size;
  }
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
    EXPECT_FALSE(ParseDefinitions(flipped).ok()) << bit;
  }
}

TEST(DefinitionFileTest, MovesADamagedFileAside) {
  const testing::TempDir directory;
  const std::string path = directory / "state/definitions.json";
  EXPECT_TRUE(absl::IsNotFound(LoadDefinitions(path).status()));
  ASSERT_TRUE(SaveDefinitions(path, Example()).ok());
  EXPECT_TRUE(LoadDefinitions(path).ok());
  ASSERT_TRUE(ReplaceFile(path, "something else\n", 0640).ok());
  EXPECT_TRUE(absl::IsDataLoss(LoadDefinitions(path).status()));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::exists(path + ".corrupt"));
}

}  // namespace
}  // namespace binlogd
