// DATE, TIME, DATETIME and TIMESTAMP.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tests/differential/column_type.h"

namespace binlogd::testing {
namespace {

using Kind = ColumnValue::Kind;
using ColumnTypeNumber = ::binlogd::ColumnType;

std::string Quoted(absl::string_view text) { return absl::StrCat("'", text, "'"); }

std::string Fraction(Random& random) {
  if (random.Chance(20)) return ".999999";
  if (random.Chance(20)) return "";
  return absl::StrFormat(".%06d", random.Below(1000000));
}

std::string Date(Random& random) {
  // Years, months and days that are zero are values of their own.
  const int64_t year = random.Chance(10) ? 0 : random.Between(1, 9999);
  const int64_t month = random.Chance(10) ? 0 : random.Between(1, 12);
  const int64_t day = random.Chance(10) ? 0 : random.Between(1, 28);
  return absl::StrFormat("%04d-%02d-%02d", year, month, day);
}

std::string Clock(Random& random) {
  return absl::StrFormat("%02d:%02d:%02d", random.Below(24), random.Below(60), random.Below(60));
}

class TemporalType : public ColumnType {
 public:
  bool Agrees(const DecodedValue& decoded, absl::string_view server) const override {
    return decoded.kind == Kind::kTemporal && decoded.text == server;
  }
  // The old forms, whose digits the log does not tell.
  void Define(Column* column) const override {
    if (column->type == ColumnTypeNumber::kTime || column->type == ColumnTypeNumber::kDatetime ||
        column->type == ColumnTypeNumber::kTimestamp) {
      column->metadata = static_cast<uint16_t>(digits_);
    }
  }
  size_t RowBytes() const override { return 8; }

 protected:
  explicit TemporalType(int digits) : digits_(digits) {}
  std::string WithDigits(const char* name) const {
    return digits_ == 0 ? std::string(name) : absl::StrCat(name, "(", digits_, ")");
  }

  const int digits_;
};

class DateType : public TemporalType {
 public:
  DateType() : TemporalType(0) {}
  std::string Definition() const override { return "DATE"; }
  std::string Literal(Random& random) const override {
    static const std::vector<std::string> kEdges = {"0000-00-00", "1000-01-01", "9999-12-31", "2024-02-29",
                                                    "2024-00-00", "2023-02-00", "0000-01-01", "1969-12-31",
                                                    "2023-02-31", "0001-01-01", "2000-02-29"};
    return Quoted(random.Chance(30) ? random.Pick(kEdges) : Date(random));
  }
  absl::optional<std::string> Printed(const DecodedValue& decoded) const override {
    std::string text = decoded.text;
    std::replace(text.begin(), text.end(), '-', ':');
    return Quoted(text);
  }
};

class TimeType : public TemporalType {
 public:
  explicit TimeType(int digits) : TemporalType(digits) {}
  std::string Definition() const override { return WithDigits("TIME"); }
  std::string Literal(Random& random) const override {
    static const std::vector<std::string> kEdges = {
        "00:00:00",        "-838:59:59",       "838:59:59",        "838:59:59.999999", "-838:59:59.999999",
        "-00:00:00.1",     "-00:00:00.000001", "-00:00:01.000001", "-00:00:01",        "24:00:00",
        "-23:59:59.99999", "00:00:00.000001",  "-01:00:00.5",      "-00:00:00.999999"};
    if (random.Chance(30)) return Quoted(random.Pick(kEdges));
    return Quoted(absl::StrFormat("%s%d:%02d:%02d%s", random.Chance(50) ? "-" : "", random.Below(839), random.Below(60),
                                  random.Below(60), Fraction(random)));
  }
};

class DatetimeType : public TemporalType {
 public:
  explicit DatetimeType(int digits) : TemporalType(digits) {}
  std::string Definition() const override { return WithDigits("DATETIME"); }
  std::string Literal(Random& random) const override {
    static const std::vector<std::string> kEdges = {
        "0000-00-00 00:00:00", "1000-01-01 00:00:00",        "9999-12-31 23:59:59",        "2024-02-29 12:00:00.5",
        "2024-00-00 01:02:03", "9999-12-31 23:59:59.499999", "0000-00-00 00:00:00.000001", "0000-01-00 23:59:59",
        "0000-00-00 11:22:33", "2023-02-31 00:00:00"};
    if (random.Chance(30)) return Quoted(random.Pick(kEdges));
    return Quoted(absl::StrCat(Date(random), " ", Clock(random), Fraction(random)));
  }
  absl::optional<std::string> Printed(const DecodedValue& decoded) const override { return Quoted(decoded.text); }
};

class TimestampType : public TemporalType {
 public:
  TimestampType(int digits, int last_year) : TemporalType(digits), last_year_(last_year) {}
  std::string Definition() const override { return WithDigits("TIMESTAMP"); }
  std::string Literal(Random& random) const override {
    static const std::vector<std::string> kEdges = {
        "0000-00-00 00:00:00",        "1970-01-01 00:00:01",        "2038-01-19 03:14:07",        "1970-01-02 00:00:00",
        "2038-01-19 03:14:07.499999", "1970-01-01 00:00:01.000001", "2024-03-31 01:59:59.999999", "2024-03-31 01:00:00",
        "2024-10-27 00:30:00",        "2024-10-27 01:00:00",        "2001-09-09 01:46:40"};
    static const std::vector<std::string> kLateEdges = {"2038-01-19 03:14:08", "2106-02-07 06:28:15",
                                                        "2106-02-07 06:28:15.499999", "2040-01-01 00:00:00"};
    constexpr int kEndOf31Bits = 2038;
    if (last_year_ > kEndOf31Bits && random.Chance(10)) return Quoted(random.Pick(kLateEdges));
    if (random.Chance(30)) return Quoted(random.Pick(kEdges));
    return Quoted(absl::StrFormat("%04d-%02d-%02d %s%s", random.Between(1971, last_year_ - 1), random.Between(1, 12),
                                  random.Between(1, 28), Clock(random), Fraction(random)));
  }

 private:
  const int last_year_;  // In which the range of the type ends.
};

int Digits(Random& random) { return random.Chance(25) ? 0 : static_cast<int>(random.Below(7)); }

std::unique_ptr<ColumnType> MakeDate(const ServerTraits&, Random&) { return std::make_unique<DateType>(); }
std::unique_ptr<ColumnType> MakeTime(const ServerTraits&, Random& random) {
  return std::make_unique<TimeType>(Digits(random));
}
std::unique_ptr<ColumnType> MakeDatetime(const ServerTraits&, Random& random) {
  return std::make_unique<DatetimeType>(Digits(random));
}
std::unique_ptr<ColumnType> MakeTimestamp(const ServerTraits& traits, Random& random) {
  return std::make_unique<TimestampType>(Digits(random), traits.kind == ServerKind::kMariaDb118 ? 2106 : 2038);
}

}  // namespace

std::vector<ColumnTypeMaker> TemporalTypes(const ServerTraits&) {
  return {MakeDate, MakeTime, MakeDatetime, MakeTimestamp};
}

}  // namespace binlogd::testing
