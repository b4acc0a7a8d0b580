// The forms in which a command gives its result.
#pragma once

#include <google/protobuf/message.h>

#include <string>
#include <vector>

#include "client/output.h"
#include "config/spec_print.h"

namespace binlogd {

enum class OutputFormat {
  // For a person.
  kTable,
  kJson,
  kYaml,
  // Names only, one a line; for completion and scripts.
  kName,
};

// Prints messages in the form that the user asked for. What a table shows is each command's own. Does not own the
// output. Not thread-safe.
class Printer {
 public:
  Printer(Output* output, OutputFormat format) : output_(output), format_(format) {}

  OutputFormat format() const { return format_; }
  bool table() const { return format_ == OutputFormat::kTable; }

  // One message as JSON or YAML. Not for kTable and kName.
  void Print(const google::protobuf::Message& message, UnsetFields unset);
  // Several: a JSON array, or YAML documents. Not for kTable and kName.
  void PrintAll(const std::vector<const google::protobuf::Message*>& messages, UnsetFields unset);
  // One of a stream of messages: a line of JSON, or a YAML document that begins with "---". Not for kTable and kName.
  void PrintNext(const google::protobuf::Message& message, UnsetFields unset);

 private:
  Output* const output_;
  const OutputFormat format_;
};

// Pointers to the elements of a repeated field, for PrintAll().
template <typename Messages>
std::vector<const google::protobuf::Message*> PointersTo(const Messages& messages) {
  std::vector<const google::protobuf::Message*> pointers;
  for (const auto& message : messages) pointers.push_back(&message);
  return pointers;
}

}  // namespace binlogd
