#include "tests/differential/table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace binlogd::testing {
namespace {

// The type of `id`.
class IdType : public ColumnType {
 public:
  std::string Definition() const override { return "BIGINT"; }
  std::string Literal(Random& random) const override { return absl::StrCat(random.Below(1000)); }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    return decoded.kind == ColumnValue::Kind::kInt && decoded.text == server;
  }
  absl::optional<std::string> Printed(const DecodedValue& decoded) const override { return decoded.text; }
  size_t RowBytes() const override { return 8; }
};

// What the server computes of the id.
class GeneratedType : public ColumnType {
 public:
  explicit GeneratedType(bool stored) : stored_(stored) {}
  std::string Definition() const override {
    return absl::StrCat("BIGINT GENERATED ALWAYS AS (`id` * 2) ", stored_ ? "STORED" : "VIRTUAL");
  }
  std::string Literal(Random&) const override { return "DEFAULT"; }
  bool IsGenerated() const override { return true; }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    return decoded.kind == ColumnValue::Kind::kInt && decoded.text == server;
  }
  size_t RowBytes() const override { return 8; }

 private:
  const bool stored_;
};

std::unique_ptr<ColumnType> MakeGenerated(const ServerTraits&, Random& random) {
  return std::make_unique<GeneratedType>(random.Chance(50));
}

// Names are often such as need quoting.
std::string ColumnName(int number, Random& random) {
  static const std::vector<std::string> kShapes = {"c", "c", "c", "c", "select ", "Ünïcode", "a.b-", "漢", "\"", "'"};
  return absl::StrCat(random.Pick(kShapes), number);
}

}  // namespace

std::string TableColumn::Quoted() const { return absl::StrCat("`", name, "`"); }

std::string TableColumn::Definition() const {
  if (type->IsGenerated()) return absl::StrCat(Quoted(), " ", type->Definition());
  return absl::StrCat(Quoted(), " ", type->Definition(), nullable ? " NULL" : " NOT NULL");
}

size_t TableVersion::IdIndex() const {
  const auto found =
      std::find_if(columns.begin(), columns.end(), [](const TableColumn& column) { return column.name == "id"; });
  return static_cast<size_t>(found - columns.begin());
}

bool GeneratedTable::DumpKnows() const {
  for (const TableVersion& version : versions) {
    for (const TableColumn& column : version.columns) {
      if (!column.type->DumpKnows()) return false;
    }
  }
  return true;
}

std::string GeneratedTable::CreateStatement() const {
  std::vector<std::string> parts;
  for (const TableColumn& column : current().columns) parts.push_back(column.Definition());
  if (!key.empty()) parts.push_back(key);
  return absl::StrCat("CREATE TABLE `", name, "` (", absl::StrJoin(parts, ", "), ") ENGINE=InnoDB ROW_FORMAT=DYNAMIC",
                      is_partitioned ? " PARTITION BY HASH (`id`) PARTITIONS 3" : "");
}

std::string GeneratedTable::Value(const TableColumn& column, Random& random) const {
  if (column.type->IsGenerated()) return "DEFAULT";
  return column.nullable && random.Chance(null_percent) ? "NULL" : column.type->Literal(random);
}

std::unique_ptr<ColumnType> TypeDeck::Deal() {
  if (deck_.empty()) {
    deck_ = AllColumnTypes(traits_);
    deck_.push_back(MakeGenerated);
    for (size_t i = deck_.size(); i > 1; --i) std::swap(deck_[i - 1], deck_[random_.Below(i)]);
  }
  const ColumnTypeMaker maker = deck_.back();
  deck_.pop_back();
  return maker(traits_, random_);
}

TableColumn MakeColumn(GeneratedTable* table, std::unique_ptr<ColumnType> type, Random* random) {
  TableColumn column;
  column.number = table->next_column++;
  column.name = ColumnName(column.number, *random);
  column.nullable = table->null_percent > 0 && random->Chance(85);
  column.type = std::move(type);
  return column;
}

GeneratedTable MakeTable(const TablePlan& plan, TypeDeck* deck, Random* random) {
  constexpr size_t kRowLimit = 60000;
  GeneratedTable table;
  table.name = plan.name;
  table.null_percent = plan.null_percent;
  const std::vector<std::string> keys = {"PRIMARY KEY (`id`)", "PRIMARY KEY (`id`)", "UNIQUE KEY (`id`)", ""};
  table.key = plan.has_primary_key ? keys[0] : random->Pick(keys);
  table.is_defined = random->Chance(50);
  table.is_partitioned = random->Chance(20);
  TableVersion version;
  size_t bytes = 0;
  // Some deals are of types that do not fit; there is an end to them.
  for (size_t deals = 0; version.columns.size() < plan.columns && deals < 20 * plan.columns; ++deals) {
    std::unique_ptr<ColumnType> type = plan.only.empty() ? deck->Deal() : deck->DealOf(plan.only);
    if (plan.dump_knows && !type->DumpKnows()) continue;
    if (type->RowBytes() > plan.widest || bytes + type->RowBytes() > kRowLimit) continue;
    bytes += type->RowBytes();
    version.columns.push_back(MakeColumn(&table, std::move(type), random));
  }
  TableColumn id;
  id.name = "id";
  id.type = std::make_shared<IdType>();
  id.nullable = false;
  const auto place = static_cast<std::ptrdiff_t>(random->Chance(60) ? 0 : random->Below(version.columns.size() + 1));
  version.columns.insert(version.columns.begin() + place, std::move(id));
  table.versions.push_back(std::move(version));
  return table;
}

}  // namespace binlogd::testing
