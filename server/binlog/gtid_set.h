// Sets of global transaction identifiers, in both dialects.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "binlog/flavor.h"

namespace binlogd {

// One transaction's identifier.
//   MySQL:   source = "uuid" or, since 8.3, "uuid:tag" (lower case); number = the sequence number.
//   MariaDB: domain, server_id and number.
struct Gtid {
  Flavor flavor = Flavor::kMySql;
  std::string source;
  uint32_t domain = 0;
  uint32_t server_id = 0;
  uint64_t number = 0;

  // "3e11fa47-…:5", "3e11fa47-…:tag:5" or "0-1-100".
  std::string ToString() const;
};

// A set of transactions. MySQL: intervals for each source; MariaDB: the last transaction of each domain, which stands
// for all before it in that domain. A value type; not thread-safe.
class GtidSet {
 public:
  explicit GtidSet(Flavor flavor = Flavor::kMySql) : flavor_(flavor) {}

  // The server's own text: "uuid:1-5:7,uuid:tag:1-3" (white space allowed) or "0-1-100,1-1-7". Empty text is the empty
  // set. INVALID_ARGUMENT names what is wrong: a bad UUID or tag, a reversed or zero interval, a domain that comes
  // twice.
  static absl::StatusOr<GtidSet> Parse(Flavor flavor, absl::string_view text);

  // The body of a PREVIOUS_GTIDS event (MySQL; also the encoding of COM_BINLOG_DUMP_GTID, both the untagged and the
  // tagged form).
  static absl::StatusOr<GtidSet> ParsePreviousGtids(absl::string_view body);
  // The body of a GTID_LIST event (MariaDB).
  static absl::StatusOr<GtidSet> ParseGtidList(absl::string_view body);

  // Adds one transaction. MariaDB: it becomes its domain's last, even when its number is less, as on a replica. Ignored
  // when it is anonymous or of the other flavor.
  void Add(const Gtid& gtid);
  // Adds every transaction of a set of the same flavor; MariaDB: the last of each of its domains.
  void Add(const GtidSet& other);
  // Whether the transaction is in the set. MariaDB: its number is at most that of its domain.
  bool Contains(const Gtid& gtid) const;
  // Whether every transaction of `other` is in this set.
  bool Contains(const GtidSet& other) const;

  // How many of this set's transactions are not in `other`. MariaDB: by the numbers of each domain's last.
  uint64_t CountMissingFrom(const GtidSet& other) const;

  bool empty() const { return intervals_.empty() && domains_.empty(); }
  Flavor flavor() const { return flavor_; }
  // Canonical text: sources and domains sorted, intervals merged, a source's tags after its UUID: "uuid:1-5:7:tag:1-3".
  std::string ToString() const;
  // MySQL only: the form that COM_BINLOG_DUMP_GTID takes; the tagged form only when a tag is present.
  std::string Encode() const;

  friend bool operator==(const GtidSet& a, const GtidSet& b) {
    return a.flavor_ == b.flavor_ && a.intervals_ == b.intervals_ && a.domains_ == b.domains_;
  }

 private:
  struct Last {
    uint32_t server_id = 0;
    uint64_t number = 0;
    friend bool operator==(const Last& a, const Last& b) { return a.server_id == b.server_id && a.number == b.number; }
  };
  absl::Status ParseSource(absl::string_view text);
  absl::Status ParseDomain(absl::string_view text);
  void AddInterval(const std::string& source, uint64_t first, uint64_t end);
  bool ContainsInterval(const std::string& source, uint64_t first, uint64_t end) const;

  Flavor flavor_;
  // source → first → end (exclusive); disjoint and not adjacent.
  std::map<std::string, std::map<uint64_t, uint64_t>> intervals_;
  std::map<uint32_t, Last> domains_;
};

}  // namespace binlogd
