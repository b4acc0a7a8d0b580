// Where transactions begin and end.
#pragma once

#include "binlog/event_header.h"
#include "binlog/gtid_event.h"
#include "binlog/statement.h"

namespace binlogd {

// The grammar, as far as boundaries need it:
//   file        = FORMAT_DESCRIPTION [PREVIOUS_GTIDS | GTID_LIST] { transaction | other } [ROTATE | STOP]
//   transaction = [GTID] ( standalone | group | TRANSACTION_PAYLOAD )
//   standalone  = statement | INCIDENT       (a DDL statement commits by itself)
//   statement   = { INTVAR | RAND | USER_VAR | file block } ( QUERY | EXECUTE_LOAD_QUERY | DELETE_FILE ) | rows
//   group       = "BEGIN" { statement } ( "COMMIT" | "ROLLBACK" | XID | XA_PREPARE )
// "XA START" and, from MySQL 8.0.21 on, "CREATE TABLE … START TRANSACTION" open a transaction as BEGIN does. MariaDB's
// GTID event says by a flag whether one statement follows or a group; then it takes the place of BEGIN. A file's end is
// always between transactions: what a crash has cut off was never committed.
class TransactionGrammar {
 public:
  // What an event means for the transaction.
  enum class Step {
    kNone,    // It neither begins nor ends one.
    kBegins,  // A GTID, BEGIN or the like: a transaction begins or goes on beginning.
    kEnds,    // The log is at a boundary after it.
    kBreaks,  // A file begins or ends: an open transaction, if any, was cut off.
  };

  // Starts between transactions, or inside one whose beginning was not seen.
  void Reset(bool inside) { state_ = inside ? State::kInside : State::kOutside; }

  Step TakeGtid(const GtidEvent& gtid);
  Step TakeStatement(StatementKind kind);
  // Any event but GTIDs and statements.
  Step TakeOther(EventType type);

  bool outside() const { return state_ == State::kOutside; }

 private:
  enum class State {
    kOutside,     // Between transactions.
    kGtid,        // After a GTID event: a statement or BEGIN must follow.
    kStandalone,  // One statement must follow: after a GTID event that says so (MariaDB), or after what belongs to it.
    kInside,      // After BEGIN.
  };

  Step End() {
    state_ = State::kOutside;
    return Step::kEnds;
  }

  State state_ = State::kOutside;
};

}  // namespace binlogd
