// Binary JSON. Input: 1 kind; 0: a document; 1: 2 length of a document, the document, differences to apply to it; 2:
// differences alone.
#include <cstdlib>
#include <cstring>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "binlog/json_binary.h"
#include "binlog/json_diff.h"
#include "tests/fuzz/fuzz_events.h"

namespace binlogd::fuzz {
namespace {

absl::Status AppendKind(uint8_t kind, FuzzInput* input, std::string* text) {
  if (kind % 3 == 0) return AppendJsonDocument(input->TakeRest(), text);
  if (kind % 3 == 2) return AppendJsonDifferences(input->TakeRest(), text);
  const absl::string_view document = input->TakePart();
  return AppendPatchedJson(document, input->TakeRest(), text);
}

}  // namespace
}  // namespace binlogd::fuzz

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace binlogd;
  fuzz::FuzzInput input(data, size);
  const uint8_t kind = input.TakeByte();
  std::string text;
  const absl::Status status = fuzz::AppendKind(kind, &input, &text);
  if (status.ok() ? !nlohmann::json::accept(text) : status.code() != absl::StatusCode::kDataLoss) std::abort();
  // Parts that overlap must not make a document grow without end.
  if (text.size() > 4096 + 128 * size) std::abort();
  return 0;
}
