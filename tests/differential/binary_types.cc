// BINARY, VARBINARY, the BLOB family, VECTOR, and MariaDB's UUID, INET4 and INET6.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "tests/differential/column_type.h"

namespace binlogd::testing {
namespace {

using Kind = ColumnValue::Kind;

std::string RandomBytes(size_t most, Random& random) {
  std::string bytes = random.Bytes(std::min<size_t>(random.Size(most), 3000));
  // Zeros and spaces at the end are what the log leaves out of some types.
  static const std::vector<std::string> kTails = {std::string(3, '\0'), "  ", std::string(" \0", 2), "\xff"};
  const std::string& tail = random.Pick(kTails);
  if (random.Chance(40) && bytes.size() >= tail.size()) bytes.replace(bytes.size() - tail.size(), tail.size(), tail);
  return bytes;
}

class BytesType : public ColumnType {
 public:
  // `fixed`: the value is as long as the column, filled up with zeros.
  BytesType(std::string definition, size_t most, size_t row_bytes, bool fixed)
      : definition_(std::move(definition)), most_(most), row_bytes_(row_bytes), fixed_(fixed) {}

  std::string Definition() const override { return definition_; }
  std::string Literal(Random& random) const override {
    constexpr size_t kRepeatFrom = 3000;
    if (most_ > kRepeatFrom && random.Chance(8))
      return absl::StrCat("REPEAT(", HexLiteral(random.Bytes(10)), ", ", most_ / 10, ")");
    return HexLiteral(RandomBytes(most_, random));
  }
  std::string Select(const std::string& column) const override { return absl::StrCat("HEX(", column, ")"); }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    if (decoded.metadata != RowMetadata::kNoLog) {
      return decoded.kind == Kind::kBinary && UpperHex(decoded.text) == server;
    }
    // The log does not say that it is binary, and so not that zeros are missing.
    std::string bytes = decoded.text;
    if (fixed_) bytes.resize(std::max(bytes.size(), server.size() / 2), '\0');
    return UpperHex(bytes) == server;
  }
  size_t RowBytes() const override { return row_bytes_; }

 private:
  const std::string definition_;
  const size_t most_;
  const size_t row_bytes_;
  const bool fixed_;
};

class VectorType : public ColumnType {
 public:
  VectorType(size_t dimensions, bool dump_knows) : dimensions_(dimensions), dump_knows_(dump_knows) {}

  std::string Definition() const override { return absl::StrCat("VECTOR(", dimensions_, ")"); }
  std::string Literal(Random& random) const override {
    std::string bytes = random.Bytes(4 * dimensions_);
    for (size_t i = 0; i < bytes.size(); i += 4) {
      float number;
      std::memcpy(&number, &bytes[i], sizeof number);
      if (!std::isfinite(number)) std::memset(&bytes[i], 0, sizeof number);
    }
    return HexLiteral(bytes);
  }
  std::string Select(const std::string& column) const override { return absl::StrCat("HEX(", column, ")"); }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    const bool kind_fits = decoded.kind == Kind::kBinary || decoded.metadata == RowMetadata::kNoLog;
    return kind_fits && UpperHex(decoded.text) == server;
  }
  bool DumpKnows() const override { return dump_knows_; }
  size_t RowBytes() const override { return 4 * dimensions_ + 2; }

 private:
  const size_t dimensions_;
  const bool dump_knows_;
};

// What MariaDB stores as BINARY(n) without a word in the log; the log has its bytes in the order of its text.
class StoredAsBinaryType : public ColumnType {
 public:
  StoredAsBinaryType(const char* name, size_t size, FixedBinaryType type) : name_(name), size_(size), type_(type) {}

  std::string Definition() const override { return name_; }
  std::string Select(const std::string& column) const override {
    return absl::StrCat("CONCAT(HEX(CAST(", column, " AS BINARY(", size_, "))), ' ', ", column, ")");
  }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    const std::pair<absl::string_view, absl::string_view> sides = absl::StrSplit(server, ' ');
    if (decoded.is_defined) return decoded.kind == Kind::kText && decoded.text == sides.second;
    std::string bytes = decoded.text;
    // Without metadata nothing tells that zeros are missing at the end.
    if (decoded.metadata == RowMetadata::kNoLog) bytes.resize(std::max(bytes.size(), size_), '\0');
    return UpperHex(bytes) == sides.first;
  }
  void Define(Column* column) const override { column->fixed_binary = type_; }
  size_t RowBytes() const override { return size_; }

 private:
  const char* const name_;
  const size_t size_;
  const FixedBinaryType type_;
};

class UuidType : public StoredAsBinaryType {
 public:
  UuidType() : StoredAsBinaryType("UUID", 16, FixedBinaryType::kUuid) {}
  std::string Literal(Random& random) const override {
    if (random.Chance(20)) return "UUID()";
    if (random.Chance(10)) return "'00000000-0000-0000-0000-000000000000'";
    std::string hex = absl::BytesToHexString(random.Bytes(16));
    for (const size_t at : {20, 16, 12, 8}) hex.insert(at, "-");
    return absl::StrCat("'", hex, "'");
  }
};

