#include "format/row_match.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "format/event_proto.h"
#include "format/json_encoder.h"
#include "tests/binlog/golden_log.h"

namespace binlogd {
namespace {

using nlohmann::json;

// As a person reads the JSON form.
std::string Shown(const json& value) {
  if (value.is_object() && value.size() == 1 && value.contains("base64")) return value["base64"];
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// Of every value of every type: whoever asks for what the JSON form shows gets the row.
TEST(RowMatchTest, EachRowIsFoundByWhatItsJsonFormShows) {
  size_t found = 0;
  for (const GoldenLog& log : ReadGoldenLogs()) {
    EventDecoder decoder(log.flavor, nullptr);
    JsonEncoder encoder;
    for (const std::string& bytes : log.events) {
      const DecodedEvent* event = nullptr;
      ASSERT_TRUE(decoder.Feed(bytes, &event).ok());
      for (absl::Status next; next.ok() && event != nullptr; next = decoder.Next(&event)) {
        if (event->rows == nullptr) continue;
        RecordBuffer line;
        ASSERT_TRUE(encoder.Append(*event, {"binlog.000001", 4}, true, &line).ok());
        const json shown = json::parse(line.values);
        const json& rows = shown.contains("rows") ? shown["rows"] : shown["old_rows"];
        for (const auto& [column, value] : rows[0].items()) {
          // A document is compared as it stands in the line.
          const bool is_document = (value.is_object() && !value.contains("base64")) || value.is_array();
          if (is_document || value.is_number_float()) continue;
          RowMatch match;
          match.columns.push_back({column, value.is_null() ? std::nullopt : std::optional(Shown(value))});
          RowMatcher matcher(match);
          ASSERT_TRUE(matcher.Start(*event->table_map));
          v1::Event wanted;
          ASSERT_TRUE(ToProto(*event, "binlog.000001", 4, &matcher, &wanted).ok());
          // NULL of JSON and of SQL are shown alike.
          if (value.is_null() && wanted.rows_size() + wanted.old_rows_size() == 0) continue;
          EXPECT_GT(wanted.rows_size() + wanted.old_rows_size(), 0) << column << " = " << value;
          ++found;
        }
      }
    }
  }
  EXPECT_GT(found, 100u);
}

TEST(RowMatchTest, AColumnThatTheTableDoesNotHaveMatchesNothing) {
  TableMap table;
  table.columns.resize(2);
  table.columns[0].name = "id";
  RowMatch match;
  match.columns.push_back({"ID", "1"});
  EXPECT_TRUE(RowMatcher(match).Start(table));
  match.columns.push_back({"other", "1"});
  EXPECT_FALSE(RowMatcher(match).Start(table));
  match.columns[1].column = "@2";
  EXPECT_TRUE(RowMatcher(match).Start(table)) << "a column without a name";
  match.columns[1].column = "@1";
  EXPECT_FALSE(RowMatcher(match).Start(table)) << "a column with one";
}

TEST(RowMatchTest, AKeyHasAsManyValuesAsColumns) {
  TableMap table;
  table.columns.resize(3);
  table.primary_key = {2, 0};
  RowMatch match;
  match.key = {"7"};
  EXPECT_FALSE(RowMatcher(match).Start(table));
  match.key = {"7", "text"};
  RowMatcher matcher(match);
  ASSERT_TRUE(matcher.Start(table));
  std::vector<ColumnValue> values(3);
  values[0].kind = ColumnValue::Kind::kText;
  values[0].text = "text";
  values[2].kind = ColumnValue::Kind::kUint;
  values[2].uint_value = 7;
  EXPECT_TRUE(matcher.Matches(values));
  values[2].uint_value = 8;
  EXPECT_FALSE(matcher.Matches(values));
  values[2].kind = ColumnValue::Kind::kAbsent;
  EXPECT_FALSE(matcher.Matches(values)) << "an image that does not carry the key";
}

}  // namespace
}  // namespace binlogd
