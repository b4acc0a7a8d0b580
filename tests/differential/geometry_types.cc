// GEOMETRY and its kinds.
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "tests/differential/column_type.h"

namespace binlogd::testing {
namespace {

using Kind = ColumnValue::Kind;

// Writes random shapes as well-known text.
class ShapeWriter {
 public:
  ShapeWriter(Random* random, bool degrees) : random_(*random), degrees_(degrees) {}

  std::string Shape(const std::string& kind, int depth = 0) {
    if (kind == "POINT") return absl::StrCat("POINT(", Point(), ")");
    if (kind == "LINESTRING") return absl::StrCat("LINESTRING", Line());
    if (kind == "POLYGON") return absl::StrCat("POLYGON", Rings());
    if (kind == "MULTIPOINT") return absl::StrCat("MULTIPOINT", Line());
    if (kind == "MULTILINESTRING") return absl::StrCat("MULTILINESTRING(", Line(), ",", Line(), ")");
    if (kind == "MULTIPOLYGON") return absl::StrCat("MULTIPOLYGON(", Rings(), ")");
    return Collection(depth);
  }

 private:
  std::string Number() {
    if (random_.Chance(20)) return random_.Chance(50) ? "0" : "-1.5";
    const double bound = degrees_ ? 80 : 1e6;
    const double part = static_cast<double>(random_.Below(1u << 30)) / (1u << 30);
    return absl::StrFormat("%.15g", (2 * part - 1) * bound);
  }
  std::string Point() { return absl::StrCat(Number(), " ", Number()); }
  std::string Line() {
    std::vector<std::string> points = {"1 1"};
    for (uint64_t i = random_.Below(5) + 1; i > 0; --i) points.push_back(Point());
    return absl::StrCat("(", absl::StrJoin(points, ","), ")");
  }
  std::string Rings() {
    const uint64_t size = random_.Between(3, 50);
    return absl::StrFormat("((0 0,0 %d,%d %d,%d 0,0 0),(1 1,1 2,2 2,2 1,1 1))", size, size, size, size);
  }
  std::string Collection(int depth) {
    std::vector<std::string> shapes = {Shape("POINT")};
    if (random_.Chance(50)) shapes.push_back(Shape("LINESTRING"));
    if (depth < 2 && random_.Chance(30)) shapes.push_back(Shape("GEOMETRYCOLLECTION", depth + 1));
    return absl::StrCat("GEOMETRYCOLLECTION(", absl::StrJoin(shapes, ","), ")");
  }

  Random& random_;
  const bool degrees_;
};

class GeometryType : public ColumnType {
 public:
  // `srid`: the column's own, or -1 when each value has its own.
  GeometryType(std::string name, int srid, bool dump_knows)
      : name_(std::move(name)), srid_(srid), dump_knows_(dump_knows) {}

  std::string Definition() const override { return srid_ < 0 ? name_ : absl::StrCat(name_, " SRID ", srid_); }
  std::string Literal(Random& random) const override {
    static const std::vector<int> kSrids = {0, 0, 4326, 3857};
    const int srid = srid_ < 0 ? random.Pick(kSrids) : srid_;
    const std::string kind = name_ == "GEOMETRY" ? random.Pick(Kinds()) : name_;
    ShapeWriter writer(&random, srid == 4326);
    return absl::StrCat("ST_GeomFromText('", writer.Shape(kind), "', ", srid, ")");
  }
  std::string Select(const std::string& column) const override { return absl::StrCat("HEX(", column, ")"); }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    return decoded.kind == Kind::kBinary && UpperHex(decoded.text) == server;
  }
  bool DumpKnows() const override { return dump_knows_; }
  size_t RowBytes() const override { return 12; }

  static const std::vector<std::string>& Kinds() {
    static const std::vector<std::string> kKinds = {
        "POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"};
    return kKinds;
  }

 private:
  const std::string name_;
  const int srid_;
  const bool dump_knows_;
};

std::unique_ptr<ColumnType> MakeGeometry(const ServerTraits& traits, Random& random) {
  const std::string name = random.Chance(40) ? "GEOMETRY" : random.Pick(GeometryType::Kinds());
  return std::make_unique<GeometryType>(name, traits.mysql() && random.Chance(25) ? 4326 : -1, !traits.mysql());
}

}  // namespace

std::vector<ColumnTypeMaker> GeometryTypes(const ServerTraits&) { return {MakeGeometry, MakeGeometry}; }

}  // namespace binlogd::testing
