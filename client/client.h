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

// The type of the option that names a context; completion goes by it.
inline constexpr char kContextType[] = "CONTEXT";

// The options that every command has.
struct GlobalOptions {
  std::string context;  // Empty: the one in use.
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

  // Adds --context, --server and what belongs to it, --output and --timeout.
  void AddGlobalOptions(CLI::App* app);

  // What is to be done once the whole command line is read. Only the last one given counts.
  void Do(std::function<absl::Status()> work);
  // As Do(), for what needs no server and so no context either.
  void DoLocally(std::function<absl::Status()> work) { work_ = std::move(work); }
  // Does it, and reports its failure. Returns whether all went well.
  bool Run();

  Output& output() { return *output_; }
  const GlobalOptions& options() const { return options_; }
  // The address of the server.
  const std::string& server() const { return options_.connection.server; }
  // Both are made at the first use and reflect the options as they are then.
  Printer& printer();
  Session& session();

  // Reports a failure after which the command goes on; the run as a whole has failed.
  void Fail(const absl::Status& status);
  // Of a command that compares: what it compared is not the same.
  void FoundDifference() { difference_ = true; }
  bool difference() const { return difference_; }

  // Takes what the options that say how the server is reached leave open from the context that --context names, or that
  // is in use. The latter is left alone when an option or the environment names a server: what belongs to one server,
  // its token most of all, is not for another.
  absl::Status UseContext();

 private:
  Output* const output_;
  CLI::App* app_ = nullptr;
  GlobalOptions options_;
  std::function<absl::Status()> work_;
  std::unique_ptr<Printer> printer_;
  std::unique_ptr<Session> session_;
  bool failed_ = false;
  bool difference_ = false;
};

}  // namespace binlogd
