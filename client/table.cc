#include "client/table.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace binlogd {

void Table::Add(std::vector<Cell> row) {
  for (Cell& cell : row) cell.text = cell.text.empty() ? "-" : EscapeText(cell.text);
  rows_.push_back(std::move(row));
}

std::string Table::Text(bool colour) const {
  std::vector<Cell> header;
  std::vector<size_t> widths;
  for (const Column& column : columns_) {
    header.emplace_back(column.name, Colour::kBold);
    widths.push_back(TextWidth(column.name));
  }
  for (const std::vector<Cell>& row : rows_) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], TextWidth(row[i].text));
  }
  std::string text;
  AppendRow(header, widths, colour, &text);
  for (const std::vector<Cell>& row : rows_) AppendRow(row, widths, colour, &text);
  return text;
}

void Table::AppendRow(const std::vector<Cell>& row, const std::vector<size_t>& widths, bool colour,
                      std::string* out) const {
  for (size_t i = 0; i < row.size(); ++i) {
    const std::string fill(widths[i] - TextWidth(row[i].text), ' ');
    const std::string text = Paint(row[i].text, row[i].colour, colour);
    const bool last = i + 1 == row.size();
    if (columns_[i].align == Align::kRight) {
      absl::StrAppend(out, fill, text, last ? "" : "  ");
    } else {
      absl::StrAppend(out, text, last ? "" : fill, last ? "" : "  ");
    }
  }
  out->push_back('\n');
}

}  // namespace binlogd
