#include "format/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

namespace binlogd {
namespace {

template <typename Append, typename... Args>
std::string Written(Append append, Args... args) {
  std::string out;
  append(args..., &out);
  return out;
}

TEST(JsonWriterTest, Values) {
  EXPECT_EQ(
      Written([](int64_t v, std::string* out) { AppendJsonInteger(v, out); }, std::numeric_limits<int64_t>::min()),
      "-9223372036854775808");
  EXPECT_EQ(
      Written([](uint64_t v, std::string* out) { AppendJsonInteger(v, out); }, std::numeric_limits<uint64_t>::max()),
      "18446744073709551615");
  EXPECT_EQ(Written(AppendJsonDouble, 0.1), "0.1");
  EXPECT_EQ(Written(AppendJsonFloat, 0.1f), "0.1");
  EXPECT_EQ(Written(AppendJsonDouble, std::numeric_limits<double>::infinity()), "null");
  EXPECT_EQ(Written(AppendJsonFloat, std::numeric_limits<float>::quiet_NaN()), "null");
  EXPECT_EQ(Written(AppendJsonText, absl::string_view("é\n")), "\"é\\n\"");
  EXPECT_EQ(Written(AppendJsonText, absl::string_view("\xff")), R"({"base64":"/w=="})");
  EXPECT_EQ(Written(AppendJsonBinary, absl::string_view("foo")), R"({"base64":"Zm9v"})");
  EXPECT_EQ(Written(AppendJsonColumnKey, absl::string_view("a\"b"), size_t{0}), R"("a\"b":)");
  EXPECT_EQ(Written(AppendJsonColumnKey, absl::string_view(), size_t{4}), R"("@5":)");
}

TEST(JsonWriterTest, HeadLeavesOutWhatIsEmpty) {
  JsonEventHead head;
  head.type = "rotate";
  head.timestamp = 1700000000;
  head.file = "binlog.000001";
  head.end_offset = 5000000000;
  EXPECT_EQ(Written(AppendJsonEventHead, head),
            R"({"type":"rotate","timestamp":1700000000,"position":{"file":"binlog.000001","position":5000000000})");
  head.database = "d";
  head.table = "t";
  head.gtid = "0-1-2";
  head.query = "q\"";
  EXPECT_EQ(Written(AppendJsonEventHead, head),
            R"({"type":"rotate","timestamp":1700000000,"database":"d","table":"t","position":{"file":"binlog.000001",)"
            R"("position":5000000000,"gtid":"0-1-2"},"gtid":"0-1-2","query":"q\"")");
}

}  // namespace
}  // namespace binlogd
