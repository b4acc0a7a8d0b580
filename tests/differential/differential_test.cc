// Random tables and rows on real servers: what our decoder makes of their logs beside what they say themselves.
//
//   differential_test [--gtest_filter=*/mysql_9_7] [--values N] [--seed S]
//
// compares at least N values (100000) per server. A failure names its seed; the same seed makes the same statements.
#include <gtest/gtest.h>

#include <cstdint>
#include <iostream>
#include <random>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "tests/differential/comparer.h"
#include "tests/differential/dump_text.h"
#include "tests/differential/model.h"
#include "tests/differential/workload.h"
#include "tests/harness/test_arguments.h"
#include "tests/mysql/server_test.h"

namespace binlogd::testing {
namespace {

constexpr size_t kValuesOfRound = 30000;
constexpr char kDatabase[] = "differential";

absl::StatusOr<ServerTraits> ReadTraits(ServerKind kind, Connection* connection) {
  ServerTraits traits;
  traits.kind = kind;
  ASSIGN_OR_RETURN(const ResultSet charsets,
                   connection->Query("SELECT character_set_name, maxlen FROM information_schema.character_sets "
                                     "WHERE character_set_name <> 'binary' ORDER BY 1"));
  for (const ResultRow& row : charsets.rows) {
    traits.charsets.push_back({row[0].value_or(""), static_cast<size_t>(std::stoul(row[1].value_or("1")))});
  }
  return traits;
}

// What all sessions share, in turn: which metadata and checksums are logged, and whether events are compressed.
std::vector<std::string> GlobalSettings(const ServerTraits& traits, size_t turn) {
  const std::vector<std::string> metadata = traits.mysql()
                                                ? std::vector<std::string>{"FULL", "FULL", "MINIMAL"}
                                                : std::vector<std::string>{"FULL", "FULL", "MINIMAL", "FULL", "NO_LOG"};
  std::vector<std::string> settings = {
      absl::StrCat("SET GLOBAL binlog_row_metadata = ", metadata[turn % metadata.size()]),
      absl::StrCat("SET GLOBAL binlog_checksum = ", turn % 2 == 0 ? "CRC32" : "NONE")};
  if (!traits.mysql()) {
    settings.push_back(absl::StrCat("SET GLOBAL log_bin_compress = ", turn % 4 < 2 ? "OFF" : "ON"));
    settings.push_back("SET GLOBAL log_bin_compress_min_len = 10");
    settings.push_back(absl::StrCat("SET GLOBAL mysql56_temporal_format = ", traits.old_temporals ? "OFF" : "ON"));
  }
  return settings;
}

class DifferentialTest : public ServerTest {
 protected:
  struct Totals {
    size_t values = 0;
    size_t printed_values = 0;  // Compared with what the server's program prints.
    size_t statements = 0;
    size_t refused = 0;
    std::string refusals;
    std::map<std::string, size_t> seen;
  };

  void SetUp() override {
    ServerTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    connection_ = Connect();
    ASSERT_NE(connection_, nullptr);
    const absl::StatusOr<ServerTraits> traits = ReadTraits(GetParam(), connection_.get());
    ASSERT_OK(traits);
    traits_ = *traits;
  }

  absl::Status Run(const std::vector<std::string>& statements) {
    for (const std::string& statement : statements) RETURN_IF_ERROR(connection_->Query(statement).status());
    return absl::OkStatus();
  }