class InetType : public StoredAsBinaryType {
 public:
  explicit InetType(bool six)
      : StoredAsBinaryType(six ? "INET6" : "INET4", six ? 16 : 4,
                           six ? FixedBinaryType::kInet6 : FixedBinaryType::kInet4),
        six_(six) {}
  std::string Literal(Random& random) const override {
    if (!six_) {
      if (random.Chance(20)) return random.Chance(50) ? "'0.0.0.0'" : "'10.0.0.0'";
      return absl::StrFormat("'%d.%d.%d.%d'", random.Below(256), random.Below(256), random.Below(256),
                             random.Below(256));
    }
    static const std::vector<std::string> kEdges = {"'::'", "'::1'", "'fe80::'", "'::ffff:192.0.2.128'",
                                                    "'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'"};
    if (random.Chance(30)) return random.Pick(kEdges);
    std::string text = absl::StrCat("'", absl::Hex(random.Below(65536)));
    for (int i = 1; i < 8; ++i) absl::StrAppend(&text, ":", absl::Hex(random.Chance(20) ? 0 : random.Below(65536)));
    return text + "'";
  }

 private:
  const bool six_;
};

std::unique_ptr<ColumnType> MakeBinary(const ServerTraits&, Random& random) {
  const std::vector<size_t> sizes = {1, 2, 16, 127, 128, 254, 255};
  const size_t size = random.Pick(sizes);
  return std::make_unique<BytesType>(absl::StrCat("BINARY(", size, ")"), size, size, true);
}

size_t PickVarbinarySize(Random& random) {
  const std::vector<size_t> sizes = {1, 20, 254, 255, 256, 257, 1000};
  constexpr size_t kLargest = 30000;
  return random.Chance(5) ? kLargest : random.Pick(sizes);
}

std::unique_ptr<ColumnType> MakeVarbinary(const ServerTraits&, Random& random) {
  const size_t size = PickVarbinarySize(random);
  return std::make_unique<BytesType>(absl::StrCat("VARBINARY(", size, ")"), size, size + 2, false);
}

struct BlobKind {
  const char* name;
  size_t most;
};
const std::vector<BlobKind>& BlobKinds() {
  static const std::vector<BlobKind> kKinds = {
      {"TINYBLOB", 255}, {"BLOB", 3000}, {"BLOB", 65530}, {"MEDIUMBLOB", 70000}, {"LONGBLOB", 3000}};
  return kKinds;
}

std::unique_ptr<ColumnType> MakeBlob(const ServerTraits&, Random& random) {
  const BlobKind& kind = random.Pick(BlobKinds());
  return std::make_unique<BytesType>(kind.name, kind.most, 12, false);
}

std::unique_ptr<ColumnType> MakeCompressedBytes(const ServerTraits&, Random& random) {
  if (random.Chance(50)) {
    const size_t size = PickVarbinarySize(random);
    return std::make_unique<BytesType>(absl::StrCat("VARBINARY(", size, ") COMPRESSED"), size, size + 3, false);
  }
  const BlobKind& kind = random.Pick(BlobKinds());
  return std::make_unique<BytesType>(absl::StrCat(kind.name, " COMPRESSED"), kind.most, 12, false);
}

std::unique_ptr<ColumnType> MakeVector(const ServerTraits& traits, Random& random) {
  const std::vector<size_t> dimensions = {1, 3, 63, 64, 300};
  return std::make_unique<VectorType>(random.Pick(dimensions), !traits.mysql());
}

std::unique_ptr<ColumnType> MakeUuid(const ServerTraits&, Random&) { return std::make_unique<UuidType>(); }
std::unique_ptr<ColumnType> MakeInet(const ServerTraits&, Random& random) {
  return std::make_unique<InetType>(random.Chance(50));
}

}  // namespace

std::vector<ColumnTypeMaker> BinaryTypes(const ServerTraits& traits) {
  std::vector<ColumnTypeMaker> makers = {MakeBinary, MakeVarbinary, MakeBlob};
  if (traits.kind != ServerKind::kMariaDb1011) makers.push_back(MakeVector);
  if (!traits.mysql()) makers.insert(makers.end(), {MakeCompressedBytes, MakeUuid, MakeInet});
  return makers;
}

std::vector<ColumnTypeMaker> AllColumnTypes(const ServerTraits& traits) {
  std::vector<ColumnTypeMaker> all;
  for (const auto family : {NumberTypes, TemporalTypes, TextTypes, LabelTypes, BinaryTypes, GeometryTypes, JsonTypes}) {
    const std::vector<ColumnTypeMaker> makers = family(traits);
    all.insert(all.end(), makers.begin(), makers.end());
  }
  return all;
}

}  // namespace binlogd::testing
