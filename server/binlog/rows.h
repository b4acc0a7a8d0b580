// Row events: which table, which columns, and a cursor over the images.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "base/byte_reader.h"
#include "binlog/column_value.h"
#include "binlog/event_header.h"
#include "binlog/table_map.h"
#include "binlog/value.h"

namespace binlogd {

// A bit for each column, least significant first.
class ColumnBitmap {
 public:
  ColumnBitmap() = default;
  explicit ColumnBitmap(absl::string_view bits) : bits_(bits) {}
  bool test(size_t i) const { return (static_cast<uint8_t>(bits_[i / 8]) >> (i % 8)) & 1; }

 private:
  absl::string_view bits_;
};

// Flag of a row event: it is the last of its statement, whose table maps then end.
constexpr uint16_t kStatementEndFlag = 0x0001;

// A row event, not yet its images. Views point into the event, or into `storage` when it was compressed.
struct RowsEvent {
  enum class Operation : uint8_t { kWrite, kUpdate, kDelete };
  Operation operation = Operation::kWrite;
  bool partial_json = false;  // PARTIAL_UPDATE_ROWS: after images may hold differences of JSON columns.
  uint64_t table_id = 0;
  uint16_t flags = 0;
  uint64_t column_count = 0;
  ColumnBitmap before_columns;  // Columns of the before image (update, delete).
  ColumnBitmap after_columns;   // Columns of the after image (write, update).
  absl::string_view images;
  std::string storage;
};

// Whether the type is a row event of any version or compression.
bool IsRowsEvent(EventType type);

// `body` has neither header nor checksum. DATA_LOSS when it is cut short or cannot be uncompressed.
absl::Status ParseRowsEvent(EventType type, absl::string_view body, size_t table_id_size, RowsEvent* rows);

// Walks the images of a row event in order: for an update before, after, before, after, …; every image is decoded once.
// Can be started again for another event, and then keeps its memory. Not thread-safe.
class RowCursor {
 public:
  RowCursor() = default;
  RowCursor(const RowsEvent& rows, const TableMap& table) { Start(rows, table); }

  // Stands before the first image. Keeps references to both arguments.
  void Start(const RowsEvent& rows, const TableMap& table);
  // Moves to the next image and decodes it. False at the end and on error; then see status().
  bool Next();
  // Whether the current image is a before image.
  bool is_before() const { return is_before_; }
  // One value for each column of the table; absent columns are kAbsent. Valid until Next() is called again.
  const std::vector<ColumnValue>& values() const { return values_; }
  // OK, or DATA_LOSS with the table's, the column's name and its type.
  const absl::Status& status() const { return status_; }

 private:
  // The columns of one kind of image.
  struct Image {
    ColumnBitmap columns;
    size_t null_bytes = 0;  // Size of its bitmap of NULLs, which has a bit for each column that the image carries.
  };
  Image MakeImage(const ColumnBitmap& columns) const;
  absl::Status DecodeImage(const Image& image);
  absl::Status DecodeValue(size_t column, bool has_differences, ColumnValue* value);
  absl::Status ReadPartialJsonBits();
  absl::Status DecodeDifferences(size_t column, ColumnValue* value);

  const RowsEvent* rows_ = nullptr;
  const TableMap* table_ = nullptr;
  Image before_;
  Image after_;
  ByteReader rest_{absl::string_view()};
  bool next_is_before_ = false;
  bool is_before_ = false;
  // The table has times in the old form, whose digits the log does not tell. They are read as having none; where that
  // is wrong the rest of the row is read from the wrong place, and what cannot be is an error.
  bool digits_doubtful_ = false;
  // Of an event that may log differences of JSON documents: which columns of an after image are such, counted among the
  // JSON columns, and the documents of the before image, by column.
  bool has_differences_ = false;
  ColumnBitmap differences_;
  std::vector<std::optional<absl::string_view>> documents_;
  std::vector<ColumnValue> values_;
  ValueText text_;
  absl::Status status_;
};

}  // namespace binlogd
