// Integers, BIT, DECIMAL, FLOAT, DOUBLE and YEAR.
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/differential/column_type.h"

namespace binlogd::testing {
namespace {

using Kind = ColumnValue::Kind;

uint64_t LowBits(uint64_t value, int bits) { return bits == 64 ? value : value & ((uint64_t{1} << bits) - 1); }

int64_t SignExtend(uint64_t value, int bits) { return static_cast<int64_t>(value << (64 - bits)) >> (64 - bits); }

class IntegerType : public ColumnType {
 public:
  IntegerType(int bits, bool is_unsigned, bool zerofill) : bits_(bits), unsigned_(is_unsigned), zerofill_(zerofill) {}

  std::string Definition() const override {
    static const char* const kNames[] = {"TINYINT", "SMALLINT", "MEDIUMINT", "INT", "", "", "", "BIGINT"};
    return absl::StrCat(kNames[bits_ / 8 - 1], unsigned_ ? " UNSIGNED" : "", zerofill_ ? " ZEROFILL" : "");
  }
  std::string Literal(Random& random) const override {
    const uint64_t most = LowBits(~uint64_t{0}, unsigned_ ? bits_ : bits_ - 1);
    const std::vector<uint64_t> edges = {0, 1, most, most - 1, ~uint64_t{0}, ~most};
    const uint64_t value = random.Chance(40) ? random.Pick(edges) : random.Bits() >> random.Below(64);
    if (unsigned_) return absl::StrCat(LowBits(value, bits_));
    return absl::StrCat(SignExtend(value, bits_));
  }
  // Without the zeros of ZEROFILL.
  std::string Select(const std::string& column) const override { return absl::StrCat(column, " + 0"); }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    if (decoded.metadata != RowMetadata::kNoLog) {
      return decoded.kind == (unsigned_ ? Kind::kUint : Kind::kInt) && decoded.text == server;
    }
    // The log does not say that a number has no sign.
    int64_t value = 0;
    if (decoded.kind != Kind::kInt || !absl::SimpleAtoi(decoded.text, &value)) return false;
    if (!unsigned_) return decoded.text == server;
    return absl::StrCat(LowBits(static_cast<uint64_t>(value), bits_)) == server;
  }
  absl::optional<std::string> Printed(const DecodedValue& decoded) const override {
    uint64_t value = 0;
    if (decoded.kind == Kind::kInt) {
      int64_t number = 0;
      if (!absl::SimpleAtoi(decoded.text, &number)) return absl::nullopt;
      value = static_cast<uint64_t>(number);
    } else if (!absl::SimpleAtoi(decoded.text, &value)) {
      return absl::nullopt;
    }
    const int64_t number = SignExtend(value, bits_);
    return number < 0 ? absl::StrCat(number, " (", LowBits(value, bits_), ")") : absl::StrCat(number);
  }
  size_t RowBytes() const override { return static_cast<size_t>(bits_ / 8); }

 private:
  const int bits_;
  const bool unsigned_;
  const bool zerofill_;
};

class BitType : public ColumnType {
 public:
  explicit BitType(int bits) : bits_(bits) {}

  std::string Definition() const override { return absl::StrCat("BIT(", bits_, ")"); }
  std::string Literal(Random& random) const override {
    if (random.Chance(20)) return "0";
    return absl::StrCat(LowBits(random.Chance(20) ? ~uint64_t{0} : random.Bits(), bits_));
  }
  std::string Select(const std::string& column) const override { return absl::StrCat(column, " + 0"); }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    return decoded.kind == Kind::kUint && decoded.text == server;
  }
  size_t RowBytes() const override { return 8; }

 private:
  const int bits_;
};

class DecimalType : public ColumnType {
 public:
  DecimalType(int precision, int scale, const char* attribute)
      : precision_(precision), scale_(scale), attribute_(attribute) {}

  std::string Definition() const override { return absl::StrCat("DECIMAL(", precision_, ",", scale_, ")", attribute_); }
  std::string Literal(Random& random) const override {
    const bool negative = attribute_[0] == '\0' && random.Chance(50);
    const int whole = precision_ - scale_;
    std::string digits = negative ? "-" : "";
    const int shape = static_cast<int>(random.Below(5));
    if (shape == 0) return absl::StrCat(digits, "0");
    // 1: all nines, 2: few whole digits, else all.
    const int shown = shape == 2 ? static_cast<int>(random.Below(static_cast<uint64_t>(whole) + 1)) : whole;
    const auto append = [&](int count) {
      for (int i = 0; i < count; ++i) digits.push_back(static_cast<char>('0' + (shape == 1 ? 9 : random.Below(10))));
    };
    append(shown);
    if (shown == 0) digits.push_back('0');
    digits.push_back('.');
    append(scale_);
    return digits.back() == '.' ? digits + "0" : digits;
  }
  std::string Select(const std::string& column) const override {
    return attribute_[0] == '\0' ? column
                                 : absl::StrCat("CAST(", column, " AS DECIMAL(", precision_, ",", scale_, "))");
  }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    return decoded.kind == Kind::kDecimal && decoded.text == server;
  }
  absl::optional<std::string> Printed(const DecodedValue& decoded) const override { return decoded.text; }
  size_t RowBytes() const override { return static_cast<size_t>(precision_ / 2 + 2); }

 private:
  const int precision_;
  const int scale_;
  const char* const attribute_;
};

