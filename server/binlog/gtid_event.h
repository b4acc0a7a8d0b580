// The events that begin a transaction and name it.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlog/event_header.h"
#include "binlog/gtid_set.h"

namespace binlogd {

struct GtidEvent {
  Gtid gtid;                // number == 0 for an anonymous transaction.
  bool standalone = false;  // MariaDB: one statement follows, not a group up to its commit.
};

// `body` is the event without header and checksum; `header.type` one of kGtid, kAnonymousGtid, kTaggedGtid and
// kMariaDbGtid. DATA_LOSS when it is cut short.
//   kGtid:        1 flags, 16 source UUID, 8 number, …
//   kTaggedGtid:  MySQL's serialization format (mysql/serialization): fields by id; UUID, number and tag are read
//   kMariaDbGtid: 8 number, 4 domain, 1 flags (bit 0: standalone), …; the server id is the header's
absl::StatusOr<GtidEvent> ParseGtidEvent(const EventHeader& header, absl::string_view body);

}  // namespace binlogd
