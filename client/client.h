// What every command has at hand.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "client/connection.h"
#include "client/output.h"
#include "client/printer.h"
#include "client/session.h"

namespace CLI {
class App;
}

namespace binlogd {

// The options that every command has.
struct GlobalOptions {
  ConnectionOptions connection;
  OutputFormat format = OutputFormat::kTable;
  // For each call that is not a stream.
  absl::Duration timeout = absl::Seconds(30);
};

// One run of binlogctl: its global options, its output and its server. A command adds its verb to the command line with
// a callback that hands its work to Do(). Not thread-safe.
class Client {
 public:
  explicit Client(Output* output) : output_(output) {}

  // Adds --server and what belongs to it, --output and --timeout.
  void AddGlobalOptions(CLI::App* app);

  // What is to be done once the whole command line is read. Only the last one given counts.
  void Do(std::function<absl::Status()> work) { work_ = std::move(work); }
  // Does it, and reports its failure. Returns whether all went well.
  bool Run();

  Output& output() { return *output_; }
  const GlobalOptions& options() const { return options_; }
  // Both are made at the first use and reflect the options as they are then.
  Printer& printer();
  Session& session();

  // Reports a failure after which the command goes on; the run as a whole has failed.
  void Fail(const absl::Status& status);
  // Of a command that compares: what it compared is not the same.
  void FoundDifference() { difference_ = true; }
  bool difference() const { return difference_; }

 private:
  Output* const output_;
  GlobalOptions options_;
  std::function<absl::Status()> work_;
  std::unique_ptr<Printer> printer_;
  std::unique_ptr<Session> session_;
  bool failed_ = false;
  bool difference_ = false;
};

}  // namespace binlogd
