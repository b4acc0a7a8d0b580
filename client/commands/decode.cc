#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "archive/log_paths.h"
#include "archive/log_summary.h"
#include "archive/log_verifier.h"
#include "base/error.h"
#include "base/status_macros.h"
#include "client/client.h"
#include "client/commands/commands.h"
#include "client/commands/verb.h"
#include "client/decode_files.h"
#include "client/filter_options.h"
#include "client/log_report.h"
#include "client/progress.h"

namespace binlogd {
namespace {

constexpr char kChecksumMismatch[] = "CHECKSUM_MISMATCH";

struct DecodeCommand {
  DecodeOptions options;
  std::vector<std::string> key_files;
  bool no_ddl = false;
  bool no_checksum = false;
  bool verify = false;
  bool summary = false;
};

// Adds an option whose text `read` turns into a value; it says "is not WHAT" when that fails.
template <typename Value, typename Read>
CLI::Option* AddParsed(CLI::App* verb, const std::string& name, const std::string& type, const std::string& description,
                       const std::string& what, Value* value, Read read) {
  return verb
      ->add_option_function<std::string>(
          name,
          [name, what, value, read](const std::string& word) {
            if (!read(word, value)) throw CLI::ValidationError(name, absl::StrCat("\"", word, "\" is not ", what));
          },
          description)
      ->type_name(type);
}

bool ReadPosition(const std::string& text, uint64_t* position) {
  return absl::SimpleAtoi(text, position) && *position >= kFirstEventOffset;
}

bool ReadGtidSet(const std::string& text, std::optional<GtidSet>* set) {
  for (const Flavor flavor : {Flavor::kMySql, Flavor::kMariaDb}) {
    absl::StatusOr<GtidSet> read = GtidSet::Parse(flavor, text);
    if (!read.ok() || read->empty()) continue;
    *set = *std::move(read);
    return true;
  }
  return false;
}

bool ReadFlavor(const std::string& text, std::optional<Flavor>* flavor) {
  if (text != "mysql" && text != "mariadb") return false;
  *flavor = text == "mysql" ? Flavor::kMySql : Flavor::kMariaDb;
  return true;
}

// As the option's help names a format, or as specs do.
bool ReadFormat(const std::string& text, EventFormat* format) {
  constexpr std::pair<absl::string_view, EventFormat> kFormats[] = {{"json", EventFormat::kJson},
                                                                    {"debezium", EventFormat::kDebeziumJson},
                                                                    {"maxwell", EventFormat::kMaxwellJson},
                                                                    {"canal", EventFormat::kCanalJson},
                                                                    {"protobuf", EventFormat::kProtobuf}};
  for (const auto& [name, named] : kFormats) {
    if (!absl::EqualsIgnoreCase(text, name) && !absl::EqualsIgnoreCase(text, EventFormatName(named))) continue;
    *format = named;
    return true;
  }
  return false;
}

void AddSelectionOptions(CLI::App* verb, LogSelection* selection) {
  constexpr char kTime[] = "a time such as \"2026-03-01 12:00:00\" (UTC) or 2026-03-01T12:00:00+02:00";
  constexpr char kSet[] = "a GTID set of MySQL (UUID:1-5) or MariaDB (0-1-100)";
  const auto position = [verb](const char* name, uint64_t* value, const char* description) {
    AddParsed(verb, name, "OFFSET", description, "an offset of 4 or more", value, ReadPosition);
  };
  const auto time = [verb, kTime](const char* name, std::optional<absl::Time>* value, const char* description) {
    AddParsed(verb, name, "TIME", description, kTime, value, ReadTime);
  };
  const auto set = [verb, kSet](const char* name, std::optional<GtidSet>* value, const char* description) {
    AddParsed(verb, name, "SET", description, kSet, value, ReadGtidSet);
  };
  position("--start-position", &selection->start_position, "From this offset of the first file on");
  position("--stop-position", &selection->stop_position, "Up to this offset of the last file");
  time("--start-datetime", &selection->start_time, "From the first transaction at or after this time on");
  time("--stop-datetime", &selection->stop_time, "Up to, and without, the first transaction at or after this time");
  set("--start-gtid", &selection->start_gtids, "From the first transaction that is not in this set on");
  set("--stop-gtid", &selection->stop_gtids, "Up to where the log contains all of this set");
  set("--include-gtids", &selection->include_gtids, "Only the transactions in this set");
  set("--exclude-gtids", &selection->exclude_gtids, "Without the transactions in this set");
}

absl::Status Verify(const DecodeCommand& command, Client* client) {
  LogVerifier verifier(command.options.file);
  Progress progress(command.options.paths);
  std::vector<v1::LogVerification> files;
  for (const std::string& path : command.options.paths) {
    const LogFinding finding = verifier.Verify(path, [&progress](const LogFileReader& file) { progress.Show(file); });
    progress.EndFile(path);
    progress.Clear();
    if (!finding.problem.ok()) client->Fail(finding.problem);
    files.push_back(ToProto(finding));
    if (!client->printer().table()) client->printer().PrintNext(files.back(), UnsetFields::kPrint);
    if (client->output().closed()) break;
  }
  if (client->printer().table()) client->output().Write(VerificationTable(files, client->output().colour()));
  return absl::OkStatus();
}

absl::Status Summarize(const DecodeCommand& command, Client* client) {
  Progress progress(command.options.paths);
  bool first = true;
  for (const std::string& path : command.options.paths) {
    LogSummary summary;
    const absl::Status status = SummarizeLog(
        path, command.options.file, [&progress](const LogFileReader& file) { progress.Show(file); }, &summary);
    progress.EndFile(path);
    progress.Clear();
    const v1::LogContents contents = ToProto(summary, status);
    if (client->printer().table()) {
      const std::string text = ContentsText(contents, client->output().colour());
      client->output().Write(absl::StrCat(first ? "" : "\n", text));
    } else {
      client->printer().PrintNext(contents, UnsetFields::kPrint);
    }
    first = false;
    if (!status.ok()) client->Fail(status);
    if (client->output().closed()) break;
  }
  return absl::OkStatus();
}

absl::Status Decode(DecodeCommand* command, Client* client) {
  std::vector<std::string> paths;
  for (const std::string& argument : command->options.paths) {
    ASSIGN_OR_RETURN(const std::vector<std::string> files, ExpandLogPath(argument));
    paths.insert(paths.end(), files.begin(), files.end());
  }
  command->options.paths = std::move(paths);
  command->options.filter.include_ddl = !command->no_ddl;
  command->options.file.check_checksums = !command->no_checksum;
  ASSIGN_OR_RETURN(command->options.file.keys, KeyRing::Load(command->key_files));
  if (command->verify) return Verify(*command, client);
  if (command->summary) return Summarize(*command, client);
  const absl::Status status = DecodeFiles(command->options, &client->output());
  if (ErrorReason(status) != kChecksumMismatch) return status;
  return MakeError(status.code(), kChecksumMismatch,
                   absl::StrCat(status.message(), ", or see with --no-checksum what it says all the same"));
}

}  // namespace

void AddDecode(CLI::App* app, Client* client) {
  auto command = std::make_shared<DecodeCommand>();
  DecodeOptions& options = command->options;
  CLI::App* verb = AddVerb(app, "decode", "Read binary log files, without a server");
  AddExample(verb, "binlogctl decode binlog.000007 --tables 'shop.*' --format json");
  AddInputFiles(verb, &options.paths,
                "Binary log files, plain, compressed by zstd or gzip, or encrypted by binlogd, in order; a folder of "
                "them, such as a RAW archive; - is standard input");
  AddParsed(verb, "--format", "json|debezium|maxwell|canal|protobuf", "Form of the events",
            "one of json, debezium, maxwell, canal, protobuf", &options.format, ReadFormat)
      ->default_str("json");
  AddFilterOptions(verb, &options.filter);
  AddGlobs(verb, "--exclude-databases", "Not of these databases", &options.filter.exclude_databases);
  AddGlobs(verb, "--exclude-tables", "Not of these tables, as database.table", &options.filter.exclude_tables);
  verb->add_flag("--no-ddl", command->no_ddl, "Without statements that define or change the schema");
  AddSelectionOptions(verb, &options.selection);
  CLI::Option* verify = verb->add_flag("--verify", command->verify,
                                       "Check that the files are whole and follow each other; -o says in which form");
  verb->add_flag("--summary", command->summary, "Show what the files hold, in numbers; -o says in which form")
      ->excludes(verify);
  verb->add_flag("--no-checksum", command->no_checksum, "Do not check the events' checksums");
  AddParsed(verb, "--flavor", "mysql|mariadb", "Whose logs they are; by default the files tell", "mysql or mariadb",
            &options.file.flavor, ReadFlavor);
  AddKeyFiles(verb, &command->key_files);
  verb->add_option("--source-name", options.encoder.source_name, "Name of the source, in the formats that tell one")
      ->type_name("NAME")
      ->default_str("decode");
  verb->add_option("--stdin-name", options.file.standard_input_name, "Name of the file on standard input")
      ->type_name("NAME")
      ->capture_default_str();
  options.encoder.source_name = "decode";
  verb->callback([command, client] { client->DoLocally([command, client] { return Decode(command.get(), client); }); });
}

}  // namespace binlogd
