#include "format/well_known_text.h"

#include <cmath>
#include <cstdint>
#include <cstring>

#include "base/byte_reader.h"
#include "binlog/json_text.h"

namespace binlogd {
namespace {

// What the types hold: a point, points, rings of points, or geometries.
enum class Shape { kPoint, kPoints, kRings, kGeometries };

struct TypeOfGeometry {
  absl::string_view name;
  Shape shape;
};

constexpr TypeOfGeometry kTypes[] = {{"", Shape::kPoint},
                                     {"POINT", Shape::kPoint},
                                     {"LINESTRING", Shape::kPoints},
                                     {"POLYGON", Shape::kRings},
                                     {"MULTIPOINT", Shape::kGeometries},
                                     {"MULTILINESTRING", Shape::kGeometries},
                                     {"MULTIPOLYGON", Shape::kGeometries},
                                     {"GEOMETRYCOLLECTION", Shape::kGeometries}};
constexpr uint32_t kMostTypes = 7;
constexpr uint32_t kCollection = 7;
// Deeper than a server's parser goes with the text of a geometry.
constexpr int kMostDepth = 100;

// Layout of a geometry: 1 byte order (1 is little-endian, the only one that servers store), 4 type; then, by type, a
// point (8 x, 8 y), or 4 count and as many points, rings (4 count, points) or geometries.
class Converter {
 public:
  Converter(absl::string_view wkb, std::string* out) : reader_(wkb), out_(out) {}

  bool Convert() { return Geometry(0, 0) && reader_.empty(); }

 private:
  // `part_of` is the type that the geometry is a part of, or 0: parts of all but collections leave out their names.
  bool Geometry(uint32_t part_of, int depth) {
    uint8_t little_endian = 0;
    uint32_t type = 0;
    if (depth > kMostDepth || !reader_.ReadU8(&little_endian) || little_endian != 1 || !reader_.ReadU32(&type) ||
        type == 0 || type > kMostTypes) {
      return false;
    }
    if (part_of == 0 || part_of == kCollection) {
      out_->append(kTypes[type].name.data(), kTypes[type].name.size());
      out_->push_back(' ');
    } else if (type + 3 != part_of) {
      return false;
    }
    switch (kTypes[type].shape) {
      case Shape::kPoint: out_->push_back('('); return Point() && Close();
      case Shape::kPoints: return Points();
      case Shape::kRings: return List([this] { return Points(); });
      case Shape::kGeometries: return List([this, type, depth] { return Geometry(type, depth + 1); });
    }
    return false;
  }

  bool Points() {
    return List([this] { return Point(); });
  }

  bool Point() {
    if (!Number()) return false;
    out_->push_back(' ');
    return Number();
  }

  bool Number() {
    uint64_t bits = 0;
    double number = 0;
    if (!reader_.ReadU64(&bits)) return false;
    std::memcpy(&number, &bits, sizeof number);
    if (!std::isfinite(number)) return false;
    AppendJsonNumber(number, out_);
    return true;
  }

  bool Close() {
    out_->push_back(')');
    return true;
  }

  // Each item takes bytes, so a count that lies ends the loop with the bytes.
  template <typename Item>
  bool List(Item item) {
    uint32_t count = 0;
    if (!reader_.ReadU32(&count)) return false;
    if (count == 0) {
      out_->append("EMPTY");
      return true;
    }
    out_->push_back('(');
    for (uint32_t i = 0; i < count; ++i) {
      if (i > 0) out_->append(", ");
      if (!item()) return false;
    }
    return Close();
  }

  ByteReader reader_;
  std::string* const out_;
};

}  // namespace

bool AppendWellKnownText(absl::string_view wkb, std::string* out) {
  const size_t before = out->size();
  if (Converter(wkb, out).Convert()) return true;
  out->resize(before);
  return false;
}

}  // namespace binlogd
