// Runs the built binlogctl against a fake server.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/client/fake_server.h"
#include "tests/client/screen.h"
#include "tests/harness/subprocess.h"
#include "tests/harness/temp_dir.h"

namespace binlogd::testing {

class ClientTest : public ::testing::Test {
 protected:
  explicit ClientTest(const std::shared_ptr<grpc::ServerCredentials>& credentials = grpc::InsecureServerCredentials());

  // Runs "binlogctl ARGUMENTS" to its end; it finds the server through its environment.
  CommandResult Run(std::vector<std::string> arguments, const std::string& input = "");
  // Starts it.
  std::unique_ptr<Subprocess> Start(std::vector<std::string> arguments);
  // Starts it on a terminal of its own; `term` is the terminal's kind.
  std::unique_ptr<PseudoTerminal> StartOnTerminal(std::vector<std::string> arguments,
                                                  const std::string& term = "xterm") const;
  // Runs a line of bash, in which $binlogctl is the program.
  CommandResult Shell(const std::string& line);

  // Writes a file and returns its path.
  std::string File(const std::string& name, const std::string& text);
  // A stopped streamer with two targets; not yet on the server.
  static v1::Streamer MakeStreamer(const std::string& name);

  FakeServer server_;
  TempDir directory_;

 private:
  SubprocessOptions Options(std::vector<std::string> arguments) const;
};

}  // namespace binlogd::testing
