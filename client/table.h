// Aligned columns.
#pragma once

#include <string>
#include <vector>

#include "client/text.h"

namespace binlogd {

// Rows under a header, columns parted by two spaces, no borders. Not thread-safe.
class Table {
 public:
  enum class Align { kLeft, kRight };
  struct Column {
    std::string name;
    Align align = Align::kLeft;
  };
  struct Cell {
    Cell(std::string text, Colour colour = Colour::kNone) : text(std::move(text)), colour(colour) {}  // NOLINT
    Cell(const char* text) : text(text) {}                                                            // NOLINT
    std::string text;
    Colour colour = Colour::kNone;
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

  // One cell a column. Texts are escaped; an empty one is shown as "-".
  void Add(std::vector<Cell> row);

  // Header and rows, each line ending in a newline.
  std::string Text(bool colour) const;

 private:
  void AppendRow(const std::vector<Cell>& row, const std::vector<size_t>& widths, bool colour, std::string* out) const;

  const std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace binlogd
