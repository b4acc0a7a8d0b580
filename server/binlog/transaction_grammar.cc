#include "binlog/transaction_grammar.h"

#include "binlog/rows.h"

namespace binlogd {

TransactionGrammar::Step TransactionGrammar::TakeGtid(const GtidEvent& gtid) {
  if (gtid.gtid.flavor == Flavor::kMySql) {
    state_ = State::kGtid;
  } else {
    state_ = gtid.standalone ? State::kStandalone : State::kInside;
  }
  return Step::kBegins;
}

TransactionGrammar::Step TransactionGrammar::TakeStatement(StatementKind kind) {
  switch (kind) {
    case StatementKind::kBegin:
    case StatementKind::kXaStart:
    case StatementKind::kCreateTableStartTransaction:
      // MariaDB's group logs XA START after its GTID; inside a group nothing begins.
      if (state_ == State::kInside) return Step::kNone;
      state_ = State::kInside;
      return Step::kBegins;
    case StatementKind::kCommit:
    case StatementKind::kRollback: return End();
    case StatementKind::kDefinition:
    case StatementKind::kOther: return state_ == State::kInside ? Step::kNone : End();
  }
  return Step::kNone;
}

TransactionGrammar::Step TransactionGrammar::TakeOther(EventType type) {
  switch (type) {
    case EventType::kXid:
    case EventType::kXaPrepare:
    case EventType::kTransactionPayload: return End();
    case EventType::kIncident: return state_ == State::kInside ? Step::kNone : End();
    case EventType::kFormatDescription:
    case EventType::kRotate:
    case EventType::kStop: state_ = State::kOutside; return Step::kBreaks;
    case EventType::kIntvar:
    case EventType::kRand:
    case EventType::kUserVar:
    case EventType::kBeginLoadQuery:
    case EventType::kAppendBlock:
      // They belong to the statement that follows.
      if (state_ != State::kOutside) return Step::kNone;
      state_ = State::kStandalone;
      return Step::kBegins;
    case EventType::kDeleteFile: return state_ == State::kInside ? Step::kNone : End();  // In place of the statement.
    default:
      // Rows need no BEGIN of their own to be inside a transaction.
      if (type == EventType::kTableMap || IsRowsEvent(type)) {
        const bool begins = state_ != State::kInside;
        state_ = State::kInside;
        return begins ? Step::kBegins : Step::kNone;
      }
      return Step::kNone;
  }
}

}  // namespace binlogd