  // One database, from its first table to the comparison of all of them.
  absl::Status Round(size_t round, size_t values, Random* random, Totals* totals, Findings* findings) {
    traits_.old_temporals = !traits_.mysql() && round % 3 == 2;
    RETURN_IF_ERROR(Run(GlobalSettings(traits_, 2 * round)));
    RETURN_IF_ERROR(Run({"FLUSH BINARY LOGS", "CREATE DATABASE differential", "USE differential"}));
    const size_t first_file = server_->LogFiles().size() - 1;
    Workload workload(&traits_, connection_.get(), random);
    RETURN_IF_ERROR(Work(round, values, &workload));
    RETURN_IF_ERROR(Run({"FLUSH BINARY LOGS", "SET time_zone = '+00:00'", "SET sql_mode = 'ALLOW_INVALID_DATES'"}));
    LogModel model(server_->flavor(), kDatabase, &workload.tables(), findings);
    std::vector<std::string> files = server_->LogFiles();
    const std::string last = files.back().substr(files.back().rfind('/') + 1);
    files = {files.begin() + static_cast<std::ptrdiff_t>(first_file), files.end() - 1};
    for (const std::string& file : files) RETURN_IF_ERROR(model.ReadFile(file));
    // The program gives up at times in the old form.
    if (!traits_.old_temporals) {
      const absl::StatusOr<std::vector<DumpedImage>> dumped = DumpFiles(*server_, files);
      // Of some logs mysqlbinlog 9.7 itself dies (SIGSEGV): those are compared with SELECT alone.
      if (absl::IsAborted(dumped.status())) {
        std::cout << "round " << round << ": " << dumped.status().message() << std::endl;
      } else {
        RETURN_IF_ERROR(dumped.status());
        totals->printed_values += CompareDump(*dumped, model, findings);
      }
    }
    for (const GeneratedTable& table : workload.tables()) {
      ASSIGN_OR_RETURN(const size_t compared, CompareTable(table, model, connection_.get(), findings));
      totals->values += compared;
    }
    for (const auto& [what, count] : model.seen()) totals->seen[what] += count;
    totals->statements += workload.statements();
    totals->refused += workload.refused();
    totals->refusals = workload.RefusalReport();
    return Run({"DROP DATABASE differential", absl::StrCat("PURGE BINARY LOGS TO '", last, "'")});
  }

  absl::Status Work(size_t round, size_t values, Workload* workload) {
    RETURN_IF_ERROR(workload->CreateTables());
    constexpr size_t kSteps = 150;
    for (size_t part = 0; part < 2; ++part) {
      // Settings change in the middle of the log.
      if (part > 0) RETURN_IF_ERROR(Run(GlobalSettings(traits_, 2 * round + part)));
      RETURN_IF_ERROR(workload->Fill(values / 2));
      RETURN_IF_ERROR(workload->ChangeDocuments());
      for (size_t i = 0; i < kSteps; ++i) RETURN_IF_ERROR(workload->Step());
    }
    return absl::OkStatus();
  }

  // Kinds of row events that the log must have had.
  std::vector<std::string> Expected() const {
    if (mysql())
      return {"Write_rows",      "Update_rows", "Delete_rows", "Update_rows_partial", "in Transaction_payload",
              "JSON differences"};
    return {"Write_rows_v1", "Update_rows_v1", "Delete_rows_v1", "Write_rows_compressed_v1",
            "Update_rows_compressed_v1"};
  }

  ServerTraits traits_;
  std::unique_ptr<Connection> connection_;
};

TEST_P(DifferentialTest, EveryValueIsWhatTheServerSays) {
  const uint64_t wanted = NumberArgument("values", 100000);
  const uint64_t seed = NumberArgument("seed", std::random_device()());
  std::cout << "seed " << seed << std::endl;
  SCOPED_TRACE(absl::StrCat("run again with --seed ", seed));
  Random random(seed);
  Findings findings;
  Totals totals;
  for (size_t round = 0; totals.values < wanted; ++round) {
    const size_t before = totals.values;
    ASSERT_OK(Round(round, kValuesOfRound, &random, &totals, &findings)) << server_->LogTail();
    if (totals.values == before) break;
  }
  std::cout << totals.values << " values compared with SELECT and " << totals.printed_values
            << " with the server's program; of " << totals.statements << " statements the server refused "
            << totals.refused << ":\n"
            << totals.refusals << "row events:\n";
  for (const auto& [what, count] : totals.seen) std::cout << "  " << what << ": " << count << "\n";
  for (const std::string& what : Expected()) EXPECT_GT(totals.seen[what], 0u) << what;
  EXPECT_GE(totals.values, wanted);
  EXPECT_LT(totals.refused, totals.statements / 4);
  EXPECT_TRUE(findings.empty()) << findings.Report();
}

INSTANTIATE_TEST_SUITE_P(Servers, DifferentialTest,
                         ::testing::Values(ServerKind::kMySql97, ServerKind::kMariaDb1011, ServerKind::kMariaDb118),
                         ServerTestName);

}  // namespace
}  // namespace binlogd::testing
