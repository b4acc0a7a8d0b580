#include "absl/strings/str_cat.h"
#include "base/byte_reader.h"
#include "base/status_macros.h"
#include "binlog/malformed.h"
#include "binlog/mariadb_compression.h"
#include "binlog/rows.h"

namespace binlogd {
namespace {

// How the events of a type are laid out.
struct RowsLayout {
  RowsEvent::Operation operation = RowsEvent::Operation::kWrite;
  bool has_extra_data = false;  // Version 2.
  bool compressed = false;
  bool partial_json = false;
};

bool FindLayout(EventType type, RowsLayout* layout) {
  using Operation = RowsEvent::Operation;
  switch (type) {
    case EventType::kWriteRowsV1: *layout = {Operation::kWrite, false, false, false}; return true;
    case EventType::kUpdateRowsV1: *layout = {Operation::kUpdate, false, false, false}; return true;
    case EventType::kDeleteRowsV1: *layout = {Operation::kDelete, false, false, false}; return true;
    case EventType::kWriteRows: *layout = {Operation::kWrite, true, false, false}; return true;
    case EventType::kUpdateRows: *layout = {Operation::kUpdate, true, false, false}; return true;
    case EventType::kDeleteRows: *layout = {Operation::kDelete, true, false, false}; return true;
    case EventType::kPartialUpdateRows: *layout = {Operation::kUpdate, true, false, true}; return true;
    case EventType::kMariaDbWriteRowsCompressedV1: *layout = {Operation::kWrite, false, true, false}; return true;
    case EventType::kMariaDbUpdateRowsCompressedV1: *layout = {Operation::kUpdate, false, true, false}; return true;
    case EventType::kMariaDbDeleteRowsCompressedV1: *layout = {Operation::kDelete, false, true, false}; return true;
    case EventType::kMariaDbWriteRowsCompressed: *layout = {Operation::kWrite, true, true, false}; return true;
    case EventType::kMariaDbUpdateRowsCompressed: *layout = {Operation::kUpdate, true, true, false}; return true;
    case EventType::kMariaDbDeleteRowsCompressed: *layout = {Operation::kDelete, true, true, false}; return true;
    default: return false;
  }
}

bool ReadBitmap(uint64_t column_count, ByteReader* reader, ColumnBitmap* bitmap) {
  absl::string_view bits;
  if (column_count > uint64_t{reader->remaining()} * 8 || !reader->ReadBytes((column_count + 7) / 8, &bits))
    return false;
  *bitmap = ColumnBitmap(bits);
  return true;
}

}  // namespace

bool IsRowsEvent(EventType type) {
  RowsLayout layout;
  return FindLayout(type, &layout);
}

// Layout: table id, 2 flags; version 2: 2 length of extra data, itself included, extra data; length-encoded number of
// columns; for each image a bit for each column that it carries; the images, MariaDB's compressed types: as one piece.
absl::Status ParseRowsEvent(EventType type, absl::string_view body, size_t table_id_size, RowsEvent* rows) {
  RowsLayout layout;
  if (!FindLayout(type, &layout)) return Malformed(absl::StrCat("a ", EventTypeName(type), " event has no rows"));
  rows->operation = layout.operation;
  rows->partial_json = layout.partial_json;
  rows->before_columns = ColumnBitmap();
  rows->after_columns = ColumnBitmap();
  ByteReader reader(body);
  const auto cut_short = [type] { return Malformed(absl::StrCat("a ", EventTypeName(type), " event is cut short")); };
  if (!reader.ReadUnsigned(table_id_size, &rows->table_id) || !reader.ReadU16(&rows->flags)) return cut_short();
  if (layout.has_extra_data) {
    constexpr uint16_t kLengthSize = 2;
    uint16_t length = 0;
    if (!reader.ReadU16(&length) || length < kLengthSize || !reader.Skip(length - kLengthSize)) return cut_short();
  }
  if (!reader.ReadLengthEncoded(&rows->column_count)) return cut_short();
  if (rows->operation != RowsEvent::Operation::kWrite &&
      !ReadBitmap(rows->column_count, &reader, &rows->before_columns)) {
    return cut_short();
  }
  if (rows->operation != RowsEvent::Operation::kDelete &&
      !ReadBitmap(rows->column_count, &reader, &rows->after_columns)) {
    return cut_short();
  }
  rows->images = reader.rest();
  if (layout.compressed) {
    rows->storage.clear();
    RETURN_IF_ERROR(UncompressMariaDb(rows->images, &rows->storage));
    rows->images = rows->storage;
  }
  return absl::OkStatus();
}

}  // namespace binlogd
