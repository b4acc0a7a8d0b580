// Finds the definitions of tables whose table maps do not tell all of their columns.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "binlog/event_filter.h"
#include "binlog/event_header.h"
#include "binlog/flavor.h"
#include "binlog/format_description.h"
#include "binlog/position.h"
#include "binlog/table_definition.h"
#include "binlog/table_map.h"
#include "binlog/table_versions.h"
#include "mysql/definition_source.h"
#include "pipeline/definition_file.h"

namespace binlogd {

// A definition is true for a table map at place p if the source tells it, with its log ending at e, and no statement
// between p and e may have touched the table. To know these statements the log is read ahead, once, over a second dump;
// only they are kept. From p on the definition stays in force until the reader meets a statement that may touch the
// table; then it is asked for again. Where the truth cannot be known there is no definition, and one warning.
//
// A statement that the log does not have (sql_log_bin=0) shows in a new table id: then the source is asked again.
//
// Used by the reader's thread.
class TableNamer {
 public:
  struct Options {
    std::string subject;  // For the log: the streamer's name.
    Flavor flavor = Flavor::kMySql;
    std::string path;                    // Of the file that keeps the definitions.
    bool saves = true;                   // Otherwise the file is another namer's, and only read.
    DefinitionSource* source = nullptr;  // Outlives the namer.
    bool targets_decode = false;
    FilterSpec filter;                                // Of the targets.
    std::function<bool()> tapped;                     // Whether anybody sees all events.
    std::function<Position()> durable;                // What is before it is not delivered again; empty: not known.
    std::atomic<uint64_t>* unnamed_tables = nullptr;  // Counts warnings; may be null.
  };
  explicit TableNamer(Options options);

  // Reading begins at `start` in `epoch`, targets that decode get what follows `deliver_from`. Takes up what was kept
  // of this epoch.
  void Begin(const Epoch& epoch, const Position& start, const Position& deliver_from);
  // Whether definitions are to be found for what stands at `at`.
  bool wanted(const Position& at) const;

  // A format description was read, of the file that stands or goes on in `file`.
  void TakeFormat(const std::string& file, const FormatDescription& format);
  // The event at `at` in the log, if it is a statement; others are passed over. `body` has neither header nor checksum.
  // Errors as Find.
  absl::Status TakeStatement(const Position& at, EventType type, absl::string_view body);

  // A table, and what decoders are to know of it.
  struct Found {
    bool lacks_definition = false;  // The table map does not tell all,
    bool wanted = false;            // and somebody gets the table's rows.
    TableName name;
    std::shared_ptr<const TableDefinition> definition;  // Null when it is not known.
  };
  // The definition for the table map at `at`; `log_created` is of its file. `table_id_size` as in ParseTableMap. Valid
  // until the next call. UNAVAILABLE when the source cannot be asked now; CANCELLED; DATA_LOSS for a malformed table
  // map.
  absl::StatusOr<const Found*> Find(const Position& at, uint32_t log_created, absl::string_view body,
                                    size_t table_id_size);

  // Everything before `end` was read and is about to be delivered: what it takes to name it again is made durable, now
  // and then or if there is news. A failure is only logged.
  void Save(const Position& end, bool now = false);

 private:
  // What was found for a table id, so that table maps that repeat cost little.
  struct Known {
    std::string body;
    uint64_t generation = 0;
    absl::Time retry_at = absl::InfiniteFuture();
    bool has_names = false;  // Only what else there is to know of the columns is sought.
    Found found;
  };

  // Tells the versions the statements between where they were observed and where reading began.
  absl::Status CatchUp();
  absl::Status Resolve(const Position& at, uint32_t log_created, const TableMap& table, Known* known);
  absl::Status Ask(const Position& at, uint32_t log_created, const TableMap& table, Known* known);
  absl::Status ReadAhead(const Position& at, uint32_t log_created, const Position& end);
  // The log speaks of the table under another id: asks whether it is as it was.
  absl::Status Verify(const Position& at, uint32_t log_created, const TableMap& table, Known* known);
  bool Concerns(const TableMap& table) const;
  void SetUnknown(const Position& at, std::optional<LogPlace> until, const std::string& why, Known* known);
  bool MayVerify();
  void DropAll();

  const Options options_;
  const EventFilter filter_;
  KeptDefinitions kept_;
  Position start_;
  Position deliver_from_;
  bool caught_up_ = true;  // kept_.observed is no longer behind the reader's start.
  StatementIndex ahead_;   // Statements between the reader and scanned_until_.
  Position scanned_until_;
  uint64_t generation_ = 1;  // Of what is known; a statement begins a new one.
  absl::flat_hash_map<uint64_t, Known> known_;
  absl::flat_hash_set<TableName> warned_;
  bool dirty_ = false;
  bool save_failed_ = false;
  bool saved_ = false;  // There is a file.
  absl::Time saved_at_ = absl::InfinitePast();
  absl::Time verify_window_ = absl::InfinitePast();
  int verified_in_window_ = 0;
};

}  // namespace binlogd
