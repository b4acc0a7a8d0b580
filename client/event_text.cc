#include "client/event_text.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/text.h"

namespace binlogd {
namespace {

constexpr size_t kValueWidth = 40;
constexpr size_t kStatementWidth = 160;
constexpr size_t kBytesShown = 16;

template <typename Number>
std::string NumberText(Number number) {
  char text[64];
  return std::string(text, std::to_chars(text, text + sizeof(text), number).ptr);
}

// Escapes no more of a long text than can be shown.
std::string CutText(absl::string_view text, size_t width) {
  const absl::string_view start = text.substr(0, 4 * width + 4);
  std::string cut = ShortenText(EscapeText(start), width);
  if (start.size() < text.size() && !absl::EndsWith(cut, "…")) cut += "…";
  return cut;
}

std::string BinaryText(absl::string_view bytes) {
  const std::string hex = absl::StrCat("0x", absl::BytesToHexString(bytes.substr(0, kBytesShown)));
  return bytes.size() <= kBytesShown ? hex : absl::StrCat(hex, "… (", bytes.size(), " bytes)");
}

std::string ValueText(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kIntValue: return absl::StrCat(value.int_value());
    case v1::Value::kUintValue: return absl::StrCat(value.uint_value());
    case v1::Value::kFloatValue: return NumberText(value.float_value());
    case v1::Value::kDoubleValue: return NumberText(value.double_value());
    case v1::Value::kDecimalValue: return CutText(value.decimal_value(), kValueWidth);
    case v1::Value::kTextValue: return absl::StrCat("\"", CutText(value.text_value(), kValueWidth), "\"");
    case v1::Value::kBinaryValue: return BinaryText(value.binary_value());
    case v1::Value::kTemporalValue: return EscapeText(value.temporal_value());
    case v1::Value::kJsonValue: return CutText(value.json_value(), kValueWidth);
    case v1::Value::kJsonDiffValue: return CutText(absl::StrCat("changed: ", value.json_diff_value()), kValueWidth);
    case v1::Value::KIND_NOT_SET: break;
  }
  return "NULL";
}

const v1::Column* FindColumn(const v1::Row& row, const std::string& name) {
  for (const v1::Column& column : row.columns()) {
    if (column.name() == name) return &column;
  }
  return nullptr;
}

bool SameValue(const v1::Value& a, const v1::Value& b) { return a.SerializeAsString() == b.SerializeAsString(); }

void AppendColumn(const v1::Column& column, std::string* line) {
  absl::StrAppend(line, line->empty() ? "" : " ", EscapeText(column.name()), "=", ValueText(column.value()));
}

std::string RowText(const v1::Row& row) {
  std::string line;
  for (const v1::Column& column : row.columns()) AppendColumn(column, &line);
  return line;
}

// The first column, for it is most often the key, then what changed. Images need not carry every column: the before
// image of a MINIMAL one is the key alone, the after image only what was assigned.
std::string UpdateText(const v1::Row& before, const v1::Row& after, bool colour) {
  std::string line;
  const v1::Column* first = before.columns_size() > 0 ? &before.columns(0) : nullptr;
  if (first != nullptr && FindColumn(after, first->name()) == nullptr) AppendColumn(*first, &line);
  for (int i = 0; i < after.columns_size(); ++i) {
    const v1::Column& column = after.columns(i);
    const v1::Column* old = FindColumn(before, column.name());
    const bool same = old != nullptr && SameValue(old->value(), column.value());
    const bool is_first = first == nullptr ? i == 0 : column.name() == first->name();
    if (old == nullptr || (same && is_first)) {
      AppendColumn(column, &line);
    } else if (!same) {
      absl::StrAppend(&line, line.empty() ? "" : " ", EscapeText(column.name()), "=",
                      Paint(ValueText(old->value()), Colour::kRed, colour), "→",
                      Paint(ValueText(column.value()), Colour::kGreen, colour));
    }
  }
  return line;
}

Colour ColourOf(v1::EventType type) {
  switch (type) {
    case v1::WRITE: return Colour::kGreen;
    case v1::UPDATE: return Colour::kYellow;
    case v1::DELETE:
    case v1::INCIDENT: return Colour::kRed;
    case v1::QUERY: return Colour::kCyan;
    default: return Colour::kDim;
  }
}

// "12:03:44 shop.orders  UPDATE  ".
std::string Head(const v1::Event& event, const EventTextStyle& style) {
  const absl::Time time = absl::FromUnixSeconds(event.timestamp().seconds());
  const std::string clock = absl::FormatTime("%H:%M:%S", time, style.zone);
  std::string place = EscapeText(event.database());
  if (!event.table().empty()) absl::StrAppend(&place, ".", EscapeText(event.table()));
  const std::string type = absl::StrFormat("%-6s", v1::EventType_Name(event.type()));
  return absl::StrCat(Paint(clock, Colour::kDim, style.colour), " ", Paint(place, Colour::kBold, style.colour),
                      place.empty() ? "" : "  ", Paint(type, ColourOf(event.type()), style.colour));
}

// One line, however many the statement has.
std::string StatementText(absl::string_view statement) {
  std::string line(statement.substr(0, 8 * kStatementWidth));
  absl::RemoveExtraAsciiWhitespace(&line);
  return CutText(line, kStatementWidth);
}

// What an event without rows is about.
std::string DetailText(const v1::Event& event) {
  if (event.type() == v1::GTID) return EscapeText(event.gtid());
  std::string detail = StatementText(event.query());
  const std::map<std::string, std::string> sorted(event.extra().begin(), event.extra().end());
  for (const auto& [name, value] : sorted) {
    // Who ran a statement and for how long is for programs.
    if (name == "server_id" || name == "thread_id" || name == "execution_seconds") continue;
    absl::StrAppend(&detail, detail.empty() ? "" : " ", EscapeText(name), "=", CutText(value, kValueWidth));
  }
  return detail;
}

bool HasRows(v1::EventType type) { return type == v1::WRITE || type == v1::UPDATE || type == v1::DELETE; }

std::string ChangeText(const v1::Event& event, int row, bool colour) {
  if (event.type() == v1::WRITE) return RowText(event.rows(row));
  if (event.type() == v1::DELETE) return RowText(event.old_rows(row));
  return UpdateText(event.old_rows(row), event.rows(row), colour);
}

}  // namespace

std::string EventText(const v1::Event& event, const EventTextStyle& style) {
  const std::string head = Head(event, style);
  const auto line = [&head, &style](const std::string& detail) {
    const std::string text = absl::StrCat(head, detail.empty() ? "" : "  ", detail);
    return absl::StrCat(style.width == 0 ? text : ShortenPainted(text, style.width), "\n");
  };
  if (!HasRows(event.type())) return line(DetailText(event));
  const int changes = event.type() == v1::WRITE    ? event.rows_size()
                      : event.type() == v1::DELETE ? event.old_rows_size()
                                                   : std::min(event.rows_size(), event.old_rows_size());
  std::string text;
  for (int row = 0; row < changes; ++row) text += line(ChangeText(event, row, style.colour));
  return text;
}

std::string GapText(const v1::TapResponse::Gap& gap) {
  const auto place = [](const v1::Position& position) {
    return absl::StrCat(EscapeText(position.file()), ":", position.position());
  };
  return absl::StrCat("gap: ", gap.dropped_events(), " events of the log were missed between ", place(gap.from()),
                      " and ", place(gap.to()), ", because this tap reads too slowly");
}

}  // namespace binlogd
