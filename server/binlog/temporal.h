// Dates and times in the servers' binary forms, as text.
#pragma once

#include <cstdint>
#include <string>

#include "base/byte_reader.h"

namespace binlogd {

// Each reads one value and appends it as the server prints it; `digits` (0 to 6) is the number of digits of the
// fraction. Zero and partial dates come out as they are: "0000-00-00", "2024-00-00". False, with `out` untouched, when
// the value is cut short or is no date or time ("2024-13-01", 25 o'clock, more than 6 digits).

bool ReadDate(ByteReader* reader, std::string* out);                   // DATE
bool ReadTime(int digits, ByteReader* reader, std::string* out);       // TIME, MySQL 5.6.4+ form
bool ReadDatetime(int digits, ByteReader* reader, std::string* out);   // DATETIME, 5.6.4+ form
bool ReadTimestamp(int digits, ByteReader* reader, std::string* out);  // TIMESTAMP, 5.6.4+ form; UTC

// The forms before MySQL 5.6.4, which MariaDB still writes for tables made with mysql56_temporal_format=OFF.
bool ReadOldTime(ByteReader* reader, std::string* out);
bool ReadOldDatetime(ByteReader* reader, std::string* out);
bool ReadOldTimestamp(ByteReader* reader, std::string* out);  // UTC

// MariaDB's own forms with a fraction, for 1 to 6 digits, which such tables have too.
bool ReadMariaDbTime(int digits, ByteReader* reader, std::string* out);
bool ReadMariaDbDatetime(int digits, ByteReader* reader, std::string* out);
bool ReadMariaDbTimestamp(int digits, ByteReader* reader, std::string* out);  // UTC

// The packed 64-bit forms in JSON documents; always with 6 digits of fraction.
bool AppendPackedDate(uint64_t packed, std::string* out);
bool AppendPackedTime(uint64_t packed, std::string* out);
bool AppendPackedDatetime(uint64_t packed, std::string* out);

}  // namespace binlogd