// FLOAT and DOUBLE. SELECT rounds a FLOAT to six digits, but not the DOUBLE that an expression makes of it.
template <typename Number, typename Bits, Kind kKind>
class FloatingType : public ColumnType {
 public:
  FloatingType(std::string definition, bool is_unsigned) : definition_(std::move(definition)), unsigned_(is_unsigned) {}

  std::string Definition() const override { return absl::StrCat(definition_, unsigned_ ? " UNSIGNED" : ""); }
  std::string Literal(Random& random) const override {
    using Limits = std::numeric_limits<Number>;
    const std::vector<Number> edges = {Number(0.0),   Number(-0.0),         Number(1.0),
                                       Number(-1.5),  Limits::max(),        Limits::lowest(),
                                       Limits::min(), Limits::denorm_min(), Limits::epsilon(),
                                       Number(0.1),   Number(16777217.0),   Number(9007199254740993.0)};
    Number value = random.Pick(edges);
    if (random.Chance(70)) {
      const Bits bits = static_cast<Bits>(random.Bits());
      std::memcpy(&value, &bits, sizeof value);
    }
    if (random.Chance(20)) value = static_cast<Number>(random.Between(-100000, 100000)) / Number(100);
    if (!std::isfinite(value)) value = Number(0.5);
    if (unsigned_) value = std::abs(value);
    return absl::StrFormat("%.17e", static_cast<double>(value));
  }
  std::string Select(const std::string& column) const override { return absl::StrCat(column, " * 1e0"); }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    const double value = std::strtod(std::string(server).c_str(), nullptr);
    return decoded.kind == kKind && decoded.text == BitsText(static_cast<Number>(value));
  }
  size_t RowBytes() const override { return sizeof(Number); }

 private:
  const std::string definition_;
  const bool unsigned_;
};

class YearType : public ColumnType {
 public:
  std::string Definition() const override { return "YEAR"; }
  std::string Literal(Random& random) const override {
    if (random.Chance(30)) return random.Pick(std::vector<std::string>{"0", "1901", "2155", "'0'", "'69'", "'70'"});
    return absl::StrCat(random.Between(1901, 2155));
  }
  std::string Select(const std::string& column) const override { return absl::StrCat(column, " + 0"); }
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    return decoded.kind == Kind::kInt && decoded.text == server;
  }
  size_t RowBytes() const override { return 1; }
};

template <int kBits>
std::unique_ptr<ColumnType> MakeInteger(const ServerTraits&, Random&) {
  return std::make_unique<IntegerType>(kBits, false, false);
}

template <int kBits>
std::unique_ptr<ColumnType> MakeUnsigned(const ServerTraits&, Random& random) {
  return std::make_unique<IntegerType>(kBits, true, random.Chance(30));
}

std::unique_ptr<ColumnType> MakeBit(const ServerTraits&, Random& random) {
  return std::make_unique<BitType>(random.Chance(20) ? 64 : static_cast<int>(random.Between(1, 64)));
}

std::unique_ptr<ColumnType> MakeDecimal(const ServerTraits&, Random& random) {
  if (random.Chance(15)) return std::make_unique<DecimalType>(65, 30, "");
  const int precision = static_cast<int>(random.Between(1, 65));
  const int scale = static_cast<int>(random.Between(0, std::min(precision, 30)));
  const char* const attribute = random.Chance(70) ? "" : random.Chance(50) ? " UNSIGNED" : " UNSIGNED ZEROFILL";
  return std::make_unique<DecimalType>(precision, scale, attribute);
}

std::unique_ptr<ColumnType> MakeFloat(const ServerTraits&, Random& random) {
  using Type = FloatingType<float, uint32_t, Kind::kFloat>;
  const std::vector<std::string> definitions = {"FLOAT", "FLOAT", "FLOAT", "FLOAT(24)", "FLOAT(7,3)"};
  return std::make_unique<Type>(random.Pick(definitions), random.Chance(20));
}

std::unique_ptr<ColumnType> MakeDouble(const ServerTraits&, Random& random) {
  using Type = FloatingType<double, uint64_t, Kind::kDouble>;
  const std::vector<std::string> definitions = {"DOUBLE", "DOUBLE", "DOUBLE", "FLOAT(53)", "DOUBLE(20,5)"};
  return std::make_unique<Type>(random.Pick(definitions), random.Chance(20));
}

std::unique_ptr<ColumnType> MakeYear(const ServerTraits&, Random&) { return std::make_unique<YearType>(); }

}  // namespace

std::vector<ColumnTypeMaker> NumberTypes(const ServerTraits&) {
  return {MakeInteger<8>,  MakeInteger<16>,  MakeInteger<24>,  MakeInteger<32>,  MakeInteger<64>,
          MakeUnsigned<8>, MakeUnsigned<16>, MakeUnsigned<24>, MakeUnsigned<32>, MakeUnsigned<64>,
          MakeBit,         MakeDecimal,      MakeFloat,        MakeDouble,       MakeYear};
}

}  // namespace binlogd::testing
